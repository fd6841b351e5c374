"""What was filled into the forms of subscriptions, as the same requests that programs send. Pure; raises `Fault` (422)."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from services.scoring.subscriptions.documents import Changes, Note, Snooze, Subscribe
from shared.wire.problems import Fault, Problem, findings_in

Form = Mapping[str, str]
Asked = TypeVar("Asked", bound=BaseModel)


def subscription_asked(form: Form) -> Subscribe:
    """Return the subscription that was filled in."""
    where = "webhook" if form.get("channel") == "webhook" else "email"
    return _checked(Subscribe, {**_wish(form), "channel": {where: form.get("address", "").strip()}})


def changes_asked(form: Form) -> Changes:
    """Return what a subscription is to be from now on: the form holds all of it."""
    return _checked(Changes, _wish(form))


def snooze_asked(form: Form) -> Snooze:
    """Return of what nothing is to be told until when; without a day it is told again."""
    return _checked(Snooze, {"partnership": form.get("partnership", ""), "until": form.get("until") or None})


def note_asked(form: Form) -> Note:
    """Return what somebody says who sees to an alert."""
    return _checked(Note, {"note": form.get("note", "").strip() or None})


def id_asked(form: Form, name: str) -> UUID:
    """Return the id in a hidden field."""
    try:
        return UUID(form.get(name, ""))
    except ValueError as error:
        raise Fault(Problem(422, "invalid", "This is no id.", "Go back and choose again.")) from error


def _wish(form: Form) -> dict[str, Any]:
    kind, _, value = form.get("about", "all/").partition("/")
    quiet = (form.get("quiet_from", ""), form.get("quiet_to", ""))
    return {
        "scope": {"kind": kind, "value": value},
        "kinds": _listed(form.get("kinds", "")),
        "silence_months": _number(form["silence_months"]) if form.get("silence_months") else None,
        "lead_days": [_number(each) for each in _listed(form.get("lead_days", ""))],
        "language": form.get("language", "id"),
        "quiet_hours": {"from": quiet[0], "to": quiet[1]} if any(quiet) else None,
        "digest": form.get("digest", "none"),
    }


def _listed(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _number(text: str) -> int | str:
    """Return a number; what is none stays as it is, to be refused by its field."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text


def _checked(model: type[Asked], values: dict[str, Any]) -> Asked:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        title = "The form cannot be taken as it stands. Nothing was changed."
        raise Fault(Problem(422, "invalid", title, "Go back and correct it.", findings_in(error.errors()))) from error
