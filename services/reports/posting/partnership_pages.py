"""The pages by which a bureau keeps its registry: steps, programmes, entries, official ratings, reversed imports."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.reports.posting.desk import CheckPage, Desk, FormPage, data_sent, desk_of, said_of, stands, with_id
from services.reports.posting.effects import effects_without
from services.reports.posting.fields import (
    Field,
    FieldProblem,
    Typed,
    clean,
    get,
    in_words,
    label_of,
    type_fields,
)
from services.reports.posting.others import (
    ENDED,
    HINTS,
    HINTS_OF_ENDING,
    REASON,
    REGISTRY,
    SLUG,
    SMALL,
    programme_fields,
    read_change,
    read_ending,
    read_programme,
    read_registration,
    registry_of,
    rows_asked,
    type_programme,
    type_registry,
)
from services.reports.posting.store import read_batch
from services.reports.store import read_events
from shared.domain.access import Action, Principal
from shared.domain.amend import Partnership
from shared.domain.events import PartnershipRegistered, ProgrammeAgreed
from shared.domain.rating import Judgement
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership
from shared.domain.text import Slug
from shared.web.forms import Form, ReadsForm, RequiresSignIn
from shared.web.principal import refuse_forgery
from shared.wire.problems import Fault, Problem
from shared.words.codes import RATING_WORDS

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
Keeper = Annotated[Principal, Depends(RequiresSignIn(Action.KEEP_REGISTRY))]
Noter = Annotated[Principal, Depends(RequiresSignIn(Action.NOTE_MILESTONE))]
Agreer = Annotated[Principal, Depends(RequiresSignIn(Action.AGREE_PROGRAMME))]
Judge = Annotated[Principal, Depends(RequiresSignIn(Action.JUDGE))]
Reverser = Annotated[Principal, Depends(RequiresSignIn(Action.REVERSE_IMPORT))]
Filled = Annotated[Form, Depends(ReadsForm(largest_bytes=262_144, most_fields=1_000))]
Pairs = Sequence[tuple[str, str]]


@router.get("/register")
async def registration_form(request: Request, keeper: Keeper) -> HTMLResponse:
    """Show the form by which a partnership enters the registry."""
    desk = await desk_of(request, keeper)
    return _registration_page(desk).show(desk, {})


@router.post("/register")
async def check_registration(request: Request, keeper: Keeper, filled: Filled) -> HTMLResponse:
    """Show what was understood of a registration, or the form again."""
    desk = await desk_of(request, keeper)
    if filled.get("step") == "change":
        data = data_sent(filled)
        _refuse_unless(stands(PartnershipRegistered, data))
        return _registration_page(desk).show(
            desk, type_fields((SLUG, *REGISTRY), data, desk.words.language) | _id(filled)
        )
    data, problems = read_registration(filled)
    if problems:
        return _registration_page(desk).show(desk, filled, problems)
    page = CheckPage(
        title=desk.words.say("Check the partnership"),
        address="/register",
        type="partnership.registered",
        data=data,
        lines=_lines((SLUG, *REGISTRY), data, desk),
    )
    return page.show(desk, with_id(filled))


@router.get("/partnerships/{partnership}/change")
async def change_form(request: Request, keeper: Keeper, partnership: Slug) -> HTMLResponse:
    """Show a partnership's entry in the registry, to be put right or brought up to date."""
    desk = await desk_of(request, keeper)
    entry = await desk.partnership(partnership)
    return _change_page(desk, entry).show(desk, type_registry(entry, desk.words.language))


@router.post("/partnerships/{partnership}/change")
async def check_change(request: Request, keeper: Keeper, partnership: Slug, filled: Filled) -> HTMLResponse:
    """Show the entry before and after, or the form again."""
    desk = await desk_of(request, keeper)
    entry = await desk.partnership(partnership)
    page, fields = _change_page(desk, entry), (*REGISTRY, ENDED)
    if filled.get("step") == "change":
        sent = data_sent(filled)
        changes = sent.get("changes")
        _refuse_unless(isinstance(changes, dict))
        typed = type_fields(fields, registry_of(entry) | (changes or {}), desk.words.language)
        return page.show(desk, {**typed, "reason": str(sent.get("reason", ""))} | _id(filled))
    data, problems = read_change(filled, entry)
    if problems:
        return page.show(desk, filled, problems)
    before, after = registry_of(entry), registry_of(entry) | data["changes"]
    check = CheckPage(
        title=desk.words.say("Check the change"),
        address=f"/partnerships/{partnership}/change",
        type="partnership.changed",
        data=data,
        lines=[(label_of("reason", desk.words), data["reason"])],
        compared=_compared(fields, before, after, desk),
        columns=[desk.words.say("Before"), desk.words.say("After")],
    )
    return check.show(desk, with_id(filled))


