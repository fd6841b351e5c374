"""Given who is posting, when something is sent, then it is refused where the rules refuse it, and nothing foreign is told."""

import pytest

from services.ingest.accept import accept
from services.ingest.allow import NotAllowed, own_part, refuse_by_rule
from shared.domain.access import Action, Subject
from shared.domain.book import Book
from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER
from shared.wire.problems import Problem
from tests.shared.domain.test_access import RIGHTS
from tests.shared.domain.test_events import MINIMAL
from tests.support.build import (
    a_book,
    a_partnership,
    a_principal,
    a_situation,
    an_activity,
    an_event,
    an_id,
    requests_for,
)

REASON = "It was wrong"
OWN, FOREIGN = an_id(1), an_id(2)
BOOK = a_book(
    an_event("partnership.registered", a_partnership()),
    an_event("partnership.registered", a_partnership(partnership="tokyo")),
    an_event("activity.recorded", an_activity(batch="import-1"), event_id=OWN),
    an_event("activity.recorded", an_activity(partnership="tokyo", batch="import-1"), event_id=FOREIGN),
)


def refused(*sent, role="embassy", book=BOOK) -> NotAllowed | None:
    requests = requests_for(*sent)
    return refuse_by_rule(requests, [an_id(100 + n) for n in range(len(requests))], book, a_principal(role))


def decided(*sent, role="embassy", book=BOOK):
    """What `accept` says, to whom the book holds only what this role may know of."""
    requests = requests_for(*sent)
    principal = a_principal(role)
    return accept(requests, [an_id(100 + n) for n in range(len(requests))], a_situation(own_part(book, principal)))


def correction(activity):
    return "activity.corrected", {"activity": str(activity), "changes": {"place": "Hanoi"}, "reason": REASON}


def retraction(activity):
    return "activity.retracted", {"activity": str(activity), "reason": REASON}


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("event_type", sorted(set(EVENT_TYPES) - WRITTEN_BY_THE_LEDGER))
def test_each_role_posts_what_it_may_and_nothing_else(role: str, event_type: str):
    data = {**MINIMAL[event_type]} | ({"activity": str(OWN)} if "activity" in MINIMAL[event_type] else {})
    ordinary = {
        "home.changed": "change-home",
        "milestone.reached": "note-milestone",
        "programme.agreed": "agree-programme",
        "activity.recorded": "record-activity",
        "activity.corrected": "correct-activity",
        "activity.retracted": "retract-activity",
        "import.reversed": "reverse-import",
        "rubric.adopted": "adopt-rubric",
        "report.issued": "issue-report",
    }
    action = ordinary.get(event_type) or {"partnership": "keep-registry", "rating": "judge"}[event_type.split(".")[0]]

    assert (refused((event_type, data), role=role) is None) == (action in RIGHTS[role])


def test_an_embassy_posts_for_its_own_partnership_and_for_no_other():
    assert refused(("activity.recorded", an_activity())) is None

    found = refused(("activity.recorded", an_activity()), ("activity.recorded", an_activity(partnership="tokyo")))

    assert found is not None
    assert (found.action, found.subject) == (Action.RECORD_ACTIVITY, Subject("jakarta", "tokyo"))


def test_a_foreign_partnership_is_refused_alike_whether_it_is_registered_or_not():
    foreign = [refused(("activity.recorded", an_activity(partnership=slug))) for slug in ("tokyo", "nowhere")]

    assert [each.refusal.why.replace(each.subject.partnership, "…") for each in foreign] == [
        "“jakarta/embassy” may not record activity for “…”."
    ] * 2


@pytest.mark.parametrize("amendment", [correction, retraction])
def test_a_foreign_activity_is_as_unknown_to_an_embassy_as_one_that_is_not_there(amendment):
    answers = []
    for activity in (FOREIGN, an_id(3)):
        assert refused(amendment(activity), book=own_part(BOOK, a_principal("embassy"))) is None
        answers.append(decided(amendment(activity)))

    assert all(isinstance(each, Problem) for each in answers)
    said = [
        str(each.document()).replace(str(activity), "…")
        for each, activity in zip(answers, (FOREIGN, an_id(3)), strict=True)
    ]
    assert said[0] == said[1]
    assert answers[0].kind == "unknown-activity"


@pytest.mark.parametrize("amendment", [correction, retraction])
def test_an_embassy_amends_its_own(amendment):
    assert refused(amendment(OWN)) is None
    assert not isinstance(decided(amendment(OWN)), Problem)


def test_what_caused_an_activity_cannot_be_used_to_find_out_what_is_there():
    sent = ("activity.recorded", an_activity(caused_by=str(FOREIGN)))

    assert decided(sent).kind == "unknown-caused-by"
    assert not isinstance(decided(sent, role="bureau"), Problem)


def test_an_embassy_cannot_take_back_the_reversal_of_an_import_that_reaches_beyond_it():
    reversal = an_event("import.reversed", {"batch": "import-1", "reason": REASON}, event_id=an_id(9))
    both = a_book(
        an_event("activity.recorded", an_activity(batch="import-1"), event_id=OWN),
        an_event("activity.recorded", an_activity(partnership="tokyo", batch="import-1"), event_id=FOREIGN),
        reversal,
    )
    only_own = a_book(an_event("activity.recorded", an_activity(batch="import-1"), event_id=OWN), reversal)

    foreign = a_book(an_event("activity.recorded", an_activity(partnership="tokyo", batch="import-1")), reversal)

    assert refused(retraction(an_id(9)), book=both) is not None
    assert refused(retraction(an_id(9)), book=foreign) is None
    assert decided(retraction(an_id(9)), book=foreign).kind == "unknown-activity"
    assert refused(retraction(an_id(9)), book=only_own) is None
    assert refused(retraction(an_id(9)), book=both, role="bureau") is None


def test_what_is_recorded_in_the_same_batch_can_be_amended_in_it():
    assert refused(("activity.recorded", an_activity()), correction(an_id(100))) is None
    foreign = refused(("activity.recorded", an_activity(partnership="tokyo")), correction(an_id(100)), role="embassy")
    assert foreign is not None


def test_whoever_may_see_all_keeps_the_whole_book():
    assert own_part(BOOK, a_principal("bureau")) is BOOK
    own = own_part(BOOK, a_principal("embassy"))
    assert (set(own.partnerships), set(own.activities)) == ({"hanoi"}, {OWN})
    assert own_part(BOOK, a_principal("embassy", partnerships=None)) == Book()
