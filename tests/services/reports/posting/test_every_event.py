"""Every event that people post has its form; what has none says why, in the page of the decision."""

import re
from pathlib import Path

from fastapi.routing import iter_route_contexts

from cli.serve import APPS
from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER
from shared.process.settings import Settings

DECISION = Path(__file__).parents[4] / "docs" / "decisions" / "0033-writing.md"


def table() -> dict[str, str]:
    """The events of the decision, each with its form or its reason."""
    return dict(re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", DECISION.read_text(), re.MULTILINE))


def sent_forms() -> set[str]:
    """Where forms are sent: the paths of all services that take a POST."""
    apps = (make(Settings()) for make in APPS.values())
    return {route.path for app in apps for route in iter_route_contexts(app.routes) if "POST" in (route.methods or ())}


def test_every_event_stands_in_the_table_and_no_other():
    assert table().keys() == EVENT_TYPES.keys()


def test_every_form_that_is_named_is_there():
    forms = {said.strip("`") for said in table().values() if said.startswith("`")}

    assert forms <= sent_forms()


def test_only_what_the_ledger_writes_has_no_form():
    without = {event for event, said in table().items() if not said.startswith("`")}

    assert without == WRITTEN_BY_THE_LEDGER
    assert all(table()[event].startswith("written by the ledger") for event in without)
