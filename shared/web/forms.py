"""What pages with forms have in common: what was filled in, who may fill it in, and where whoever is nobody signs in.

A form is guarded against forgery by what only the browser itself can write (`refuse_forgery`), not by a hidden token: so a
form that stood open overnight can still be sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse
from jinja2 import Environment
from starlette.responses import Response

from shared.domain.access import Principal, Subject
from shared.web.pages import language_of, problem_page
from shared.web.principal import UNAUTHORIZED, principal_of
from shared.web.rules import RequiresAtHome, open_at_a_rate
from shared.wire.problems import Fault, Problem
from shared.words.words import Words

Form = dict[str, str]
URLENCODED = "application/x-www-form-urlencoded"
SIGN_IN_AGAIN = "/sign-in/again"
"""Where a form goes whose sender is signed in no more: the answer 307 lets the browser send it there as it is."""
LARGEST_CARRIED_BYTES = 1_048_576
"""So much of a form is carried through signing in, all that is written around it included."""
NEVER_STORED = {"Cache-Control": "no-store"}
"""What keeps a page out of every store: the back button shows nothing after signing out."""


class ReadsForm:
    """A dependency that returns what was filled in; several values of one name are joined by commas.

    Raises `Fault`: 413 for a form that is larger than `largest_bytes`, 422 for one with more than `most_fields`.
    """

    def __init__(self, largest_bytes: int = 65_536, most_fields: int = 50) -> None:
        self._largest_bytes, self._most_fields = largest_bytes, most_fields

    async def __call__(self, request: Request) -> Form:
        """Read the body."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._largest_bytes:
                raise Fault(Problem(413, "invalid", "The form is too large.", "Fill in less."))
        try:
            text = bytes(body).decode("utf-8", "replace")
            fields = parse_qs(text, keep_blank_values=True, max_num_fields=self._most_fields)
        except ValueError as error:
            raise Fault(Problem(422, "invalid", "The form has too many fields.", "Fill in less.")) from error
        return {name: ",".join(values) for name, values in fields.items()}


Filled = Annotated[Form, Depends(ReadsForm())]
"""What was filled in, of a form of ordinary size."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """A field that is named by a problem: what it is called, its id on the page, and what is wrong, in English only."""

    label: str
    id: str
    said: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a form cannot be taken for, as the page says it that shows the form again with what was typed."""

    said: str
    fields: Sequence[WrongField]


def wrong_of(problem: Problem, said: str, labels: Mapping[str, str], ids: Mapping[str, str], words: Words) -> Wrong:
    """Return what a problem says on a page; `labels` are the fields' names in English and `ids` theirs on the page.

    What a finding says is an English sentence for programs; in another language its field is named alone.
    """
    fields: dict[str, WrongField] = {}
    for each in problem.findings:
        name = each.field.split(".")[0]
        text = f"{each.problem} {each.remedy}" if words.language == "en" else ""
        label = words.say(labels[name]) if name in labels else each.field
        fields.setdefault(name, WrongField(label, ids.get(name, ""), text))
    return Wrong(words.say(said), list(fields.values()))


class SignInFirst(Fault):
    """Nobody is signed in: a page answers by showing where one does."""


class RequiresSignIn(RequiresAtHome):
    """Lets whoever is signed in and may do this pass; nobody known is sent to sign in, and comes back.

    Where the address names a partnership, it must be one for which this may be done.
    """

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override] # no home can be named
        """Return who asks."""
        if await principal_of(request) is None:
            await open_at_a_rate(request)
            raise SignInFirst(UNAUTHORIZED)
        return await super().__call__(request)

    def subject(self, request: Request, home: str, *, released: bool) -> Subject:
        """Return what would be done something to."""
        return Subject(home, request.path_params.get("partnership"), released)


def show_sign_in_first(app: FastAPI, templates: Environment, in_words: Mapping[str, str]) -> None:
    """Send whoever is not signed in to do so, and back to the page they wanted; with what they had typed into a form."""

    @app.exception_handler(SignInFirst)
    async def first(request: Request, error: SignInFirst) -> Response:
        wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        asked = urlencode({"next": wanted, **({"lang": "en"} if language_of(request) == "en" else {})})
        if request.method == "GET":
            return RedirectResponse(f"/sign-in?{asked}", status_code=303, headers=NEVER_STORED)
        await _read_out(request)
        if request.headers.get("content-type", "").startswith(URLENCODED):
            return RedirectResponse(f"{SIGN_IN_AGAIN}?{asked}", status_code=307, headers=NEVER_STORED)
        return problem_page(request, error.problem, templates, in_words)


async def _read_out(request: Request) -> None:
    """Read what is left of a body: where something stands unread, the answer may never arrive."""
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > LARGEST_CARRIED_BYTES:
            return
