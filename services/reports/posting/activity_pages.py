"""The pages by which an activity is recorded, looked at, corrected and retracted. They work without scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.reports.answers import position_for
from services.reports.frame import Framed, Page, add_page, table_of
from services.reports.news import moment_said
from services.reports.posting.activity import (
    EXPLAINED,
    HINTS,
    REASON,
    changes_between,
    compared,
    fields_of,
    lines_of,
    read_activity,
    type_activity,
    with_changes,
    without_partnership,
)
from services.reports.posting.desk import (
    CheckPage,
    Desk,
    FormPage,
    data_sent,
    desk_in,
    desk_of,
    said_of,
    stands,
    with_id,
)
from services.reports.posting.effects import effect_of_change, planned_activity
from services.reports.posting.fields import (
    Data,
    Field,
    FieldProblem,
    Typed,
    capital,
    clean,
    first_shown,
    in_order,
    label_of,
    type_fields,
)
from services.reports.posting.offers import other_forms
from services.reports.posting.store import ActivityVersion, KnownActivity, read_like, read_versions
from services.reports.posting.touching import touched_reports
from services.reports.store import read_partnerships
from shared.domain.access import Action, Allowed, Principal, Role, Subject, may, partnerships_of
from shared.domain.amend import Activity, amend
from shared.domain.events import ActivityCorrected, ActivityFacts, ActivityRecorded, Event
from shared.domain.text import Slug
from shared.process.clock import Clock
from shared.web.forms import Form, ReadsForm, RequiresSignIn
from shared.web.principal import refuse_forgery
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Problem
from shared.words.dates import occurred_in_words
from shared.words.words import Words

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
Poster = Annotated[Principal, Depends(RequiresSignIn(Action.POST))]
Filled = Annotated[Form, Depends(ReadsForm(largest_bytes=262_144))]
Waited = Annotated[int | None, Query(ge=0, le=10**15)]
RECORDED = "activity.recorded"


@router.get("/record")
async def record_form(
    request: Request, poster: Poster, partnership: Slug | None = None, position: Waited = None
) -> HTMLResponse:
    """Show the form of an activity; `partnership` is chosen already where one comes from its page."""
    desk = await desk_of(request, poster)
    await desk.wait_for(position)
    fields = await _fields(desk)
    own = [slug for slug, _ in fields[0].choices]
    chosen = partnership or (own[0] if len(own) == 1 else None)
    typed = first_shown(fields) | ({"partnership": chosen} if chosen else {})
    return _record_page(desk, fields).show(desk, typed)


@router.post("/record")
async def check_record(request: Request, poster: Poster, filled: Filled) -> HTMLResponse:
    """Show what was understood, or the form again with what must be put right beside each field."""
    desk = await desk_of(request, poster)
    fields, page_of = await _fields(desk), _record_page
    if filled.get("step") == "change":
        return page_of(desk, fields).show(desk, _typed_again(data_sent(filled), fields, desk) | _id(filled))
    data, problems = read_activity(fields, filled, desk.today)
    problems = [*problems, *await _refuse_cause(desk, data)]
    if problems:
        return page_of(desk, fields).show(desk, filled, in_order(problems, fields))
    desk.demand(Action.RECORD_ACTIVITY, data["partnership"])
    return await _record_check(desk, fields, data, with_id(filled))


async def activity_page(frame: Framed, activity: UUID, position: Waited = None) -> Page:
    """Show one activity with all its versions: who posted each, when, why, and the hash of its event."""
    desk = desk_in(frame)
    await desk.wait_for(position)
    reached = await position_for(frame.request, frame.question)
    found = await _activity(desk, activity, reached)
    if found.now.withdrawn_by is not None and not _may(desk, Action.READ_WITHDRAWN, found):
        raise Fault(_unknown(activity))
    fields = await _all_fields(desk, found, reached)
    facts = found.now.facts.model_dump(mode="json", exclude_none=True)
    versions = _version_lines(found, fields, desk)
    stands = found.now.withdrawn_by is None
    return Page(
        frame=frame,
        template="activity.html",
        shown={
            "title": _title(found.now.facts, desk.words),
            "partnership": fields[0].choices[0][1],
            "lines": lines_of(facts, fields, desk.words),
            "versions": versions,
            "found": found,
            "corrects": stands and _may(desk, Action.CORRECT_ACTIVITY, found),
            "retracts": stands and _may(desk, Action.RETRACT_ACTIVITY, found),
            "audits": _may(desk, Action.READ_WITHDRAWN, found),
        },
        document=lambda: {"id": str(found.id), **facts, "versions": [_version_document(each) for each in versions]},
        table=lambda: table_of(
            "versions", VERSION_KEYS, [[str(each[key]) for key in VERSION_KEYS] for each in versions]
        ),
        topic="record",
    )


@router.get("/activities/{activity}/correct")
async def correct_form(request: Request, poster: Poster, activity: UUID, position: Waited = None) -> HTMLResponse:
    """Show the form of a correction, filled in with what stands."""
    desk = await desk_of(request, poster)
    await desk.wait_for(position)
    found = await _to_amend(desk, activity, Action.CORRECT_ACTIVITY)
    fields = await _all_fields(desk, found)
    typed = type_activity(found.now.facts, fields, desk.words.language)
    return _correct_page(desk, found, fields).show(desk, typed, hidden={"based_on": str(found.stands_by)})


@router.post("/activities/{activity}/correct")
async def check_correction(request: Request, poster: Poster, activity: UUID, filled: Filled) -> HTMLResponse:
    """Show old and new side by side, and what the correction changes; or the form again."""
    desk = await desk_of(request, poster)
    found = await _to_amend(desk, activity, Action.CORRECT_ACTIVITY)
    fields = await _all_fields(desk, found)
    if filled.get("step") in ("change", "compare"):
        return await _correction_again(desk, found, fields, filled)
    fixed = {**filled, "partnership": found.now.facts.partnership}
    read, problems = read_activity(fields, fixed, desk.today)
    changes = changes_between(_looked_at(found, filled).facts, read, fields)
    problems = [*problems, *_refuse_reason(filled), *await _refuse_cause(desk, changes)]
    if not problems and not changes:
        problems = [FieldProblem("occurred", "nothing-changed")]
    if problems:
        hidden = {"based_on": filled.get("based_on", "")}
        ordered = in_order(problems, [*fields, REASON])
        return _correct_page(desk, found, fields).show(desk, filled, ordered, hidden=hidden)
    data = {"activity": str(activity), "changes": changes, "reason": _reason(filled)}
    return await _correction_check(desk, found, fields, data | _based_on(filled), with_id(filled))


@router.get("/activities/{activity}/retract")
async def retract_form(request: Request, poster: Poster, activity: UUID) -> HTMLResponse:
    """Show what taking an activity back would change, and ask why."""
    desk = await desk_of(request, poster)
    found = await _to_amend(desk, activity, Action.RETRACT_ACTIVITY)
    return (await _retract_page(desk, found)).show(desk, {})


@router.post("/activities/{activity}/retract")
async def check_retraction(request: Request, poster: Poster, activity: UUID, filled: Filled) -> HTMLResponse:
    """Show once more what is taken back, and why."""
    desk = await desk_of(request, poster)
    found = await _to_amend(desk, activity, Action.RETRACT_ACTIVITY)
    if filled.get("step") == "change":
        reason = str(data_sent(filled).get("reason", ""))
        return (await _retract_page(desk, found)).show(desk, {"reason": reason} | _id(filled))
    if problems := _refuse_reason(filled):
        return (await _retract_page(desk, found)).show(desk, filled, problems)
    words, data = desk.words, {"activity": str(activity), "reason": _reason(filled)}
    page = CheckPage(
        title=words.say("Check the retraction"),
        address=f"/activities/{activity}/retract",
        type="activity.retracted",
        data=data,
        lines=[
            (words.say("Activity"), _title(found.now.facts, words)),
            (label_of("reason", words), _reason(filled)),
        ],
        effects=await _effect(desk, found, None),
        touched=await touched_reports(desk, "activity.retracted", data),
    )
    return page.show(desk, with_id(filled))


async def _record_check(desk: Desk, fields: Sequence[Field], data: Data, typed: Typed) -> HTMLResponse:
    facts = ActivityFacts.model_validate(data)
    known = await desk.known(data["partnership"])
    effects = []
    if known is not None:
        planned = planned_activity(facts, desk.today)
        effects = said_of([effect_of_change(known, data["partnership"], desk.today, planned)], desk.words)
    page = CheckPage(
        title=desk.words.say("Check the activity"),
        address="/record",
        type=RECORDED,
        data=data,
        lines=lines_of(data, fields, desk.words),
        alike=[_like(each.id, each.facts, desk.words) for each in await read_like(desk.pool, desk.asker, data)],
        effects=effects,
    )
    return page.show(desk, typed)


async def _correction_again(desk: Desk, found: KnownActivity, fields: Sequence[Field], filled: Form) -> HTMLResponse:
    """Show a correction that comes back: to be changed, or because somebody else corrected the activity meanwhile."""
    data = data_sent(filled)
    changes, reason = data.get("changes"), str(data.get("reason", ""))
    if not isinstance(changes, dict) or not stands(ActivityCorrected, data):
        raise Fault(Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again."))
    if filled["step"] == "compare":
        return await _conflict(desk, found, fields, data, with_id(filled))
    typed = type_fields(fields, with_changes(found.now.facts, changes), desk.words.language)
    hidden = {"based_on": str(data.get("based_on") or found.stands_by)}
    page = _correct_page(desk, found, fields)
    return page.show(desk, {**typed, "reason": reason} | _id(filled), hidden=hidden)


async def _correction_check(
    desk: Desk, found: KnownActivity, fields: Sequence[Field], data: Data, typed: Typed
) -> HTMLResponse:
    before = _looked_at(found, typed).facts
    if data.get("based_on") and data["based_on"] != str(found.stands_by):
        return await _conflict(desk, found, fields, data, typed)
    old, new = before.model_dump(mode="json", exclude_none=True), with_changes(before, data["changes"])
    words = desk.words
    page = CheckPage(
        title=words.say("Check the correction"),
        address=f"/activities/{found.id}/correct",
        type="activity.corrected",
        data=data,
        lines=[(label_of("reason", words), data["reason"])],
        compared=compared([old, new], fields, words),
        columns=[words.say("Before"), words.say("After")],
        effects=await _effect(desk, found, _amended(desk, found, data)),
        touched=await touched_reports(desk, "activity.corrected", data),
    )
    return page.show(desk, typed)


async def _conflict(
    desk: Desk, found: KnownActivity, fields: Sequence[Field], data: Data, typed: Typed
) -> HTMLResponse:
    """Show three versions: what one saw, what stands now, what one wanted; what is sent then rests on what stands."""
    seen = _looked_at(found, {"based_on": str(data.get("based_on", ""))}).facts
    stands_now = found.now.facts.model_dump(mode="json", exclude_none=True)
    words = desk.words
    wanted = with_changes(found.now.facts, data["changes"])
    page = CheckPage(
        title=words.say("Somebody else has corrected it meanwhile"),
        address=f"/activities/{found.id}/correct",
        type="activity.corrected",
        data={**data, "based_on": str(found.stands_by)},
        lines=[(label_of("reason", words), str(data["reason"]))],
        compared=compared([seen.model_dump(mode="json", exclude_none=True), stands_now, wanted], fields, words),
        columns=[words.say("As you saw it"), words.say("As it stands now"), words.say("With your correction")],
        effects=await _effect(desk, found, _amended(desk, found, data)),
        warning=words.say("Nothing of yours is stored yet. Compare the versions; send yours if it is still right."),
    )
    return page.show(desk, typed, status=409)


async def _effect(desk: Desk, found: KnownActivity, amended: Activity | None) -> list[str]:
    """Return what it changes if the activity stands as amended, or not at all."""
    partnership = found.now.facts.partnership
    known = await desk.known(partnership)
    if known is None:
        return []
    without = () if amended else (found.id,)
    return said_of([effect_of_change(known, partnership, desk.today, amended, without)], desk.words)


def _amended(desk: Desk, found: KnownActivity, data: Data) -> Activity | None:
    """Return the activity as it would stand after a correction made today; None where that is no activity."""
    clock: Clock = desk.request.app.state.clock
    correction = ActivityCorrected.model_validate(data)
    event = Event(
        position=desk.position,
        recorded_at=clock(),
        recorded_on=desk.today,
        id=found.id,
        home=desk.asker.home,
        type="activity.corrected",
        author=desk.asker.account,
        partnership=found.now.facts.partnership,
        data=correction,
    )
    try:
        return amend(found.activity(), event)
    except ValueError:
        return None


async def _fields(desk: Desk) -> list[Field]:
    """Return the fields of the form, with the partnerships for which one may record."""
    own = partnerships_of(desk.asker)
    entries = [each for each in await desk.partnerships() if own is None or each.slug in own]
    return fields_of(sorted(((each.slug, desk.name_of(each)) for each in entries), key=lambda each: each[1].casefold()))


async def _all_fields(desk: Desk, found: KnownActivity, position: int | None = None) -> list[Field]:
    """Return the fields of an activity, its partnership called as it was known at a position."""
    slug, known_at = found.now.facts.partnership, desk.position if position is None else position
    entries = await read_partnerships(desk.pool, desk.asker, known_at, slug)
    return fields_of([(slug, desk.name_of(entries[0]) if entries else slug)])


def _record_page(desk: Desk, fields: Sequence[Field]) -> FormPage:
    words = desk.words
    return FormPage(
        title=words.say("Record an activity"),
        intro=words.say("One activity, as far as it is known. Before anything is stored you see what was understood."),
        address="/record",
        fields=fields,
        hints=HINTS,
        explained=EXPLAINED,
        button=words.say("Check"),
        others=other_forms(desk.asker, words),
    )


def _correct_page(desk: Desk, found: KnownActivity, fields: Sequence[Field]) -> FormPage:
    words = desk.words
    return FormPage(
        title=words.say("Correct an activity"),
        intro=words.say("What stands in the ledger stays. A correction is a new event that names it, and says why."),
        crumb=(f"/activities/{found.id}", _title(found.now.facts, words)),
        address=f"/activities/{found.id}/correct",
        fields=[*(replace(each, radio=False) for each in without_partnership(fields)), REASON],
        hints=HINTS,
        explained={},
        button=words.say("Compare before and after"),
    )


async def _retract_page(desk: Desk, found: KnownActivity) -> FormPage:
    words = desk.words
    return FormPage(
        title=words.say("Retract an activity"),
        intro=words.say(
            "For what should never have been posted. It stays readable, and counts no more. If only something in it is "
            "wrong, correct it."
        ),
        crumb=(f"/activities/{found.id}", _title(found.now.facts, words)),
        address=f"/activities/{found.id}/retract",
        fields=[REASON],
        hints=HINTS,
        explained={},
        button=words.say("Check"),
        effects=await _effect(desk, found, None),
    )


async def _activity(desk: Desk, activity: UUID, position: int) -> KnownActivity:
    found = await read_versions(desk.pool, desk.asker, activity, position)
    if found is None:
        raise Fault(_unknown(activity))
    return found


async def _to_amend(desk: Desk, activity: UUID, action: Action) -> KnownActivity:
    """Return an activity that counts and that one may amend."""
    found = await _activity(desk, activity, desk.position)
    desk.demand(action, found.now.facts.partnership)
    if found.now.withdrawn_by is not None:
        raise Fault(_unknown(activity))
    return found


def _looked_at(found: KnownActivity, typed: Typed) -> ActivityVersion:
    """Return the version that somebody had before them; what stands where it cannot be told."""
    based_on = typed.get("based_on", "")
    same = [each for each in found.versions if str(each.event_id) == based_on]
    return same[-1] if same else found.now


def _may(desk: Desk, action: Action, found: KnownActivity) -> bool:
    return isinstance(may(desk.asker, action, Subject(desk.asker.home, found.now.facts.partnership)), Allowed)


def _typed_again(data: Data, fields: Sequence[Field], desk: Desk) -> dict[str, str]:
    if not stands(ActivityRecorded, data):
        raise Fault(Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again."))
    typed = type_fields(fields, data, desk.words.language)
    for document in data.get("evidence", ())[:1]:
        typed |= {f"evidence.{name}": str(value) for name, value in document.items()}
    return typed


async def _refuse_cause(desk: Desk, data: Mapping[str, Any]) -> list[FieldProblem]:
    """Say that the activity which is named as the cause is not there."""
    named = data.get("caused_by")
    if named is None:
        return []
    try:
        found = await read_versions(desk.pool, desk.asker, UUID(str(named)), desk.position)
    except ValueError:
        found = None
    return [] if found else [FieldProblem("caused_by", "unknown-activity")]


def _refuse_reason(typed: Typed) -> list[FieldProblem]:
    if not _reason(typed):
        return [FieldProblem("reason", "missing")]
    return [FieldProblem("reason", "too-long", {"most": 300})] if len(_reason(typed)) > 300 else []


def _reason(typed: Typed) -> str:
    return " ".join(clean(typed.get("reason", "")).split())


def _based_on(typed: Typed) -> dict[str, str]:
    based_on = typed.get("based_on", "")
    try:
        return {"based_on": str(UUID(based_on))}
    except ValueError:
        return {}


def _id(typed: Typed) -> dict[str, str]:
    return {"event": typed["event"]} if "event" in typed else {}


def _version_lines(found: KnownActivity, fields: Sequence[Field], desk: Desk) -> list[dict[str, Any]]:
    """Return the versions, the latest first, each with what it changed; the public is told no account and no reason."""
    told = desk.asker.role is not Role.PUBLIC
    lines = []
    for number, each in enumerate(found.versions):
        before = found.versions[number - 1].facts if number else None
        pair = [one.model_dump(mode="json", exclude_none=True) for one in (before, each.facts) if one is not None]
        lines.append(
            {
                "what": capital(_what_became(each, desk.words)),
                "when": moment_said(each.recorded_at, desk.zone, desk.words),
                "type": each.type,
                "recorded_at": rfc3339(each.recorded_at),
                "author": each.author if told else None,
                "reason": each.reason if told else None,
                "hash": each.hash,
                "position": each.position,
                "event_id": each.event_id,
                "changed": compared(pair, fields, desk.words, only_changed=True) if before is not None else [],
            }
        )
    return lines[::-1]


def _version_document(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(line[name]) if line[name] is not None else None for name in VERSION_KEYS}


VERSION_KEYS = ("event_id", "type", "position", "recorded_at", "author", "reason", "hash")
VERSION_WORDS = {
    "activity.recorded": "recorded",
    "import.completed": "recorded by an import",
    "activity.corrected": "corrected",
    "activity.retracted": "retracted",
    "import.reversed": "taken back with its import",
}


def _what_became(version: ActivityVersion, words: Words) -> str:
    """Return what an event did to an activity: a retraction of a retraction lets it count again."""
    is_back = version.type == "activity.retracted" and version.withdrawn_by is None
    return words.say("counted again") if is_back else words.say(VERSION_WORDS[version.type])


def _like(activity: UUID, facts: ActivityFacts, words: Words) -> dict[str, str]:
    return {
        "href": f"/activities/{activity}",
        "title": _title(facts, words),
        "when": occurred_in_words(facts.occurred, words.language),
    }


def _title(facts: ActivityFacts, words: Words) -> str:
    ours, other = (facts.title.id, facts.title.en) if words.language == "id" else (facts.title.en, facts.title.id)
    return ours or other or ""


def _unknown(activity: UUID) -> Problem:
    title = f"There is no activity {activity}."
    return Problem(404, "unknown-activity", title, "Send the id as it stands in its receipt.")


add_page(router, "/activities/{activity}", activity_page)
