"""The event types: what may stand in the ledger, and the schema of each one's data.

One class per type; its docstring is the type's entry in the API's documentation, its row in `docs/glossary.md` the
bureau's. Data is kept as the client sent it; these classes check it on the way in and read it on the way out.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.codes import (
    Actor,
    Direction,
    Indicator,
    Initiator,
    Level,
    Milestone,
    Mode,
    Outcome,
    RatingCode,
    Requirement,
)
from shared.domain.occurred import parse_occurred
from shared.domain.rubric import Rubric
from shared.domain.text import (
    Count,
    Country,
    Currency,
    Day,
    Flag,
    Hash,
    Latitude,
    Line,
    Longitude,
    MediaType,
    OccurredText,
    Organisation,
    Slug,
    Text,
    TimeZone,
)
from shared.domain.unfit import Unfit

NAMES_OF_DERIVED_IDS = UUID("6f0c1c1e-7d0b-5d4e-9a53-6b656d626172")


class Data(BaseModel):
    """What all event data have in common: no unknown fields, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Data):
    """A text in Indonesian, in English, or in both; at least one."""

    id: Line | None = None
    en: Line | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.id is None and self.en is None:
            raise Unfit("It has no text.", "Give `id` (Indonesian), `en` (English) or both.")
        return self


class BilingualText(Data):
    """A longer text in Indonesian, in English, or in both; at least one."""

    id: Text | None = None
    en: Text | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.id is None and self.en is None:
            raise Unfit("It has no text.", "Give `id` (Indonesian), `en` (English) or both.")
        return self


class HomeFacts(Data):
    """What a home says of itself: its name, the language its pages begin in, its letterhead, whether the public may read.

    `signature` is the office that signs its reports, without anybody's name. `latitude` and `longitude`, in degrees, are where maps
    show it. `country` and `organisation`, its identifier in
    the form of the organisation registers of IATI, stand in what it publishes of aid.
    """

    name: Bilingual
    language: Literal["id", "en"] = "id"
    letterhead: Annotated[list[Line], Field(max_length=6)] = []
    signature: Annotated[list[Line], Field(max_length=6)] = []
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    country: Country | None = None
    organisation: Organisation | None = None
    released: Flag = True

    @property
    def place(self) -> tuple[float, float] | None:
        """Its latitude and longitude, None where it does not say both."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class HomeOpened(HomeFacts):
    """A home begins. Its time zone decides when its days begin and end, and stays as it is for ever. Written by the ledger.

    It is opened with `POST /ingest/v1/homes`, or at the installation's first start.
    """

    time_zone: TimeZone


class HomeChanged(Data):
    """What a home says of itself is changed; `changes` names only what changes. The time zone cannot be among it."""

    changes: Annotated[dict[str, Any], Field(min_length=1)]
    reason: Line


class PartnershipFacts(Data):
    """What is known of a partnership itself."""

    name: Bilingual
    level: Level
    country: Country
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    mou_date: Day | None = None
    issue_basis: Slug | None = None
    fields: Annotated[list[Line], Field(max_length=50, default_factory=list)]


class PartnershipStanding(PartnershipFacts):
    """A partnership's entry in the registry: its facts, and the day on which it ended."""

    ended_on: Day | None = None


class PartnershipRegistered(PartnershipFacts):
    """A partnership enters the registry. Its slug is its name for ever."""

    partnership: Slug


class PartnershipChanged(Data):
    """Facts of a partnership are put right or brought up to date; `changes` names only what changes, `ended_on` among it."""

    partnership: Slug
    changes: Annotated[dict[str, Any], Field(min_length=1)]
    reason: Line


class PartnershipEnded(Data):
    """A partnership ends; its history stays."""

    partnership: Slug
    ended_on: Day
    reason: Line


def _check_expiry(valid_until: date, since: str) -> None:
    if valid_until < parse_occurred(since).first:
        raise Unfit(f"`valid_until` is before {since}.", "Put the last day of its validity there.")


