"""The pages of alerts and subscriptions: what was raised and who sees to it; one's own subscriptions and what became of them.

Each form does what a route of the API does, by the same functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

import shared.web.pages
from services.scoring import acknowledgements
from services.scoring.alert_routes import cursor_of, read_cursor, shown_alerts
from services.scoring.alerts import KeptAlert, read_alerts
from services.scoring.delivery import routes as delivery_routes
from services.scoring.delivery.mail import is_set_up
from services.scoring.delivery.matching import queries as delivery_queries
from services.scoring.feeds.asked import KINDS, id_of
from services.scoring.feeds.store import Place
from services.scoring.pages.forms import changes_asked, id_asked, note_asked, snooze_asked, subscription_asked
from services.scoring.pages.views import (
    IDS,
    KIND_WORDS,
    LABELS,
    ROW,
    abouts_of,
    alert_view,
    choices,
    delivery_view,
    filled_again,
    filled_in,
    partnership_name,
    row_of,
    subscription_view,
)
from services.scoring.subscriptions.decide import MOST_SUBSCRIPTIONS, Wish
from services.scoring.subscriptions.desk import Desk
from shared.domain.access import Action, Allowed, Principal, Subject, may, partnerships_of
from shared.domain.alerting import AlertKind
from shared.domain.amend import Partnership
from shared.domain.text import Slug
from shared.process.settings import Settings
from shared.projection.book_store import read_registry
from shared.projection.homes import read_home
from shared.web.forms import NEVER_STORED, Filled, Form, RequiresSignIn, wrong_of
from shared.web.homes import zone_of
from shared.web.pages import language_of, language_of_home, make_templates, render
from shared.web.principal import refuse_forgery
from shared.web.rules import Forbidden, requires
from shared.wire.problems import Fault, Problem
from shared.wire.sheet import sheet_of
from shared.words.words import Words

MOST_ALERTS, MOST_DELIVERIES = 30, 20
PROBLEMS_IN_WORDS = {
    **shared.web.pages.PROBLEMS_IN_WORDS,
    "invalid": "Something that was filled in cannot be taken as it stands. Go back and correct it.",
    "subscription-stands-otherwise": "This cannot be done with the subscription as it stands. Go back and look at it again.",
    "delivery-stands-otherwise": "This message cannot be sent again.",
    "unknown-subscription": "There is no such subscription of your own.",
    "unknown-delivery": "There is no such message to a subscription of your own.",
    "unknown-alert": "There is no such alert.",
    "unknown-acknowledgement": "There is nothing that you could take back.",
    "acknowledged-already": "Somebody else sees to this alert already.",
    "mail-not-set-up": "This installation sends no e-mail. Choose a webhook, or ask the administrator.",
}
PROBLEMS_AGAIN = {
    **PROBLEMS_IN_WORDS,
    "invalid": "Something that was filled in cannot be taken as it stands. Correct it below; nothing that you typed is lost.",
}
"""Where the form is shown again with what was typed."""

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
templates = make_templates(Path(__file__).parent / "templates")
Reader = Annotated[Principal, requires(Action.READ)]
Subscriber = Annotated[Principal, Depends(RequiresSignIn(Action.SUBSCRIBE))]
Acknowledger = Annotated[Principal, Depends(RequiresSignIn(Action.ACKNOWLEDGE))]


@dataclass(frozen=True, slots=True)
class Listed:
    """What was raised, the latest first, as it was asked for; `earlier` is the cursor of what comes before."""

    request: Request
    reader: Principal
    alerts: Sequence[KeptAlert]
    position: int
    earlier: str | None
    asked: Mapping[str, str | None]
    is_first: bool


async def listed(
    request: Request,
    reader: Reader,
    partnership: Annotated[Slug | Literal[""], Query()] = "",
    kind: AlertKind | Literal[""] = "",
    thresholds: bool = False,
    cursor: Annotated[str | None, Query(max_length=60)] = None,
) -> Listed:
    """Read what the page of alerts is about, and its data."""
    position = request.app.state.progress.checkpoint.position
    found = await read_alerts(
        request.app.state.runtime.pool,
        reader,
        up_to=position,
        before=read_cursor(cursor) if cursor else None,
        partnership=partnership or None,
        kinds=[kind] if kind else None,
        by_law_only=not thresholds,
        most=MOST_ALERTS + 1,
    )
    asked = {
        "partnership": partnership,
        "kind": kind.value if kind else None,
        "thresholds": "true" if thresholds else None,
    }
    page = found[:MOST_ALERTS]
    earlier = cursor_of(page[-1]) if len(found) > MOST_ALERTS else None
    return Listed(request, reader, page, position, earlier, asked, cursor is None)


AlertsListed = Annotated[Listed, Depends(listed)]


@router.get("/alerts")
async def alerts(listed: AlertsListed) -> HTMLResponse:
    """Show what was raised, the latest first, and who sees to it."""
    request, reader = listed.request, listed.reader
    words, zone = await _words_for(request, reader), await zone_of(request, reader.home)
    seen_to = await _seen_to(request, reader)
    site = _settings(request).site
    views = [alert_view(each, seen_to.get(each.alert), reader.account, zone, site, words) for each in listed.alerts]
    registry = await _registry(request, reader)
    return await _page(
        request,
        reader,
        "alerts.html",
        words,
        here={name: value for name, value in listed.asked.items() if value},
        live=_live(listed.position, listed.asked) if listed.is_first else None,
        twin="/scoring/v1/alerts",
        alerts=views,
        earlier=listed.earlier,
        partnerships=[(slug, partnership_name(each, words)) for slug, each in sorted(registry.items())],
        kinds=[(each.value, words.say(word)) for each, word in KIND_WORDS.items()],
        asked=listed.asked,
        may_acknowledge=_may(reader, Action.ACKNOWLEDGE),
        may_subscribe=_may(reader, Action.SUBSCRIBE),
    )


@router.get("/scoring/v1/alerts.json")
async def alerts_as_json(listed: AlertsListed) -> JSONResponse:
    """Answer the same as a document."""
    items = await shown_alerts(listed.request, listed.reader, listed.alerts)
    return JSONResponse({"items": items, "next": listed.earlier, "position": listed.position}, headers=NEVER_STORED)


@router.get("/scoring/v1/alerts.csv")
async def alerts_as_csv(listed: AlertsListed) -> Response:
    """Answer the same as rows."""
    rows = sheet_of(ROW, [row_of(each) for each in listed.alerts])
    return Response(rows, media_type="text/csv; charset=utf-8", headers=NEVER_STORED)


@router.post("/alerts/acknowledge")
async def acknowledge(request: Request, account: Acknowledger, form: Filled) -> Response:
    """Say that one sees to an alert, or take that back."""
    alert = id_asked(form, "alert")
    if form.get("take_back") == "yes":
        await acknowledgements.take_back(request, account, alert)
    else:
        await acknowledgements.acknowledge(request, account, alert, note_asked(form))
    return _back(request, "/alerts", "partnership", "kind", "thresholds")


@router.get("/subscriptions")
async def subscriptions(request: Request, subscriber: Subscriber, about: str | None = None) -> HTMLResponse:
    """Show one's own subscriptions, what failed, and the form for another; `about` fills that form."""
    return await _subscriptions_page(request, subscriber, about=about)


