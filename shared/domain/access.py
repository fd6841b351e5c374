"""Who may do what: one pure function, `may(principal, action, subject)`, asked wherever anything is done or shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

ALL_HOMES = "all"
"""What a ministry asks for when it asks across all homes; no home can have this name."""


class Role(StrEnum):
    """What somebody is to a home."""

    BUREAU_EDITOR = "bureau"
    ISSUER = "issuer"
    EMBASSY = "embassy"
    VIEWER = "viewer"
    PUBLIC = "public"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    MINISTRY = "ministry"


class Scope(StrEnum):
    """What a token may be used for at most, whatever its role may do."""

    READ = "read"
    POST = "post"
    ISSUE = "issue"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, in one home. `account` stands as author under every event it posts; it is no person's name.

    `partnerships` are those that it may see and post for, None for all of the home's; an embassy has none but those named.
    `scopes` narrow what its role may do (`Scope`), None for no narrowing. `session` is the
    session that it asks in, None for a token.
    """

    account: str
    home: str
    role: Role
    partnerships: frozenset[str] | None = None
    scopes: frozenset[str] | None = None
    session: str | None = None


class Action(StrEnum):
    """What can be done: one for each kind of thing."""

    READ = "read"
    READ_WITHDRAWN = "read-withdrawn"
    READ_STATUS = "read-status"
    READ_PARKED = "read-parked"
    READ_ISSUED = "read-issued"
    ORDER_REPORT = "order-report"
    READ_IMPORTS = "read-imports"
    READ_AUDIT = "read-audit"
    KEEP_OWN_ACCESS = "keep-own-access"
    SUBSCRIBE = "subscribe"
    ACKNOWLEDGE = "acknowledge"
    POST = "post"
    KEEP_REGISTRY = "keep-registry"
    NOTE_MILESTONE = "note-milestone"
    AGREE_PROGRAMME = "agree-programme"
    RECORD_ACTIVITY = "record-activity"
    CORRECT_ACTIVITY = "correct-activity"
    RETRACT_ACTIVITY = "retract-activity"
    IMPORT = "import"
    REVERSE_IMPORT = "reverse-import"
    JUDGE = "judge"
    ADOPT_RUBRIC = "adopt-rubric"
    ISSUE_REPORT = "issue-report"
    CHANGE_HOME = "change-home"
    OPEN_HOME = "open-home"
    KEEP_PEOPLE = "keep-people"
    CLOSE_DAY = "close-day"


ACTION_OF_EVENT: Mapping[str, Action] = MappingProxyType(
    {
        "home.opened": Action.OPEN_HOME,
        "home.changed": Action.CHANGE_HOME,
        "partnership.registered": Action.KEEP_REGISTRY,
        "partnership.changed": Action.KEEP_REGISTRY,
        "partnership.ended": Action.KEEP_REGISTRY,
        "milestone.reached": Action.NOTE_MILESTONE,
        "programme.agreed": Action.AGREE_PROGRAMME,
        "activity.recorded": Action.RECORD_ACTIVITY,
        "activity.corrected": Action.CORRECT_ACTIVITY,
        "activity.retracted": Action.RETRACT_ACTIVITY,
        "import.reversed": Action.REVERSE_IMPORT,
        "import.completed": Action.IMPORT,
        "rating.set": Action.JUDGE,
        "rating.lifted": Action.JUDGE,
        "rubric.adopted": Action.ADOPT_RUBRIC,
        "day.closed": Action.CLOSE_DAY,
        "report.issued": Action.ISSUE_REPORT,
    }
)
"""What posting an event of each type is."""

