"""What can be asked of reports beyond the ratings, and what it answers, as its OpenAPI document describes it."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.codes import Direction, Indicator, Milestone, RatingCode, Requirement
from shared.domain.events import ActivityFacts
from shared.domain.rubric import Rubric
from shared.domain.text import Slug

MOST_ADDED, MOST_REMOVED, MOST_OFFICIAL = 1_000, 10_000, 1_000
EventId = Annotated[str, Field(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]
Name = Annotated[dict[str, str], Field(description="By language", examples=[{"id": "Hanoi", "en": "Hanoi"}])]
PartnershipSlug = Annotated[str, Field(examples=["hanoi"])]
Position = Annotated[int, Field(description="The answer holds all up to it, and nothing after it")]
DayAsked = Annotated[str | None, Field(description="A day in the world; today if left out", examples=["2020-12-31"])]
KnownAsked = Annotated[
    str | None, Field(description="The last moment in the ledger that may be looked at", examples=["2021-03-01"])
]


class Asked(BaseModel):
    """What a question that is posted has in common with the others: it is read, and nothing is written."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class WhatIf(Asked):
    """Another law, activities more, activities less, or all three: whose rating would have been another, and when?

    Activities to add have the form of `activity.recorded`; each is taken as recorded on the last day of its date.
    """

    first: Annotated[str, Field(alias="from", description="The first day looked at", examples=["2017-01-01"])]
    last: Annotated[str, Field(alias="to", description="The last day looked at", examples=["2020-12-31"])]
    known: KnownAsked = None
    partnership: Annotated[Slug | None, Field(description="One partnership only")] = None
    rubric: Annotated[Rubric | None, Field(description="It holds on every day, in place of the law")] = None
    add: Annotated[list[ActivityFacts], Field(max_length=MOST_ADDED)] = []
    remove: Annotated[list[UUID], Field(max_length=MOST_REMOVED, description="Ids of activities")] = []


class Backtest(Asked):
    """How far does a rubric agree with official ratings on a day?"""

    on: DayAsked = None
    known: KnownAsked = None
    rubric: Annotated[Rubric | None, Field(description="The law of the day if left out")] = None
    official: Annotated[
        dict[Slug, RatingCode] | None,
        Field(
            max_length=MOST_OFFICIAL,
            description="Ratings by partnership; the official ratings in force on that day if left out",
            examples=[{"hanoi": "kurang_aktif", "beijing": "aktif"}],
        ),
    ] = None


class CellName(BaseModel):
    """One of the ten cells."""

    indicator: Indicator
    direction: Direction


class EventNamed(BaseModel):
    """An event that ruled: who posted it, when, and where it stands."""

    event_id: EventId
    author: Annotated[str | None, Field(description="null for the public, which is not told accounts")]
    position: int
    recorded_at: str


class AdoptedRubric(BaseModel):
    """A rubric and the days on which it is law. One that was replaced from its own first day is law on none."""

    first: Annotated[date | None, Field(alias="from", description="null for the default")]
    last: Annotated[date | None, Field(alias="to", description="null where no other follows")]
    adopted_by: Annotated[EventNamed | None, Field(description="null for the default")]
    replaced_by: EventNamed | None
    rubric: Rubric


class LawDocument(BaseModel):
    """Which rubric is law from when to when, the default first."""

    items: list[AdoptedRubric]
    position: Position


class ChangeAhead(BaseModel):
    """The day on which a rating changes, and to what."""

    on: date
    rating: RatingCode


class IdeaDocument(BaseModel):
    """An activity that would have to be held, and the cells that it lights."""

    indicator: Indicator
    direction: Direction
    in_person: bool
    lights: list[CellName]


class WayDocument(BaseModel):
    """Dark cells that would be enough if they were lit, and the fewest activities that light them all."""

    cells: list[CellName]
    activities: list[IdeaDocument]


class TargetDocument(BaseModel):
    """What a rating needs: `missing` points; `ways` are the smallest sets of cells, at most twelve.

    The activities must be held by the day `by`, that one included.
    """

    rating: RatingCode
    by: date
    missing: int
    cells: int
    ways: list[WayDocument]