class MilestoneReached(Data):
    """A step of the legal procedure is done.

    `requirements` are those of the nine that were found to be met at this step. `valid_until` is the last day of the
    memorandum that was signed or renewed, left out where it names none.
    """

    partnership: Slug
    milestone: Milestone
    reached: OccurredText
    note: Text | None = None
    requirements: Annotated[list[Requirement], Field(max_length=9, default_factory=list)]
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _only_memoranda_expire(self) -> Self:
        if self.valid_until is None:
            return self
        if self.milestone not in (Milestone.SIGNING, Milestone.RENEWAL):
            raise Unfit("Only what is signed or renewed has a `valid_until`.", "Leave it out.")
        _check_expiry(self.valid_until, self.reached)
        return self


class AgreedActivity(Data):
    """One line of a year's programme."""

    title: Bilingual
    indicator: Indicator | None = None
    direction: Direction | None = None


class ProgrammeAgreed(Data):
    """The year's programme (rencana kegiatan tahunan) is agreed."""

    partnership: Slug
    year: Annotated[int, Field(strict=True, ge=1900, le=2199)]
    activities: Annotated[list[AgreedActivity], Field(min_length=1, max_length=200)]


class Evidence(Data):
    """A document that shows the activity: its hash, not its bytes."""

    hash: Hash
    media_type: MediaType
    size: Count
    title: Line


class ActivityFacts(Data):
    """What happened between the two. `held` is the only outcome that counts; what is not known is left out.

    `valid_until` is the last day on which a signed document holds, left out where it names none.
    """

    partnership: Slug
    indicator: Indicator
    occurred: OccurredText
    direction: Direction
    outcome: Outcome
    title: Bilingual
    initiator: Initiator | None = None
    mode: Mode = Mode.UNKNOWN
    actors: Annotated[list[Actor], Field(max_length=20, default_factory=list)]
    people_to_people: Flag | None = None
    fields: Annotated[list[Line], Field(max_length=50, default_factory=list)]
    participants: Count | None = None
    value: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = None
    currency: Currency | None = None
    description: BilingualText | None = None
    evidence: Annotated[list[Evidence], Field(max_length=50, default_factory=list)]
    place: Line | None = None
    caused_by: UUID | None = None
    source: Line | None = None
    batch: Slug | None = None
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _value_has_currency(self) -> Self:
        if (self.value is None) != (self.currency is None):
            raise Unfit("`value` and `currency` go together.", "Give both or neither.")
        return self

    @model_validator(mode="after")
    def _only_documents_expire(self) -> Self:
        if self.valid_until is not None:
            if self.indicator is not Indicator.DOCUMENT:
                raise Unfit("Only a document has a `valid_until`.", "Leave it out, or correct the indicator.")
            _check_expiry(self.valid_until, self.occurred)
        return self


class ActivityRecorded(ActivityFacts):
    """An activity is posted."""


class ActivityCorrected(Data):
    """Something in an activity was wrong; `changes` names only what changes, null takes a value away.

    `based_on`, if given, is the event by which the activity stood when its author looked at it: the activity's own id or
    that of its last correction. Where another has corrected it since, the correction is refused.
    """

    activity: UUID
    changes: Annotated[dict[str, Any], Field(min_length=1)]
    reason: Line
    based_on: UUID | None = None


class ActivityRetracted(Data):
    """An activity should never have been posted; it stays readable and counts no more.

    Where `activity` is the id of a retraction, or of the reversal of an import, that is taken back instead.
    """

    activity: UUID
    reason: Line


class ImportReversed(Data):
    """A whole import is taken back: every activity that carries its `batch` counts no more."""

    batch: Slug
    reason: Line


class ImportCompleted(Data):
    """An import is whole: the activities that carry its id count from here on. Written by the ledger itself.

    `rows` is how many they are, `hash` the SHA-256 over their events' hashes in the order of the file.
    """

    import_id: Annotated[UUID, Field(alias="import")]
    batch: Slug
    rows: Annotated[int, Field(strict=True, ge=1)]
    hash: Hash