@router.post("/subscriptions")
async def subscribe(request: Request, subscriber: Subscriber, form: Filled) -> Response:
    """Subscribe; a webhook's secret is shown this once."""
    try:
        row, secret = await Desk(request, subscriber).subscribe(subscription_asked(form))
    except Forbidden:
        raise
    except Fault as fault:
        return await _subscriptions_page(request, subscriber, about=None, typed=form, problem=fault.problem)
    if secret is None:
        return _back(request, f"/subscriptions/{row['subscription']}")
    return await _subscription_page(request, subscriber, row["subscription"], secret=secret)


@router.get("/subscriptions/{subscription}")
async def subscription(request: Request, subscriber: Subscriber, subscription: UUID) -> HTMLResponse:
    """Show one subscription, what was sent to it and what can be done with it."""
    return await _subscription_page(request, subscriber, subscription)


@router.post("/subscriptions/{subscription}/change")
async def change(request: Request, subscriber: Subscriber, subscription: UUID, form: Filled) -> Response:
    """Keep what is to be another."""
    desk = Desk(request, subscriber)
    await desk.own(subscription)
    try:
        await desk.change(subscription, changes_asked(form))
    except Forbidden:
        raise
    except Fault as fault:
        return await _subscription_page(request, subscriber, subscription, typed=form, problem=fault.problem)
    return _back(request, f"/subscriptions/{subscription}")


