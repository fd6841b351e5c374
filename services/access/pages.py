"""The pages of access: sign in and out, one's own account, the people of a home, the audit trail. They work without scripts."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

import shared.web.pages
from services.access import routes, store
from services.access.asking import AtTheDesk, From, desk_of, give_cookie, take_cookie
from services.access.decide import Membership, TokenAsked, is_administrator, may_read_audit, not_allowed, safe_next
from services.access.desk import SignedIn
from services.access.provider import RETURN_PATH, ProviderAway, address_of_site
from services.access.store import queries
from services.access.views import (
    ROLE_WORDS,
    audit_lines,
    person_lines,
    role_choices,
    scope_choices,
    session_lines,
    token_lines,
)
from shared.domain.access import Action, Principal, Role
from shared.domain.credentials import Refused
from shared.process.settings import Settings
from shared.web.forms import (
    LARGEST_CARRIED_BYTES,
    NEVER_STORED,
    SIGN_IN_AGAIN,
    Filled,
    Form,
    ReadsForm,
    RequiresSignIn,
    wrong_of,
)
from shared.web.pages import language_of, make_templates, render
from shared.web.principal import principal_of, refuse_forgery
from shared.web.rules import open_at_a_rate
from shared.wire.problems import Fault, Problem
from shared.words.words import LANGUAGES, Words

VISIT_COOKIE_WITH_TLS, VISIT_COOKIE_WITHOUT = "__Host-kembar-visit", "kembar-visit"
VISIT_SECONDS = 900
PROBLEMS_IN_WORDS = {
    **shared.web.pages.PROBLEMS_IN_WORDS,
    "invalid": "Something that was filled in cannot be taken as it stands. Go back and correct it.",
}
CORRECT = "Something that was filled in cannot be taken as it stands. Correct it below; nothing that you typed is lost."
LABELS = {
    "label": "What for",
    "days": "Days until it expires",
    "scopes": "It may at most (nothing chosen: all that the role may)",
    "program": "The program's name",
    "role": "Role",
    "partnerships": "An embassy's partnerships",
    "name": "Name",
    "shown_name": "Name",
    "language": "Language",
}
"""What the fields of the forms are called, by their names in the API."""
IDS = {"label": "label", "days": "days", "program": "program", "name": "shown-name", "shown_name": "shown-name"}
REFUSALS_IN_WORDS = {
    "too-many": "Too many attempts failed. Wait a quarter of an hour, or ask an administrator for a one-time link.",
    "wrong": "Name and password do not fit, or the account is closed. Check both, or ask an administrator for a one-time link.",
    "provider": "The identity provider's answer was not accepted, or nobody has given you a role here. Try again, or ask an "
    "administrator.",
    "link": "This link was used already, has expired, or was replaced by a newer one. Ask an administrator for another.",
    "name": "This name cannot be used: it has 3 to 80 letters, digits, dots or hyphens, and nobody else has it.",
    "password": "The password needs 12 characters or more, and must not be easily guessed.",
}

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
templates = make_templates(Path(__file__).parent / "templates")


Somebody = Annotated[Principal, Depends(RequiresSignIn(Action.KEEP_OWN_ACCESS))]
OPEN = [Depends(open_at_a_rate)]
Carried = Annotated[Form, Depends(ReadsForm(LARGEST_CARRIED_BYTES, most_fields=1_010))]
CARRIED = "carried."
"""What stands before the names of the fields of another form, which a page of signing in holds meanwhile."""


@router.get("/sign-in", dependencies=OPEN)
async def sign_in_form(request: Request, next: str | None = None) -> HTMLResponse:
    """Show where to sign in."""
    return _sign_in_page(request, safe_next(next), None)


@router.post(SIGN_IN_AGAIN, dependencies=OPEN)
async def sign_in_again(request: Request, typed: Carried, next: str | None = None) -> HTMLResponse:
    """Show where to sign in to whoever sent a form when the session had ended; the page holds what was typed."""
    page = _sign_in_page(request, safe_next(next), None, typed)
    page.status_code = 401
    return page


@router.post("/sign-in", dependencies=OPEN)
async def sign_in(request: Request, desk: AtTheDesk, visitor: From, form: Carried) -> Response:
    """Sign in by name and password; then the page that was wanted is shown, or the form that was held is there to be sent."""
    _refuse_unsafe(request)
    held = {name.removeprefix(CARRIED): value for name, value in form.items() if name.startswith(CARRIED)}
    signed_in = await desk.sign_in(
        form.get("name", ""), form.get("password", "")[:1000], visitor, form.get("next", "/")
    )
    if isinstance(signed_in, Refused):
        too_many = signed_in is Refused.TOO_MANY
        page = _sign_in_page(request, safe_next(form.get("next")), "too-many" if too_many else "wrong", held)
        page.status_code = 429 if too_many else 401
        return page
    return _send_on(request, signed_in, held) if held else _go_on(request, signed_in)


@router.get("/sign-in/provider", dependencies=OPEN)
async def go_to_provider(request: Request, desk: AtTheDesk, next: str | None = None) -> Response:
    """Send the browser to the identity provider."""
    try:
        address, browser = await desk.go_to_provider(next)
    except ProviderAway as error:
        raise Fault(_provider_away(error)) from error
    settings: Settings = request.app.state.settings
    response = RedirectResponse(address, status_code=303, headers=NEVER_STORED)
    response.set_cookie(
        _visit_cookie(settings),
        browser,
        max_age=VISIT_SECONDS,
        path="/",
        secure=settings.has_tls,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(RETURN_PATH, dependencies=OPEN)
async def come_back(
    request: Request, desk: AtTheDesk, visitor: From, state: str = "", code: str | None = None, iss: str | None = None
) -> Response:
    """Take back whom the identity provider sends."""
    settings: Settings = request.app.state.settings
    browser = request.cookies.get(_visit_cookie(settings))
    try:
        signed_in = await desk.come_back_from_provider(state, code, iss, browser, visitor)
    except ProviderAway as error:
        raise Fault(_provider_away(error)) from error
    if isinstance(signed_in, SignedIn):
        response = _go_on(request, signed_in)
    else:
        response = _sign_in_page(request, "/", "provider")
        response.status_code = 401
    response.delete_cookie(_visit_cookie(settings), path="/", secure=settings.has_tls, httponly=True, samesite="lax")
    return response


@router.get("/sign-in/link", dependencies=OPEN)
async def link_form(request: Request, desk: AtTheDesk, key: str = "") -> HTMLResponse:
    """Show where to choose a password; looking at the page does not use the link up."""
    _refuse_unsafe(request)
    return await _link_page(request, desk, key, "", None)


@router.post("/sign-in/link", dependencies=OPEN)
async def use_link(request: Request, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Set the password that was chosen, and sign in."""
    _refuse_unsafe(request)
    key, name = form.get("key", ""), form.get("name", "")
    signed_in = await desk.set_password(key, name, form.get("password", "")[:1000], visitor)
    if isinstance(signed_in, SignedIn):
        return _go_on(request, signed_in)
    page = await _link_page(request, desk, key, name, signed_in[0].field if signed_in else None)
    page.status_code = 422 if signed_in else 410
    return page


