"""Which issued reports a correction or a retraction would let read otherwise, as the page that checks it says."""

from collections.abc import Mapping
from typing import Any

from services.reports.issued_routes import MOST_QUESTIONS
from services.reports.issued_store import read_issued
from services.reports.makers import made_while_waiting
from services.reports.orders import FindTouched
from services.reports.posting.desk import Desk, TouchedReports
from services.reports.report_pages import KIND_WORDS
from services.reports.touched import Change, Touched
from shared.process.clock import Clock
from shared.wire.problems import Fault


async def touched_reports(desk: Desk, event_type: str, data: Mapping[str, Any]) -> TouchedReports | None:
    """Return which issued reports a change would let read otherwise; None where no report was issued at all.

    Each is made twice in a process apart. Where that cannot be done now, the sentence says so: the change can be sent all
    the same, and what it touched can be asked for afterwards.
    """
    if not await read_issued(desk.pool, desk.asker, most=1):
        return None
    clock: Clock = desk.request.app.state.clock
    change = Change(type=event_type, data=data, now=clock())
    try:
        found = await made_while_waiting(desk.request, FindTouched(desk.asker, change, MOST_QUESTIONS))
    except Fault:
        return TouchedReports(
            desk.words.say("Whether issued reports would read otherwise cannot be told just now."), []
        )
    assert isinstance(found, Touched)
    if not found.items:
        return TouchedReports(desk.words.say("No issued report would read otherwise."), [])
    said = (
        desk.words.say("%(count)s issued reports would read otherwise:", count=len(found.items))
        if len(found.items) > 1
        else desk.words.say("One issued report would read otherwise:")
    )
    return TouchedReports(said, [_line(each, desk) for each in found.items])


def _line(item: Mapping[str, Any], desk: Desk) -> tuple[str, str]:
    words = desk.words
    kinds: Mapping[str, str] = {each.value: said for each, said in KIND_WORDS.items()}
    kind = words.say(kinds[item["kind"]]) if item["kind"] in kinds else item["kind"]
    period = " – ".join(str(item[each]) for each in ("from", "to") if item[each])
    said = ", ".join(part for part in (kind, item["partnership"], period) if part)
    return f"/reports/issued/{item['event_id']}", said