@router.post("/subscriptions/{subscription}/pause")
async def pause(request: Request, subscriber: Subscriber, subscription: UUID, form: Filled) -> Response:
    """Send nothing until it is resumed, or send again."""
    desk = Desk(request, subscriber)
    await (desk.resume if form.get("resume") == "yes" else desk.pause)(subscription)
    return _back(request, f"/subscriptions/{subscription}")


@router.post("/subscriptions/{subscription}/sample")
async def sample(request: Request, subscriber: Subscriber, subscription: UUID) -> Response:
    """Send a made-up alert."""
    await Desk(request, subscriber).send_sample(subscription)
    return _back(request, f"/subscriptions/{subscription}")


@router.post("/subscriptions/{subscription}/secret")
async def new_secret(request: Request, subscriber: Subscriber, subscription: UUID) -> Response:
    """Draw another secret and show it, this once."""
    secret = await Desk(request, subscriber).new_secret(subscription)
    return await _subscription_page(request, subscriber, subscription, secret=secret)


@router.post("/subscriptions/{subscription}/snooze")
async def snooze(request: Request, subscriber: Subscriber, subscription: UUID, form: Filled) -> Response:
    """Tell nothing of a partnership for a while, or tell of it again."""
    await Desk(request, subscriber).snooze(subscription, snooze_asked(form))
    return _back(request, f"/subscriptions/{subscription}")


@router.post("/subscriptions/{subscription}/end")
async def end(request: Request, subscriber: Subscriber, subscription: UUID) -> Response:
    """End a subscription."""
    await Desk(request, subscriber).end(subscription)
    return _back(request, "/subscriptions")


@router.post("/subscriptions/{subscription}/again")
async def send_again(request: Request, subscriber: Subscriber, subscription: UUID, form: Filled) -> Response:
    """Let a delivery that has failed begin anew."""
    await delivery_routes.again(request, subscriber, id_asked(form, "delivery"))
    return _back(request, f"/subscriptions/{subscription}")