@router.get("/sign-out")
async def sign_out_form(request: Request, asker: Somebody) -> HTMLResponse:
    """Ask whether to sign out here or everywhere."""
    return _page(request, "sign_out.html")


@router.post("/sign-out", dependencies=OPEN)
async def sign_out(request: Request, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Sign out, here or everywhere."""
    asker = await principal_of(request)
    if asker is not None:
        await desk.sign_out(asker, visitor, everywhere=form.get("everywhere") == "yes")
    response = RedirectResponse("/", status_code=303, headers=NEVER_STORED)
    take_cookie(response, request)
    return response


@router.get("/account")
async def account(request: Request, asker: Somebody, desk: AtTheDesk) -> HTMLResponse:
    """Show who one is, one's tokens and sessions."""
    return await _account_page(request, asker, None)


@router.post("/account/tokens")
async def make_own_token(request: Request, asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Make a token and show it, once."""
    scopes = [each for each in form.get("scopes", "").split(",") if each] or None
    asked = TokenAsked(form.get("label", ""), scopes, _number(form.get("days", "")))
    try:
        _, shown = await desk.make_token(asker, asked, visitor)
    except Fault as fault:
        return await _account_page(request, asker, None, form, _to_correct(fault))
    return await _account_page(request, asker, shown)


@router.post("/account/tokens/revoke")
async def revoke_own_token(asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Revoke a token."""
    await desk.revoke_token(asker, _id(form.get("token", "")), visitor)
    return _back("/administration/people" if form.get("from") == "people" else "/account")


@router.post("/account/sessions/end")
async def end_own_session(asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """End another of one's own sessions."""
    await desk.end_session(asker, _id(form.get("session", "")), visitor)
    return _back("/account")


@router.post("/account/language")
async def choose_language(asker: Somebody, desk: AtTheDesk, form: Filled) -> Response:
    """Keep the language that one reads."""
    language = next((each for each in LANGUAGES if each == form.get("language")), "id")
    await queries.set_language(desk.pool, account=asker.account, language=language)
    return _back("/account" if language == "id" else f"/account?lang={language}")


@router.post("/account/membership")
async def choose_membership(asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Go on in another home, or as something else that one is."""
    home, _, role = form.get("membership", "").partition("/")
    if not await desk.act_as(asker, home, role, visitor):
        raise Fault(not_allowed())
    return _back("/account")


@router.get("/administration/people")
async def people(request: Request, asker: Somebody, desk: AtTheDesk) -> HTMLResponse:
    """Show the people and programs of the home."""
    return await _people_page(request, asker)


@router.post("/administration/people")
async def invite(request: Request, asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Invite a person and show the one-time link, once."""
    role = next((each for each in Role if each == form.get("role")), Role.PUBLIC)
    partnerships = _listed(form.get("partnerships", ""))
    membership = Membership(asker.home, role, tuple(partnerships) if partnerships else None)
    name, language = form.get("shown_name", ""), form.get("language", "id")
    try:
        _, secret = await desk.invite(asker, name, language, membership, visitor)
    except Fault as fault:
        return await _people_page(request, asker, invited=form, problem=_to_correct(fault))
    return await _people_page(request, asker, link=_whole_link(request, secret))


@router.get("/administration/programs")
async def programs(request: Request, asker: Somebody) -> Response:
    """Lead to the page of people and programs."""
    return RedirectResponse(f"/administration/people?{request.url.query}", status_code=303, headers=NEVER_STORED)


@router.post("/administration/programs")
async def make_program(request: Request, asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Make a token for a program of the home and show it, once."""
    asked = TokenAsked(
        label=form.get("label", ""),
        scopes=[each for each in form.get("scopes", "").split(",") if each] or None,
        days=_number(form.get("days", "")),
        program=form.get("program", "").strip().lower(),
        role=form.get("role", ""),
        partnerships=_listed(form.get("partnerships", "")),
    )
    try:
        _, shown = await desk.make_token(asker, asked, visitor)
    except Fault as fault:
        return await _people_page(request, asker, program=form, problem=_to_correct(fault))
    return await _people_page(request, asker, token=shown)


@router.post("/administration/people/link")
async def make_link(request: Request, asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Make a new one-time link for a person and show it, once."""
    secret = await desk.make_link(asker, form.get("account", ""), visitor)
    return await _people_page(request, asker, link=_whole_link(request, secret))


@router.post("/administration/people/disable")
async def disable(asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Let an account in no more, or again."""
    await desk.disable(asker, form.get("account", ""), visitor, disabled=form.get("again") != "yes")
    return _back("/administration/people")


@router.post("/administration/people/role")
async def change_role(request: Request, asker: Somebody, desk: AtTheDesk, visitor: From, form: Filled) -> Response:
    """Give an account a role in the home, or take it away."""
    of, role = form.get("account", ""), form.get("role", "")
    if form.get("take") == "yes":
        await desk.drop_membership(asker, of, role, visitor)
        return _back("/administration/people")
    try:
        await desk.set_membership(asker, of, role, _listed(form.get("partnerships", "")), visitor)
    except Fault as fault:
        return await _people_page(request, asker, problem=_to_correct(fault))
    return _back("/administration/people")


@router.get("/administration/audit")
async def audit(request: Request, asker: Somebody, desk: AtTheDesk, cursor: int = routes.LAST_NUMBER) -> HTMLResponse:
    """Show what was done and refused, the latest first."""
    items, following = await routes.read_audit(asker, desk, min(max(cursor, 1), routes.LAST_NUMBER), 100)
    settings: Settings = request.app.state.settings
    words = Words(language_of(request))
    return _page(request, "audit.html", asker, lines=audit_lines(items, settings.zone, words), following=following)


def _sign_in_page(request: Request, next: str, refusal: str | None, held: Form | None = None) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    return _page(
        request,
        "sign_in.html",
        here={"next": next},
        next=next,
        held=held or {},
        carried=CARRIED,
        refusal=refusal and REFUSALS_IN_WORDS[refusal],
        passwords=settings.passwords and settings.is_safe_for_passwords,
        provider=settings.oidc_issuer is not None,
    )


async def _link_page(request: Request, desk: AtTheDesk, key: str, name: str, wrong: str | None) -> HTMLResponse:
    row = await desk.link_of(key)
    refusal = REFUSALS_IN_WORDS["link"] if row is None else REFUSALS_IN_WORDS[wrong] if wrong else None
    page = _page(
        request,
        "link.html",
        here={"key": key},
        key=key,
        name=name,
        known_name=row["sign_in_name"] if row else None,
        is_good=row is not None,
        refusal=refusal,
    )
    if row is None:
        page.status_code = 410
    return page


async def _account_page(
    request: Request, asker: Principal, token: str | None, typed: Form | None = None, problem: Problem | None = None
) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    desk, words = desk_of(request), Words(language_of(request))
    own = [row async for row in queries.tokens(desk.pool, account=asker.account, home=None)]
    memberships = await store.read_memberships(desk.pool, asker.account)
    return _page(
        request,
        "account.html",
        asker=asker,
        role=words.say(ROLE_WORDS[asker.role]),
        choices=[(f"{each.home}/{each.role}", each.home, words.say(ROLE_WORDS[each.role])) for each in memberships],
        chosen=f"{asker.home}/{asker.role}",
        tokens=token_lines(own, desk.clock(), settings.zone, words),
        sessions=session_lines(await routes.read_sessions(asker, desk), asker, settings.zone, words),
        scopes=scope_choices(asker, words),
        token=token,
        typed=typed or {},
        problem=problem,
        administers=is_administrator(asker),
        audits=may_read_audit(asker),
    )


async def _people_page(
    request: Request,
    asker: Principal,
    *,
    link: str | None = None,
    token: str | None = None,
    invited: Form | None = None,
    program: Form | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    if not is_administrator(asker):
        raise Fault(not_allowed())
    settings: Settings = request.app.state.settings
    desk, words = desk_of(request), Words(language_of(request))
    return _page(
        request,
        "people.html",
        asker=asker,
        people=person_lines(await store.read_people(desk.pool, asker.home), asker.home, words),
        tokens=token_lines(await routes.read_tokens(asker, desk), desk.clock(), settings.zone, words),
        roles=role_choices(words),
        scopes=scope_choices(asker, words),
        link_made=link,
        token=token,
        invited=invited or {},
        program=program or {},
        problem=problem,
    )


def _to_correct(fault: Fault) -> Problem:
    """Return a problem that the form can be corrected by; what else is in the way is shown as a page of its own."""
    if fault.problem.status not in (409, 422):
        raise fault
    return fault.problem


def _page(
    request: Request,
    template: str,
    asker: Principal | None = None,
    problem: Problem | None = None,
    **values: Any,  # noqa: ANN401
) -> HTMLResponse:
    words = Words(language_of(request))
    wrong = wrong_of(problem, CORRECT, LABELS, IDS, words) if problem else None
    page = render(
        templates, template, request, words, reader=asker, asker=asker, topic="account", wrong=wrong, **values
    )
    page.status_code = problem.status if problem else 200
    page.headers.update(NEVER_STORED)
    return page


def _send_on(request: Request, signed_in: SignedIn, held: Form) -> Response:
    """Show the button that sends the form that was held: what was typed is sent by whoever typed it, not by the page."""
    page = _page(request, "send_on.html", next=signed_in.next, held=held)
    give_cookie(page, request, signed_in)
    return page


def _go_on(request: Request, signed_in: SignedIn) -> Response:
    language = {"lang": signed_in.language} if signed_in.language != "id" and "lang=" not in signed_in.next else {}
    mark = "&" if "?" in signed_in.next else "?"
    address = f"{signed_in.next}{mark}{urlencode(language)}" if language else signed_in.next
    response = RedirectResponse(address, status_code=303, headers=NEVER_STORED)
    give_cookie(response, request, signed_in)
    return response


def _back(path: str) -> Response:
    return RedirectResponse(path, status_code=303, headers=NEVER_STORED)


def _whole_link(request: Request, secret: str) -> str:
    settings: Settings = request.app.state.settings
    return f"{address_of_site(settings)}{routes.link_path(secret)}"


def _refuse_unsafe(request: Request) -> None:
    settings: Settings = request.app.state.settings
    if not settings.passwords or not settings.is_safe_for_passwords:
        raise Fault(
            Problem(
                status=403,
                kind="sign-in-not-safe",
                title="Passwords are not taken here: this address has no TLS, or they were turned off.",
                remedy="Set KEMBAR_PUBLIC_URL to the https address under which people come, or use the identity provider.",
            )
        )


def _provider_away(error: ProviderAway) -> Problem:
    remedy = "Try again in a moment; the administrator finds more in docs/operating.md."
    return Problem(503, "provider-away", str(error), remedy, retry_after_seconds=5)


def _visit_cookie(settings: Settings) -> str:
    return VISIT_COOKIE_WITH_TLS if settings.has_tls else VISIT_COOKIE_WITHOUT


def _listed(text: str) -> list[str] | None:
    return [each for each in text.replace(",", " ").lower().split() if each] or None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Fault(Problem(422, "invalid", "This is no id.", "Go back and choose again.")) from error