class PlanDocument(BaseModel):
    """A planned activity and what it would change were it held as planned. It counts for nothing until it was."""

    activity: EventId
    on: date
    lights: list[CellName]
    rating_without: RatingCode
    rating_with: RatingCode
    next_change_with: ChangeAhead | None


class ForesightItem(BaseModel):
    """What comes of itself (`falls`, `dormant_on`), what would keep the rating or raise it, and what is planned."""

    partnership: PartnershipSlug
    name: Name
    falls: list[ChangeAhead]
    dormant_on: date | None
    keep: TargetDocument | None
    raise_: Annotated[TargetDocument | None, Field(alias="raise")]
    plans: list[PlanDocument]


class ForesightDocument(BaseModel):
    """Foresight for every partnership in force on the day, by the law of that day."""

    items: list[ForesightItem]
    on: date
    known: str | None
    position: Position


class DifferenceDocument(BaseModel):
    """From `from` to `to` the rating would have been `then` instead of `was`; the cells of the first day say why."""

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    was: RatingCode
    then: RatingCode
    lit_only_then: list[CellName]
    lit_only_before: list[CellName]


class WhatIfItem(BaseModel):
    """A partnership whose rating would have been another on some days."""

    partnership: PartnershipSlug
    name: Name
    differences: list[DifferenceDocument]


class WhatIfDocument(BaseModel):
    """All partnerships that the change would have touched; `compared` is how many were looked at."""

    items: list[WhatIfItem]
    compared: int
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    known: str | None
    position: Position


class PairDocument(BaseModel):
    """A partnership whose computed rating is another than the official one."""

    partnership: PartnershipSlug
    official: RatingCode
    computed: RatingCode
    score: int


class AgreementDocument(BaseModel):
    """How many of all agree, and which do not."""

    agreeing: Annotated[int, Field(examples=[19])]
    of: Annotated[int, Field(examples=[22])]
    differing: list[PairDocument]


class StabilityDocument(BaseModel):
    """Of the rubrics near this one, the share that gives the same rating, and how many give each."""

    partnership: PartnershipSlug
    rating: RatingCode
    share: Annotated[float, Field(ge=0, le=1)]
    counts: dict[RatingCode, int]


class RubricNamed(BaseModel):
    """A rubric by its id and version."""

    id: str
    version: int


class BacktestDocument(AgreementDocument):
    """Agreement of a rubric with official ratings.

    `matrix`: how many of each official rating have each computed one. `leave_one_out`: each partnership predicted by the
    thresholds that agree best with all others. `stability`: what the ratings would be with windows up to two years longer
    or shorter, other thresholds, and the travel rule turned round, the least stable first.
    """

    rubric: RubricNamed
    matrix: dict[RatingCode, dict[RatingCode, int]]
    not_compared: Annotated[list[str], Field(description="Partnerships that are not in force on that day, or unknown")]
    leave_one_out: AgreementDocument
    stability: list[StabilityDocument]
    on: date
    known: str | None
    position: Position


class MeasureDocument(BaseModel):
    """A number to 4 places, null where there is nothing to measure; `of` are the activities that it speaks of.

    A share is `part` of `of`, between 0 and 1; `part` are the activities that have what is asked.
    """

    value: float | None
    of: list[EventId]
    part: list[EventId]


def _measure(definition: str) -> Any:  # noqa: ANN401 - pydantic's own type for a field
    return Field(description=definition)


