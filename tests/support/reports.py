"""An installation with Jakarta's facts and the study's ratings as the bureau's own, for tests that ask for reports."""

from contextlib import asynccontextmanager
from pathlib import Path

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from tests.support.engines import NatsServer
from tests.support.installation import running_installation

STUDY = {"from": "2017-01-01", "to": "2020-12-31"}
LAST_DAY_OF_THE_STUDY = "2020-12-31"


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
    asked = {"to_": STUDY["to"], **STUDY, **parameters}
    asked.pop("to_")
    return await installation.get(f"/reports/v1/reports/{kind}.{form}", role, **asked)