async def _subscriptions_page(
    request: Request,
    subscriber: Principal,
    *,
    about: str | None,
    typed: Form | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    desk, words = Desk(request, subscriber), await _words_for(request, subscriber)
    zone = await zone_of(request, subscriber.home)
    abouts = abouts_of(await _registry(request, subscriber), words)
    rows = await desk.listed("own", None, MOST_SUBSCRIPTIONS * 2)
    failed = delivery_queries.deliveries_of_account(
        desk.pool, home=subscriber.home, account=subscriber.account, state="failed", before=None, most=MOST_DELIVERIES
    )
    wish = filled_again(typed) if typed else filled_in(Wish(language=words.language))
    return await _page(
        request,
        subscriber,
        "subscriptions.html",
        words,
        subscriptions=[subscription_view(each, abouts, words) for each in rows if each["ended_at"] is None],
        failed=[(str(row["subscription"]), delivery_view(row, zone, words)) async for row in failed],
        abouts=abouts,
        chosen=about if about in dict(abouts) else wish.about,
        wish=wish,
        mails=is_set_up(_settings(request)),
        problem=problem,
        address=(typed or {}).get("address", ""),
        channel=(typed or {}).get("channel", ""),
        **choices(words),
    )


async def _subscription_page(
    request: Request,
    subscriber: Principal,
    subscription: UUID,
    *,
    secret: str | None = None,
    typed: Form | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    desk, words = Desk(request, subscriber), await _words_for(request, subscriber)
    row, zone = await desk.own(subscription), await zone_of(request, subscriber.home)
    registry = await _registry(request, subscriber)
    abouts = abouts_of(registry, words)
    sent = delivery_queries.deliveries_of_subscription(
        desk.pool, subscription=subscription, state=None, before=None, most=MOST_DELIVERIES
    )
    view = subscription_view(row, abouts, words)
    wish = filled_again(typed) if typed else view.wish
    return await _page(
        request,
        subscriber,
        "subscription.html",
        words,
        own=f"/subscriptions/{subscription}",
        subscription=view,
        deliveries_by_subscription=[(str(subscription), delivery_view(each, zone, words)) async for each in sent],
        partnerships=[(slug, partnership_name(each, words)) for slug, each in sorted(registry.items())],
        abouts=abouts,
        chosen=wish.about,
        wish=wish,
        secret=secret,
        problem=problem,
        today=(await desk.today()).isoformat(),
        **choices(words),
    )


async def _page(
    request: Request,
    reader: Principal,
    template: str,
    words: Words,
    problem: Problem | None = None,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    home = await read_home(request.app.state.runtime.pool, reader.home)
    said = PROBLEMS_AGAIN.get(problem.kind, "Something is wrong here. Try again in a moment.") if problem else ""
    page = render(
        templates,
        template,
        request,
        words,
        home=home,
        reader=reader,
        of_home=reader.home,
        topic="alerts",
        wrong=wrong_of(problem, said, LABELS, IDS, words) if problem else None,
        **values,
    )
    page.status_code = problem.status if problem else 200
    page.headers.update(NEVER_STORED)
    return page


async def _words_for(request: Request, reader: Principal) -> Words:
    home = await read_home(request.app.state.runtime.pool, reader.home)
    return Words(language_of(request, language_of_home(home)))


async def _registry(request: Request, reader: Principal) -> Mapping[str, Partnership]:
    """Return the partnerships that a reader may see."""
    own = partnerships_of(reader)
    registry = await read_registry(request.app.state.runtime.pool, reader.home)
    return {slug: each for slug, each in registry.items() if own is None or slug in own}


async def _seen_to(request: Request, reader: Principal) -> dict[UUID, Any]:
    """Return who has seen to what; the public is told nothing of accounts."""
    if not _may(reader, Action.SUBSCRIBE):
        return {}
    known = await acknowledgements.acknowledgements(request, reader)
    return {each.alert: each.model_dump() for each in known.items}


def _may(reader: Principal, action: Action) -> bool:
    return isinstance(may(reader, action, Subject(reader.home)), Allowed)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _live(position: int, asked: Mapping[str, str | None]) -> dict[str, str]:
    """Return where to listen for the alerts that come after those on the page."""
    wanted = {
        "last_event_id": id_of(Place.after(position)),
        "partnership": asked["partnership"],
        "kinds": asked["kind"],
        "thresholds": asked["thresholds"],
    }
    address = urlencode({name: value for name, value in wanted.items() if value})
    return {"address": f"/scoring/v1/alerts/stream?{address}", "events": " ".join(KINDS), "resume": "last_event_id"}


def _back(request: Request, path: str, *kept: str) -> Response:
    """Return to a page in the language in which its form was filled in, with what is kept of the address."""
    asked = [(name, request.query_params.get(name)) for name in ("lang", *kept)]
    query = urlencode([(name, value) for name, value in asked if value])
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=303, headers=NEVER_STORED)
