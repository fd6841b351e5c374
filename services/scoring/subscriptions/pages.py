"""The pages that a mail leads to: confirm a subscription, end one. Looking changes nothing; a button, or one click, does.

Whoever has the key in the address may: no session is asked for, and no origin, as RFC 8058 has it. The key stands in
messages to that address only.
"""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.scoring.delivery.deliver import hint_at_deliveries
from services.scoring.subscriptions import store
from services.scoring.subscriptions.desk import key_of
from services.scoring.subscriptions.store import state_of
from shared.web.pages import language_of, make_templates, render
from shared.web.rules import open_at_a_rate
from shared.words.words import Words

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_at_a_rate)])
templates = make_templates(Path(__file__).parent / "templates")
Key = Annotated[str, Query(max_length=100)]
SAID = {
    "confirm": "Do you want to get these alerts at your address?",
    "confirmed": "Your address is confirmed. Each message has a link that ends the subscription.",
    "end": "Do you want to get no more alerts of this subscription?",
    "ended": "The subscription has ended. Nothing more is sent, and your address is forgotten.",
    "unknown": "This link leads to no subscription. It may be too old: a subscription that nobody confirms is forgotten "
    "after three days.",
}
BUTTONS = {"confirm": "Confirm", "end": "End the subscription"}


@router.get("/subscriptions/confirm")
async def ask_to_confirm(request: Request, key: Key = "") -> HTMLResponse:
    """Show the button that confirms."""
    row = await key_of(request.app.state.runtime.pool, key)
    state = state_of(row) if row is not None else "unknown"
    shown = {"unconfirmed": "confirm", "active": "confirmed", "paused": "confirmed"}.get(state, state)
    return _page(request, key, shown)


@router.post("/subscriptions/confirm")
async def confirm(request: Request, key: Key = "") -> HTMLResponse:
    """Confirm."""
    pool = request.app.state.runtime.pool
    row = await key_of(pool, key)
    if row is not None and await store.confirm(pool, row["subscription"], request.app.state.clock()):
        await hint_at_deliveries(pool)
    row = await key_of(pool, key)
    state = state_of(row) if row is not None else "unknown"
    return _page(request, key, {"active": "confirmed", "paused": "confirmed", "ended": "ended"}.get(state, "unknown"))


@router.get("/subscriptions/end")
async def ask_to_end(request: Request, key: Key = "") -> HTMLResponse:
    """Show the button that ends a subscription."""
    row = await key_of(request.app.state.runtime.pool, key)
    shown = "unknown" if row is None else "ended" if row["ended_at"] is not None else "end"
    return _page(request, key, shown)


@router.post("/subscriptions/end")
async def end(request: Request, key: Key = "") -> HTMLResponse:
    """End a subscription; ended again, it stays so."""
    pool = request.app.state.runtime.pool
    row = await key_of(pool, key)
    if row is None:
        return _page(request, key, "unknown")
    async with pool.acquire() as connection, connection.transaction():
        now = request.app.state.clock()
        await store.end_subscription(connection, row["subscription"], "ended by the link in a message", now)
    return _page(request, key, "ended")


def _page(request: Request, key: str, shown: str) -> HTMLResponse:
    words = Words(language_of(request))
    page = render(
        templates,
        "link.html",
        request,
        words,
        here={"key": key},
        said=words.say(SAID[shown]),
        button=words.say(BUTTONS[shown]) if shown in BUTTONS else None,
        key=key,
    )
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"  # the address holds the key
    page.status_code = 404 if shown == "unknown" else 200
    return page