@router.get("/partnerships/{partnership}/end")
async def ending_form(request: Request, keeper: Keeper, partnership: Slug) -> HTMLResponse:
    """Show the form by which a partnership ends."""
    desk = await desk_of(request, keeper)
    return _ending_page(desk, await desk.partnership(partnership)).show(desk, {})


@router.post("/partnerships/{partnership}/end")
async def check_ending(request: Request, keeper: Keeper, partnership: Slug, filled: Filled) -> HTMLResponse:
    """Show from when on a partnership is rated no more, or the form again."""
    desk = await desk_of(request, keeper)
    entry = await desk.partnership(partnership)
    page, title = _ending_page(desk, entry), desk.words.say("Check the ending")
    _, problems = read_ending(filled, entry, desk.today)
    if problems and filled.get("step") != "change":
        return page.show(desk, filled, problems)
    return _check_small(desk, page, "partnership.ended", title, partnership, filled)


@router.get("/partnerships/{partnership}/milestone")
async def milestone_form(request: Request, noter: Noter, partnership: Slug) -> HTMLResponse:
    """Show the form of a step of the legal procedure."""
    desk = await desk_of(request, noter)
    return _milestone_page(desk, await desk.partnership(partnership)).show(desk, {})


@router.post("/partnerships/{partnership}/milestone")
async def check_milestone(request: Request, noter: Noter, partnership: Slug, filled: Filled) -> HTMLResponse:
    """Show what was understood of a step, or the form again."""
    desk = await desk_of(request, noter)
    page = _milestone_page(desk, await desk.partnership(partnership))
    title = desk.words.say("Check the step")
    return _check_small(desk, page, "milestone.reached", title, partnership, filled)


@router.get("/partnerships/{partnership}/judgement")
async def judgement_form(request: Request, judge: Judge, partnership: Slug) -> HTMLResponse:
    """Show the form of an official rating, with those in force, each of which can be lifted."""
    desk = await desk_of(request, judge)
    page = await _judgement_page(desk, await desk.partnership(partnership))
    return page.show(desk, {"valid_from": desk.today.isoformat()})


@router.post("/partnerships/{partnership}/judgement")
async def check_judgement(request: Request, judge: Judge, partnership: Slug, filled: Filled) -> HTMLResponse:
    """Show what was understood of an official rating, or the form again."""
    desk = await desk_of(request, judge)
    page = await _judgement_page(desk, await desk.partnership(partnership))
    title = desk.words.say("Check the official rating")
    return _check_small(desk, page, "rating.set", title, partnership, filled)


@router.get("/partnerships/{partnership}/judgement/{judgement}/lift")
async def lifting_form(request: Request, judge: Judge, partnership: Slug, judgement: UUID) -> HTMLResponse:
    """Show the official rating that is to be lifted, and ask why."""
    desk = await desk_of(request, judge)
    entry = await desk.partnership(partnership)
    return _lifting_page(desk, entry, await _judgement(desk, partnership, judgement)).show(desk, {})


@router.post("/partnerships/{partnership}/judgement/{judgement}/lift")
async def check_lifting(
    request: Request, judge: Judge, partnership: Slug, judgement: UUID, filled: Filled
) -> HTMLResponse:
    """Show once more which official rating is lifted, and why."""
    desk = await desk_of(request, judge)
    standing = await _judgement(desk, partnership, judgement)
    page = _lifting_page(desk, await desk.partnership(partnership), standing)
    title = desk.words.say("Check the lifting")
    fixed = {"partnership": partnership, "judgement": str(judgement)}
    return _check_reason(desk, page, "rating.lifted", title, fixed, filled)


@router.get("/partnerships/{partnership}/programme")
async def programme_form(request: Request, agreer: Agreer, partnership: Slug, rows: str = "") -> HTMLResponse:
    """Show the form of a year's programme; `rows` is how many lines it has, where a draft needs more than at first."""
    desk, lines = await desk_of(request, agreer), rows_asked({"rows": rows})
    page = _programme_page(desk, await desk.partnership(partnership), lines)
    return page.show(desk, {"year": str(desk.today.year)}, hidden={"rows": str(lines)})