class RatingSet(Data):
    """The bureau's official judgement of a partnership, beside the computed rating and never instead of it."""

    partnership: Slug
    rating: RatingCode
    reason: Line
    valid_from: Day
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise Unfit("`valid_until` is before `valid_from`.", "Put the later day last.")
        return self


class RatingLifted(Data):
    """An official judgement is taken back before its expiry."""

    partnership: Slug
    judgement: UUID
    reason: Line


class RubricAdopted(Data):
    """A rubric becomes law from a day on; past days keep the law of their day.

    Where another was adopted from the very same day, `replaces` is the id of the event that adopted it.
    """

    rubric: Rubric
    valid_from: Day
    replaces: UUID | None = None


class DayClosed(Data):
    """A day of the home's calendar is over. Written by the ledger itself, once per home and day."""

    day: Day


class ReportIssued(Data):
    """A report is fixed: the question, the position it was answered at, the hash of what was handed out.

    `content` is the hash of the same report as JSON: by it one can tell what a report says from how it is written.
    `versions` are those of the programs that made it.
    """

    kind: Slug
    question: dict[str, Any]
    position: Annotated[int, Field(strict=True, ge=0)]
    hash: Hash
    versions: dict[str, str]
    content: Hash | None = None


EVENT_TYPES: Mapping[str, type[Data]] = MappingProxyType(
    {
        "home.opened": HomeOpened,
        "home.changed": HomeChanged,
        "partnership.registered": PartnershipRegistered,
        "partnership.changed": PartnershipChanged,
        "partnership.ended": PartnershipEnded,
        "milestone.reached": MilestoneReached,
        "programme.agreed": ProgrammeAgreed,
        "activity.recorded": ActivityRecorded,
        "activity.corrected": ActivityCorrected,
        "activity.retracted": ActivityRetracted,
        "import.reversed": ImportReversed,
        "import.completed": ImportCompleted,
        "rating.set": RatingSet,
        "rating.lifted": RatingLifted,
        "rubric.adopted": RubricAdopted,
        "day.closed": DayClosed,
        "report.issued": ReportIssued,
    }
)
WRITTEN_BY_THE_LEDGER = frozenset({"home.opened", "day.closed", "import.completed"})


@dataclass(frozen=True, slots=True)
class Event:
    """An event as read from the ledger.

    `position` and `recorded_at` are the ledger's (transaction time), `recorded_on` is that moment's day in the home's time
    zone; `partnership` is None where the event concerns the whole home; `author` is the account that posted it;
    `import_id` is the import that it belongs to, and without whose completion it does not count.
    """

    position: int
    recorded_at: datetime
    recorded_on: date
    id: UUID
    home: str
    type: str
    author: str
    partnership: str | None
    data: Data
    import_id: UUID | None = None


def home_opened_id(home: str) -> UUID:
    """Return the one id that the opening of this home can have: its time zone is said once."""
    return uuid5(NAMES_OF_DERIVED_IDS, f"{home}/home.opened")


def day_closed_id(home: str, day: date) -> UUID:
    """Return the one id that the closing of this day can have, so that any number of tickers write it once."""
    return uuid5(NAMES_OF_DERIVED_IDS, f"{home}/day.closed/{day.isoformat()}")


def imported_id(import_id: UUID, row: int) -> UUID:
    """Return the one id that this row of the file can have, so that a load that was killed is gone on with."""
    return uuid5(import_id, str(row))


def report_issued_id(home: str, question: bytes, report_hash: str) -> UUID:
    """Return the one id that the issuing of these bytes for this question, in canonical form, can have: it is issued once."""
    said = hashlib.sha256(question).hexdigest()
    return uuid5(NAMES_OF_DERIVED_IDS, f"{home}/report.issued/{said}/{report_hash}")


def import_completed_id(import_id: UUID) -> UUID:
    """Return the one id that the completion of this import can have."""
    return uuid5(import_id, "import.completed")
