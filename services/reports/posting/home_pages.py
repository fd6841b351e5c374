"""The form by which a bureau changes what its home says of itself: name, language, letterhead, whether the public may read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.reports.posting.activity import compared
from services.reports.posting.desk import CheckPage, Desk, FormPage, data_sent, desk_of, stands, with_id
from services.reports.posting.fields import Data, label_of
from services.reports.posting.others import HINTS_OF_HOME, HOME, REASON, home_data, read_home_change, type_home
from shared.domain.access import Action, Principal
from shared.domain.events import HomeChanged, HomeFacts
from shared.domain.homes import changed_facts
from shared.web.forms import Filled, RequiresSignIn
from shared.web.principal import refuse_forgery
from shared.wire.problems import Fault, Problem

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
Changer = Annotated[Principal, Depends(RequiresSignIn(Action.CHANGE_HOME))]


@router.get("/home")
async def home_form(request: Request, changer: Changer) -> HTMLResponse:
    """Show what the home says of itself, to be changed."""
    desk = await desk_of(request, changer)
    return _home_page(desk).show(desk, type_home(_facts(desk), desk.words.language))


@router.post("/home")
async def check_home(request: Request, changer: Changer, filled: Filled) -> HTMLResponse:
    """Show what the home says of itself before and after, or the form again."""
    desk = await desk_of(request, changer)
    facts, page = _facts(desk), _home_page(desk)
    if filled.get("step") == "change":
        sent = data_sent(filled)
        typed = type_home(_changed(facts, sent), desk.words.language) | {"reason": str(sent["reason"])}
        return page.show(desk, {**typed, "event": filled.get("event", "")})
    data, problems = read_home_change(filled, facts)
    if problems:
        return page.show(desk, filled, problems)
    return _home_check(desk, facts, data).show(desk, with_id(filled))


def _home_page(desk: Desk) -> FormPage:
    words = desk.words
    return FormPage(
        title=words.say("What the home says of itself"),
        intro=words.say("It stands on pages and reports from now on; what was issued stays as it is."),
        crumb=("/record", words.say("Record an activity")),
        address="/home",
        fields=(*HOME, REASON),
        hints=HINTS_OF_HOME,
        explained={},
        button=words.say("Compare before and after"),
    )


def _home_check(desk: Desk, facts: HomeFacts, data: Data) -> CheckPage:
    words, after = desk.words, changed_facts(facts, data["changes"])
    closes = facts.released and not after.released
    return CheckPage(
        title=words.say("Check the change"),
        address="/home",
        type="home.changed",
        data=data,
        lines=[(label_of("reason", words), data["reason"])],
        compared=compared([home_data(facts), home_data(after)], HOME, words),
        columns=[words.say("Before"), words.say("After")],
        warning=words.say("Whoever has no account will see nothing any more.") if closes else "",
    )


def _facts(desk: Desk) -> HomeFacts:
    if desk.home is None:
        raise Fault(Problem(404, "unknown-home", "There is no such home.", "Ask an administrator to open it."))
    return desk.home.facts


def _changed(facts: HomeFacts, sent: Data) -> HomeFacts:
    """Return the facts with the changes that a page sends back; raise the 422 of what is none."""
    try:
        if stands(HomeChanged, sent):
            return changed_facts(facts, sent["changes"])
    except ValueError:
        pass
    raise Fault(Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again."))
