"""The feeds that programs fetch now and then: alerts as Atom, what lies ahead as iCalendar."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from services.scoring.feeds.asked import Kinds, Lang, OnePartnership, Thresholds
from services.scoring.feeds.atom import Feed, Pages, pages_of, write_feed
from services.scoring.feeds.calendar import calendar_of
from services.scoring.feeds.conditional import answer_feed
from services.scoring.feeds.store import Wanted, count_alerts, read_ahead, read_alerts_from, wanted_by
from services.scoring.feeds.telling import entry_of
from services.scoring.store import is_registered
from shared.domain.access import Action, Principal, partnerships_of
from shared.domain.text import Slug
from shared.process.clock import now
from shared.process.settings import Settings
from shared.projection.homes import read_home
from shared.web.rules import RequiresInPath
from shared.wire.problems import Fault, Problem
from shared.words.words import Words

ATOM, CALENDAR = "application/atom+xml", "text/calendar"
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as the reader has it"}}

router = APIRouter(prefix="/feeds", tags=["feeds"])
Reader = Annotated[Principal, Depends(RequiresInPath(Action.READ))]
Archive = Annotated[
    int | None, Query(ge=1, le=10**9, description="Older alerts: an archive of the feed, as it links to it")
]


def answers(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Return what a feed answers, for the OpenAPI document."""
    sent = {"description": "The feed", "content": {media_type: {"schema": {"type": "string"}}}}
    return {200: sent, **UNCHANGED}


@router.get("/{home}/alerts.atom", response_class=Response, responses=answers(ATOM))
async def alerts_of_home(
    request: Request,
    reader: Reader,
    kinds: Kinds,
    thresholds: Thresholds = False,
    lang: Lang = "id",
    archive: Archive = None,
) -> Response:
    """Answer the alerts of a home as an Atom feed: the newest fifty, and by its links all before them."""
    wanted = wanted_by(reader, None, kinds, by_law_only=not thresholds)
    return await _atom(request, wanted, Words(lang), archive)


@router.get("/{home}/partnerships/{partnership}.atom", response_class=Response, responses=answers(ATOM))
async def alerts_of_partnership(
    request: Request,
    reader: Reader,
    partnership: Slug,
    kinds: Kinds,
    thresholds: Thresholds = False,
    lang: Lang = "id",
    archive: Archive = None,
) -> Response:
    """Answer the alerts of one partnership as an Atom feed."""
    await _refuse_unknown(request, reader, partnership)
    wanted = wanted_by(reader, partnership, kinds, by_law_only=not thresholds)
    return await _atom(request, wanted, Words(lang), archive)


@router.get("/{home}/calendar.ics", response_class=Response, responses=answers(CALENDAR))
async def calendar(request: Request, reader: Reader, partnership: OnePartnership = None, lang: Lang = "id") -> Response:
    """Answer what lies ahead as iCalendar: falls, dormancy, what expires, what is planned, each as a whole day.

    Of all partnerships in force, or of one. An entry keeps its id when its day moves.
    """
    if partnership is not None:
        await _refuse_unknown(request, reader, partnership)
    ahead = await read_ahead(request.app.state.runtime.pool, reader, partnership)
    words, settings = Words(lang), _settings(request)
    title = words.say("Kembar: days ahead, %(home)s", home=await _name_of(request, reader.home, words))
    made_of = [title, settings.site, lang, [(each.slug, each.position, each.on) for each in ahead]]
    changed_at = max((each.recorded_at for each in ahead), default=None)

    def write() -> bytes:
        return calendar_of(reader.home, title, ahead, settings.site, words)

    return await answer_feed(request, made_of, CALENDAR, changed_at, now(), write)


async def _atom(request: Request, wanted: Wanted, words: Words, archive: int | None) -> Response:
    assert wanted.home is not None
    pool, until = request.app.state.runtime.pool, request.app.state.progress.checkpoint.position
    pages = pages_of(await count_alerts(pool, wanted, until), archive)
    if pages is None:
        raise Fault(NO_SUCH_ARCHIVE)
    alerts = await read_alerts_from(pool, wanted, until, pages.first, pages.most)
    site, feed = _settings(request).site, await _feed(request, wanted, words, pages)
    made_of = [feed.title, feed.links, [each.place.alert for each in alerts]]
    changed_at = max((each.raised_at for each in alerts), default=None)

    def write() -> bytes:
        return write_feed(replace(feed, entries=[entry_of(each, words, site) for each in alerts]))

    return await answer_feed(request, made_of, ATOM, changed_at, now(), write)


async def _feed(request: Request, wanted: Wanted, words: Words, pages: Pages) -> Feed:
    """Return the feed without its entries."""
    assert wanted.home is not None
    name = await _name_of(request, wanted.home, words)
    about = f"{name}: {wanted.partnership}" if wanted.partnership else name
    kinds = ",".join(sorted(wanted.kinds)) if wanted.kinds else "all"
    page = f"/partnerships/{wanted.partnership}" if wanted.partnership else "/alerts"
    return Feed(
        home=wanted.home,
        name=f"{wanted.partnership or 'alerts'}/{words.language}/{kinds}/{'by-law' if wanted.by_law_only else 'thresholds'}",
        title=words.say("Kembar: alerts, %(about)s", about=about),
        author=name,
        language=words.language,
        links=[("alternate", f"{_settings(request).site}{page}"), *_links(request, pages)],
        is_archive=pages.archive is not None,
        entries=(),
    )


def _links(request: Request, pages: Pages) -> list[tuple[str, str]]:
    """Return where the other documents of a feed are: archives that stay (RFC 5005, 4), also as plain pages (3)."""
    links = [("self", _address(request, pages.archive))]
    if pages.archive is not None:
        links.append(("current", _address(request, None)))
    for archive, relations in ((pages.before, ("prev-archive", "next")), (pages.after, ("next-archive", "previous"))):
        if archive is not None:
            links += [(relation, _address(request, archive)) for relation in relations]
    return links


def _address(request: Request, archive: int | None) -> str:
    asked = {name: value for name, value in request.query_params.items() if name in ("kinds", "thresholds", "lang")}
    query = urlencode(asked | ({"archive": str(archive)} if archive is not None else {}))
    return f"{_settings(request).site}{request.url.path}{'?' if query else ''}{query}"


async def _name_of(request: Request, home: str, words: Words) -> str:
    found = await read_home(request.app.state.runtime.pool, home)
    if found is None:
        return home
    name = found.facts.name
    return (name.id or name.en if words.language == "id" else name.en or name.id) or home


async def _refuse_unknown(request: Request, reader: Principal, partnership: str) -> None:
    own = partnerships_of(reader)
    if own is not None and partnership not in own:
        raise Fault(_unknown(partnership))
    if not await is_registered(request.app.state.runtime.pool, reader.home, partnership):
        raise Fault(_unknown(partnership))


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _unknown(partnership: str) -> Problem:
    title = f"There is no partnership “{partnership}”."
    return Problem(404, "unknown-partnership", title, "See /scoring/v1/ratings for those that are in force.")


NO_SUCH_ARCHIVE = Problem(
    status=404,
    kind="unknown-archive",
    title="There is no such archive of this feed.",
    remedy="Follow the links of the feed itself, which lead to all that there are.",
)