@router.post("/partnerships/{partnership}/programme")
async def check_programme(request: Request, agreer: Agreer, partnership: Slug, filled: Filled) -> HTMLResponse:
    """Show what was understood of a programme; or the form again, with more lines where more are wanted."""
    desk = await desk_of(request, agreer)
    entry, typed = await desk.partnership(partnership), filled
    if filled.get("step") == "change":
        data = data_sent(filled)
        _refuse_unless(stands(ProgrammeAgreed, data))
        typed = type_programme(data, desk.words.language, desk.words) | _id(filled)
    rows = rows_asked(typed)
    page, hidden = _programme_page(desk, entry, rows), {"rows": str(rows)}
    if filled.get("step") in ("change", "more"):
        return page.show(desk, typed, hidden=hidden)
    data, problems = read_programme(typed, page.fields, partnership)
    if problems:
        return page.show(desk, typed, problems, hidden=hidden)
    lines = [(label_of("year", desk.words), str(data["year"]))]
    for number, line in enumerate(data["activities"], 1):
        said = line["title"].get(desk.words.language) or next(iter(line["title"].values()))
        lines.append((desk.words.say("Line %(number)s", number=number), said))
    check = CheckPage(
        title=desk.words.say("Check the programme"),
        address=f"/partnerships/{partnership}/programme",
        type="programme.agreed",
        data=data,
        lines=lines,
    )
    return check.show(desk, with_id(filled))


@router.get("/reversals/{batch}")
async def reversal_form(request: Request, reverser: Reverser, batch: Slug) -> HTMLResponse:
    """Show what taking a whole import back would change, and ask why."""
    desk = await desk_of(request, reverser)
    return (await _reversal_page(desk, batch)).show(desk, {})


@router.post("/reversals/{batch}")
async def check_reversal(request: Request, reverser: Reverser, batch: Slug, filled: Filled) -> HTMLResponse:
    """Show once more which import is taken back, and why."""
    desk = await desk_of(request, reverser)
    page = await _reversal_page(desk, batch)
    return _check_reason(desk, page, "import.reversed", desk.words.say("Check the reversal"), {"batch": batch}, filled)


def _check_small(
    desk: Desk, page: FormPage, event_type: str, title: str, partnership: str, filled: Form
) -> HTMLResponse:
    small = SMALL[event_type]
    if filled.get("step") == "change":
        data = data_sent(filled)
        _refuse_unless(stands(small.model, data))
        return page.show(desk, type_fields(small.fields, data, desk.words.language) | _id(filled))
    data, problems = small.read(filled, partnership=partnership)
    if problems:
        return page.show(desk, filled, problems)
    check = CheckPage(
        title=title, address=page.address, type=event_type, data=data, lines=_lines(small.fields, data, desk)
    )
    return check.show(desk, with_id(filled))


def _check_reason(
    desk: Desk, page: FormPage, event_type: str, title: str, fixed: dict[str, str], filled: Form
) -> HTMLResponse:
    """Show once more what is taken back and why; or ask why again."""
    if filled.get("step") == "change":
        return page.show(desk, {"reason": str(data_sent(filled).get("reason", ""))} | _id(filled))
    reason = " ".join(clean(filled.get("reason", "")).split())
    if not reason or len(reason) > 300:
        kind, values = ("too-long", {"most": 300}) if reason else ("missing", {})
        return page.show(desk, filled, [FieldProblem("reason", kind, values)])
    check = CheckPage(
        title=title,
        address=page.address,
        type=event_type,
        data={**fixed, "reason": reason},
        lines=[(page.title, page.intro), (label_of("reason", desk.words), reason)],
        effects=page.effects,
    )
    return check.show(desk, with_id(filled))


def _registration_page(desk: Desk) -> FormPage:
    return FormPage(
        title=desk.words.say("Register a partnership"),
        intro=desk.words.say("A partnership enters the registry. Its short name stays as it is for ever."),
        address="/register",
        fields=(SLUG, *REGISTRY),
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
    )


def _change_page(desk: Desk, entry: Partnership) -> FormPage:
    return FormPage(
        title=desk.words.say("Change the entry of %(name)s", name=desk.name_of(entry)),
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/change",
        fields=(*REGISTRY, ENDED, REASON),
        hints=HINTS,
        explained={},
        button=desk.words.say("Compare before and after"),
    )


def _milestone_page(desk: Desk, entry: Partnership) -> FormPage:
    return FormPage(
        title=desk.words.say("Note a step of %(name)s", name=desk.name_of(entry)),
        intro=desk.words.say("A step of the legal procedure (PP 28/2018, Permendagri 25/2020)."),
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/milestone",
        fields=SMALL["milestone.reached"].fields,
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
    )