class Measures(BaseModel):
    """All measures of one partnership over one period. Only what was held counts, unless a measure says otherwise."""

    balance_of_visits: MeasureDocument = _measure(
        "1 - |out - in| / (out + in) of visits: 1 is even, 0 one-sided. What is mutual counts on both sides."
    )
    balance_of_aid: MeasureDocument = _measure("The same of aid given and received.")
    balance_of_initiative: MeasureDocument = _measure("The same of what home began and what the partner began.")
    people_to_people: MeasureDocument = _measure(
        "Share of activities in which residents met, among those of which that is known."
    )
    breadth: MeasureDocument = _measure("Fields of the memorandum that any activity names, of all that it names.")
    actors: MeasureDocument = _measure("How many kinds of actors took part.")
    diversity_of_actors: MeasureDocument = _measure(
        "The chance that two mentions of actors drawn at random are of different kinds (Gini-Simpson)."
    )
    carried_out: MeasureDocument = _measure(
        "Lines of the yearly programmes of the period's years that an activity of that year carried out, of all lines. An "
        "activity carries out one line: of the same title, or of the indicator and direction that the line names."
    )
    home_not_taken_up: MeasureDocument = _measure(
        "Of what home proposed and whose end is known or should be, the share that was declined or not answered."
    )
    partner_not_taken_up: MeasureDocument = _measure("The same of what the partner proposed.")
    third_party: MeasureDocument = _measure(
        "Share of what neither side began (a ministry, an embassy, a festival), among those of which that is known."
    )
    online: MeasureDocument = _measure("Share of activities over the network, among those whose mode is known.")
    median_gap_days: MeasureDocument = _measure("Median of the days between one activity and the next.")
    longest_gap_days: MeasureDocument = _measure("Most days between one activity and the next.")
    with_evidence: MeasureDocument = _measure("Share of activities with a document that shows them.")
    median_days_to_posting: MeasureDocument = _measure(
        "Median of the days from the last day of an activity's date to its posting; 0 for what was posted before."
    )
    chains_that_led_somewhere: MeasureDocument = _measure(
        "Of the chains of activities that one caused the next (`caused_by`), the share that ends in a document or a joint "
        "event."
    )


class DiagnosisItem(BaseModel):
    """A partnership and its measures."""

    partnership: PartnershipSlug
    name: Name
    measures: Measures


class DiagnosisDocument(BaseModel):
    """The diagnosis of every partnership in force in the period. It stands beside the rating and is no part of it."""

    items: list[DiagnosisItem]
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    known: str | None
    position: Position


class Reached(BaseModel):
    """When a step was reached; without an event where only the registry's memorandum date tells of it."""

    event_id: EventId | None
    reached: Annotated[str, Field(examples=["2007-06-21"])]
    note: str | None


class ProcedureStep(BaseModel):
    """A step of the legal procedure. `not_told`: a later step was reached, and nobody posted this one."""

    order: int
    milestone: Milestone
    state: Literal["reached", "not_told", "ahead"]
    reached: list[Reached]


class RequirementDocument(BaseModel):
    """One of the nine requirements, and the last step at which it was found to be met; null where none says so."""

    requirement: Requirement
    met_at: Milestone | None
    reached: str | None
    event_id: EventId | None


class AgreementInForce(BaseModel):
    """A memorandum, its renewal, or another signed document. `in_force` is null where a document names no last day."""

    kind: Literal["signing", "renewal", "document"]
    event_id: EventId | None
    title: Name | None
    since: str
    valid_until: date | None
    in_force: bool | None


class ProgrammeLine(BaseModel):
    """A line of a year's programme, and the activity that carried it out."""

    title: Name
    indicator: Indicator | None = None
    direction: Direction | None = None
    carried_out_by: EventId | None


class ProgrammeDocument(BaseModel):
    """A year's programme, planned against carried out by the day asked for."""

    year: int
    event_id: EventId
    planned: int
    carried_out: int
    lines: list[ProgrammeLine]


class FieldDocument(BaseModel):
    """A field of cooperation and the activities in it."""

    field: str
    activities: list[EventId]


class LifeDocument(BaseModel):
    """How far one partnership has come by a day (PP 28/2018, Permendagri 25/2020), as known at a moment."""

    partnership: PartnershipSlug
    name: Name
    ended_on: date | None
    procedure: list[ProcedureStep]
    requirements: list[RequirementDocument]
    agreements: list[AgreementInForce]
    programmes: list[ProgrammeDocument]
    fields: list[FieldDocument]
    outside_the_memorandum: Annotated[
        list[FieldDocument], Field(description="Fields that activities name and the memorandum does not")
    ]
    without_field: Annotated[list[EventId], Field(description="Activities that name no field")]
    on: date
    known: str | None
    position: Position
