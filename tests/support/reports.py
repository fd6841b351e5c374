"""An installation with Jakarta's facts and the study's ratings as the bureau's own, for tests that ask for reports."""

import io
import random
import zipfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pypdf import PdfReader

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from services.reports.asked import Kind
from services.reports.render.formats import Format
from shared.domain.codes import Direction, Indicator
from tests.support.engines import NatsServer
from tests.support.installation import running_installation

STUDY = {"from": "2017-01-01", "to": "2020-12-31"}
LAST_DAY_OF_THE_STUDY = "2020-12-31"
SOME = ["hanoi", "paris", "pyongyang", "shanghai"]
"""Partnerships about which more is posted, all of it of 2021: the study's period stays as it is."""


def official_events() -> list[dict]:
    """The ratings that the study published, as the bureau would set them."""
    return [
        {
            "type": "rating.set",
            "data": {
                "partnership": slug,
                "rating": rating,
                "reason": "Sebagaimana diterbitkan dalam studi 2017-2020",
                "valid_from": LAST_DAY_OF_THE_STUDY,
            },
        }
        for slug, rating in published_ratings(JAKARTA).items()
    ]


@asynccontextmanager
async def jakarta_with_the_study(server: NatsServer, dsn: str, folder: Path):
    """A running installation with the facts and the official ratings."""
    async with running_installation(server, dsn, folder) as running:
        events = [*partnership_events(JAKARTA), *activity_events(JAKARTA), *official_events()]
        answer = await running.post_batch(events)
        assert answer.status_code == 201, answer.text
        yield running


async def report_of(installation, kind: str, form: str = "json", role: str | None = "bureau", **parameters: str):
    """Ask for a report over the study's period, unless another is named."""
    return await installation.get(f"/reports/v1/reports/{kind}.{form}", role, **{**STUDY, **parameters})


@dataclass
class Marked:
    """What was posted beside the facts, each event with a text of its own: in the order of the ledger, with its moment."""

    posted: list[tuple[str, str]] = field(default_factory=list)

    def later_than(self, known: str) -> list[str]:
        """Return the texts of the events that were recorded after a moment."""
        return [text for moment, text in self.posted if moment > known]


async def post_marked(installation, chance: random.Random, count: int) -> Marked:
    """Post that many activities, corrections and retractions of 2021 at random, each with a text that no other has."""
    marked, standing = Marked(), []
    for number in range(count):
        text = f"Penanda{number:03}Unik"
        kind = chance.choice(["recorded", "recorded", "recorded", "corrected", "retracted", "judged"])
        if kind == "recorded" or not standing:
            receipt = await _posted(installation, "activity.recorded", _an_activity(chance, text))
            standing.append(receipt["event_id"])
        elif kind == "corrected":
            changes = {"title": {"id": text, "en": text}, "occurred": f"2021-{chance.randrange(1, 13):02}"}
            data = {"activity": chance.choice(standing), "changes": changes, "reason": text}
            receipt = await _posted(installation, "activity.corrected", data)
        elif kind == "retracted":
            data = {"activity": standing.pop(chance.randrange(len(standing))), "reason": text}
            receipt = await _posted(installation, "activity.retracted", data)
        else:
            data = {"partnership": chance.choice(SOME), "rating": "aktif", "reason": text, "valid_from": "2021-01-01"}
            receipt = await _posted(installation, "rating.set", data)
        marked.posted.append((receipt["recorded_at"], text))
    return marked


def _an_activity(chance: random.Random, text: str) -> dict:
    return {
        "partnership": chance.choice(SOME),
        "indicator": chance.choice(list(Indicator)).value,
        "occurred": f"2021-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "direction": chance.choice(list(Direction)).value,
        "outcome": chance.choice(["held", "held", "held", "planned", "declined"]),
        "title": {"id": text, "en": text},
        "place": text,
        "evidence": [{"hash": f"sha256:{0:064}", "media_type": "application/pdf", "size": 1, "title": text}],
    }


async def _posted(installation, event_type: str, data: dict) -> dict:
    answer = await installation.post(event_type, data)
    assert answer.status_code == 201, answer.text
    return answer.json()


def made_as(kind: Kind) -> list[Format]:
    """The formats that a kind is made in: only aid is told as IATI."""
    return [each for each in Format if each is not Format.XML or kind is Kind.AID]


def text_in(content: bytes) -> str:
    """Return all text in a file: of a workbook or a text document that of its parts, of a PDF also what is attached."""
    if content.startswith(b"%PDF"):
        document = PdfReader(io.BytesIO(content))
        attached = [each for contents in document.attachments.values() for each in contents]
        pages = "\n".join(page.extract_text() for page in document.pages)
        return "\n".join([pages, *(each.decode("utf-8", "replace") for each in attached)])
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
