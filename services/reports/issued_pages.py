"""The pages of issued reports: which there are, and one of them with its hash, to be made again and compared."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.reports.asked import Kind
from services.reports.issued import Issued
from services.reports.issued_routes import Reader, compared, existing
from services.reports.issued_store import read_issued
from services.reports.pages import templates
from services.reports.report_pages import KIND_WORDS, clocks_kept
from shared.domain.access import Principal
from shared.projection.homes import read_home
from shared.web.homes import zone_of
from shared.web.pages import language_of, language_of_home, render
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Language, Words

MOST_SHOWN = 100

router = APIRouter(include_in_schema=False)


@router.get("/reports/issued")
async def issued_list(
    request: Request, reader: Reader, before: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> HTMLResponse:
    """Show the reports that were issued, the latest first."""
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    found = await read_issued(request.app.state.runtime.pool, reader, before=before, most=MOST_SHOWN + 1)
    zone = await zone_of(request, reader.home)
    lines = [_line(each, words, zone) for each in found[:MOST_SHOWN]]
    following = found[MOST_SHOWN - 1].position if len(found) > MOST_SHOWN else None
    return render(
        templates,
        "issued.html",
        request,
        words,
        kept=clocks_kept(request),
        home=home,
        reader=reader,
        topic="reports",
        lines=lines,
        following=following,
    )


@router.get("/reports/issued/{event_id}")
async def issued_one(request: Request, reader: Reader, event_id: UUID) -> HTMLResponse:
    """Show an issued report: who issued it when, what was asked, its hash."""
    return await _page(request, reader, await existing(request, reader, event_id), None)


@router.post("/reports/issued/{event_id}/again")
async def issued_again(request: Request, reader: Reader, event_id: UUID) -> HTMLResponse:
    """Make an issued report again and show how it compares."""
    fixed = await existing(request, reader, event_id)
    return await _page(request, reader, fixed, await compared(request, fixed))


async def _page(request: Request, reader: Principal, fixed: Issued, again: dict[str, Any] | None) -> HTMLResponse:
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    line = _line(fixed, words, await zone_of(request, reader.home))
    asked_home = {"home": reader.home} if request.query_params.get("home") else {}
    bytes_at = f"/reports/v1/issued/{fixed.event_id}/bytes" + (f"?{urlencode(asked_home)}" if asked_home else "")
    return render(
        templates,
        "issued_one.html",
        request,
        words,
        kept=clocks_kept(request),
        home=home,
        reader=reader,
        topic="reports",
        again=again,
        line=line,
        fixed=fixed,
        versions=sorted(fixed.versions.items()),
        bytes_at=bytes_at,
    )


def _line(fixed: Issued, words: Words, zone: ZoneInfo) -> dict[str, Any]:
    recorded = fixed.recorded_at.astimezone(zone)
    return {
        "id": fixed.event_id,
        "kind": words.say(KIND_WORDS[Kind(fixed.kind)]) if fixed.kind in set(Kind) else fixed.kind,
        "format": str(fixed.question.get("format", ""))[:10].upper(),
        "period": _period(fixed, words.language),
        "partnership": fixed.partnership,
        "author": fixed.author,
        "issued": f"{date_in_words(recorded.date(), words.language)}, {recorded:%H:%M}",
        "position": fixed.position,
    }


def _period(fixed: Issued, language: Language) -> str:
    """Return the period in words; as it was written where that is no period."""
    first, last = (str(fixed.question.get(each, "–"))[:40] for each in ("from", "to"))
    try:
        return f"{occurred_in_words(first, language)} – {occurred_in_words(last, language)}"
    except (ValueError, KeyError):
        return f"{first} – {last}"
