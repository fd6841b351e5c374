"""What pages with forms have in common: whoever is not signed in is sent to sign in, and forms are read with a limit."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from jinja2 import Environment

from shared.domain.access import Principal
from shared.web.pages import language_of, problem_page
from shared.web.principal import UNAUTHORIZED, principal_of
from shared.web.rules import RequiresAtHome, open_at_a_rate
from shared.wire.problems import Fault, Problem

LARGEST_FORM_BYTES = 65_536
NOT_KEPT = {"Cache-Control": "no-store"}
"""What keeps a page out of every store: the back button shows nothing after signing out."""

Form = dict[str, str]


async def read_form(request: Request) -> Form:
    """Return what was filled in; several values of one name are joined by commas."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM_BYTES:
            raise Fault(Problem(413, "invalid", "The form is too large.", "Fill in less."))
    fields = parse_qs(bytes(body).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: ",".join(values) for name, values in fields.items()}


class SignInFirst(Fault):
    """Nobody is signed in: a page answers by showing where one does."""


class RequiresSignIn(RequiresAtHome):
    """Lets whoever is signed in pass; everybody else is sent to sign in, and comes back."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override] # no home can be named
        """Return who asks."""
        if await principal_of(request) is None:
            await open_at_a_rate(request)
            raise SignInFirst(UNAUTHORIZED)
        return await super().__call__(request)


Filled = Annotated[Form, Depends(read_form)]


def show_sign_in_first(app: FastAPI, templates: Environment, in_words: Mapping[str, str]) -> None:
    """Send whoever is not signed in to do so, and back to the page they wanted."""

    @app.exception_handler(SignInFirst)
    async def first(request: Request, error: SignInFirst) -> Response:
        if request.method != "GET":
            return problem_page(request, error.problem, templates, in_words)
        wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        asked = {"next": wanted, **({"lang": "en"} if language_of(request) == "en" else {})}
        return RedirectResponse(f"/sign-in?{urlencode(asked)}", status_code=303, headers=NOT_KEPT)