_RELEASED = {Action.READ, Action.READ_STATUS}
_LOOKING = {
    *_RELEASED,
    Action.READ_WITHDRAWN,
    Action.READ_PARKED,
    Action.READ_ISSUED,
    Action.ORDER_REPORT,
    Action.KEEP_OWN_ACCESS,
    Action.SUBSCRIBE,
}
_OF_ACTIVITIES = {Action.RECORD_ACTIVITY, Action.CORRECT_ACTIVITY, Action.RETRACT_ACTIVITY}
_EDITING = {
    *_LOOKING,
    *_OF_ACTIVITIES,
    Action.ACKNOWLEDGE,
    Action.READ_IMPORTS,
    Action.POST,
    Action.KEEP_REGISTRY,
    Action.NOTE_MILESTONE,
    Action.AGREE_PROGRAMME,
    Action.IMPORT,
    Action.REVERSE_IMPORT,
    Action.JUDGE,
    Action.ADOPT_RUBRIC,
    Action.CHANGE_HOME,
}
RIGHTS: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        Role.BUREAU_EDITOR: frozenset(_EDITING),
        Role.ISSUER: frozenset({*_EDITING, Action.ISSUE_REPORT}),
        Role.EMBASSY: frozenset({*_LOOKING, *_OF_ACTIVITIES, Action.ACKNOWLEDGE, Action.POST}),
        Role.VIEWER: frozenset(_LOOKING),
        Role.PUBLIC: frozenset(_RELEASED),
        Role.AUDITOR: frozenset({*_LOOKING, Action.READ_IMPORTS, Action.READ_AUDIT}),
        Role.ADMINISTRATOR: frozenset({*_LOOKING, Action.READ_AUDIT, Action.KEEP_PEOPLE, Action.OPEN_HOME}),
        Role.MINISTRY: frozenset(_LOOKING),
    }
)
"""What each role may do in its own home. Nobody closes days: the ledger does."""

_ACROSS_HOMES = {Role.MINISTRY}
_FILTERED = _LOOKING | {Action.POST, Action.ACKNOWLEDGE}
"""What may be asked without naming a partnership: the answer, or each event posted, is held to the partnerships allowed."""
_SCOPES: Mapping[Action, Scope | None] = {
    Action.ISSUE_REPORT: Scope.ISSUE,
    Action.OPEN_HOME: Scope.ADMINISTER,
    Action.KEEP_PEOPLE: Scope.ADMINISTER,
    Action.KEEP_OWN_ACCESS: None,  # what one has is looked at with any token, and changed by people only
    **dict.fromkeys((*_LOOKING - {Action.KEEP_OWN_ACCESS}, Action.READ_IMPORTS, Action.READ_AUDIT), Scope.READ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What something is done to: a home, or one partnership of it.

    `released` says whether the home shows it to the public; `home` may be `ALL_HOMES`.
    """

    home: str
    partnership: str | None = None
    released: bool = False


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not; `why` and `remedy` are a sentence each."""

    why: str
    remedy: str


def may(principal: Principal, action: Action, subject: Subject) -> Allowed | Refused:
    """Say whether a principal may do something to a subject."""
    if action not in RIGHTS[principal.role]:
        return Refused(f"The role “{principal.role}” may not {_in_words(action)}.", "Ask somebody whose role may.")
    if subject.home != principal.home and principal.role not in _ACROSS_HOMES:
        return Refused(
            f"“{principal.account}” belongs to the home “{principal.home}” only.", "Leave “home” out, or name your own."
        )
    if principal.role is Role.PUBLIC and not subject.released:
        return Refused("This is not released to the public.", "Sign in, or ask the bureau for access.")
    needed = _SCOPES.get(action, Scope.POST)
    if needed is not None and principal.scopes is not None and needed not in principal.scopes:
        return Refused(f"The token's scopes do not name “{needed}”.", "Use a token that has this scope.")
    return _may_with(principal, action, subject.partnership)


def partnerships_of(principal: Principal) -> frozenset[str] | None:
    """Return the partnerships that a principal may see and post for, None for all of its home's."""
    if principal.role is Role.EMBASSY:
        return principal.partnerships or frozenset()
    return principal.partnerships


def partnerships_in_order(principal: Principal) -> list[str] | None:
    """Return the same as a list, as a query takes it: what it does not name is not read, counted or shown."""
    own = partnerships_of(principal)
    return sorted(own) if own is not None else None


def _may_with(principal: Principal, action: Action, partnership: str | None) -> Allowed | Refused:
    own = partnerships_of(principal)
    if own is None or (partnership in own if partnership is not None else action in _FILTERED):
        return Allowed()
    if partnership is None:
        return Refused("This concerns the whole home, and the account some of its partnerships.", "Ask the bureau.")
    return Refused(
        f"“{principal.account}” may not {_in_words(action)} for “{partnership}”.", "Name a partnership of your own."
    )


def _in_words(action: Action) -> str:
    return action.value.replace("-", " ")