def _ending_page(desk: Desk, entry: Partnership) -> FormPage:
    return FormPage(
        title=desk.words.say("End the partnership with %(name)s", name=desk.name_of(entry)),
        intro=desk.words.say("Its history stays, and can be read and rated for every day on which it was in force."),
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/end",
        fields=SMALL["partnership.ended"].fields,
        hints=HINTS_OF_ENDING,
        explained={},
        button=desk.words.say("Check"),
    )


async def _judgement_page(desk: Desk, entry: Partnership) -> FormPage:
    standing = [each for each in await _judgements(desk, entry.slug) if (each.valid_until or desk.today) >= desk.today]
    return FormPage(
        title=desk.words.say("Set the official rating of %(name)s", name=desk.name_of(entry)),
        intro=desk.words.say("The bureau's own judgement, beside the computed rating and never instead of it."),
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/judgement",
        fields=SMALL["rating.set"].fields,
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
        liftable=[
            (
                f"/partnerships/{entry.slug}/judgement/{each.id}/lift",
                desk.words.say(RATING_WORDS[each.rating]),
                each.reason,
            )
            for each in standing
        ],
    )


def _lifting_page(desk: Desk, entry: Partnership, standing: Judgement) -> FormPage:
    rating = desk.words.say(RATING_WORDS[standing.rating])
    return FormPage(
        title=desk.words.say("Lift the official rating of %(name)s", name=desk.name_of(entry)),
        intro=f"{rating}: {standing.reason}",
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/judgement/{standing.id}/lift",
        fields=(REASON,),
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
    )


def _programme_page(desk: Desk, entry: Partnership, rows: int) -> FormPage:
    return FormPage(
        title=desk.words.say("Agree a year's programme with %(name)s", name=desk.name_of(entry)),
        intro=desk.words.say("A title in one of the two languages is enough; lines without anything are left out."),
        crumb=_crumb(desk, entry),
        address=f"/partnerships/{entry.slug}/programme",
        fields=programme_fields(rows, desk.words),
        hints={},
        explained={},
        button=desk.words.say("Check"),
        more_rows=True,
    )


async def _reversal_page(desk: Desk, batch: str) -> FormPage:
    activities = await read_batch(desk.pool, desk.asker, batch)
    if not activities:
        raise Fault(Problem(404, "unknown-batch", f"No activity that counts carries the batch “{batch}”.", "Go back."))
    known = await desk.known(None)
    effects = effects_without(known, desk.today, activities) if known is not None else []
    return FormPage(
        title=desk.words.say("Take back the import %(batch)s", batch=batch),
        intro=desk.words.say(
            "%(count)s activities that carry it count no more; they stay readable.", count=len(activities)
        ),
        address=f"/reversals/{batch}",
        fields=(REASON,),
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
        effects=said_of(effects, desk.words) or [desk.words.say("No rating changes by it.")],
    )


async def _judgements(desk: Desk, partnership: str) -> Sequence[Judgement]:
    rulings = await read_events(desk.pool, desk.asker, desk.position, desk.zone, RULING_TYPES, partnership)
    return judgements_by_partnership(rulings).get(partnership, ())


async def _judgement(desk: Desk, partnership: str, judgement: UUID) -> Judgement:
    found = [each for each in await _judgements(desk, partnership) if each.id == judgement]
    if not found:
        title = f"“{partnership}” has no official rating {judgement} that stands."
        raise Fault(Problem(404, "unknown-judgement", title, "Go back to the partnership."))
    return found[0]


def _crumb(desk: Desk, entry: Partnership) -> tuple[str, str]:
    return f"/partnerships/{entry.slug}", desk.name_of(entry)


def _lines(fields: Sequence[Field], data: Any, desk: Desk) -> list[tuple[str, str]]:  # noqa: ANN401
    return [
        (each.label or label_of(each.name, desk.words), in_words(each, value, desk.words))
        for each in fields
        if (value := get(data, each.name)) not in (None, "", [])
    ]


def _compared(fields: Sequence[Field], before: Any, after: Any, desk: Desk) -> list[tuple[str, list[str], bool]]:  # noqa: ANN401
    rows = []
    for each in fields:
        values = [get(side, each.name) for side in (before, after)]
        if any(value not in (None, "", []) for value in values):
            said = [in_words(each, value, desk.words) for value in values]
            rows.append((label_of(each.name, desk.words), said, said[0] != said[1]))
    return rows


def _id(typed: Typed) -> dict[str, str]:
    return {"event": typed["event"]} if "event" in typed else {}


def _refuse_unless(right: bool) -> None:
    if not right:
        raise Fault(Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again."))
