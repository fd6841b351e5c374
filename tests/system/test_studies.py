"""What people ask beyond the ratings, over HTTP: history, the law, foresight, what-if, backtest, diagnosis, a life."""

import asyncio
import threading
from uuid import uuid4

import pytest

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from services.reports.documents import Measures
from services.reports.study_routes import MOST_FACTS, work_out
from shared.domain.diagnosis import Diagnosis
from shared.postgres.pool import open_pool
from tests.support.build import rubric_data
from tests.support.installation import installed
from tests.system.test_api import BEIJING, a_letter

DIFFERING = ["hanoi", "los-angeles", "paris"]


@pytest.fixture
async def beijing(installation):
    """An installation that knows one partnership."""
    assert (await installation.post("partnership.registered", BEIJING)).status_code == 201
    return installation


@pytest.fixture(scope="module")
async def unchanged(postgres, tmp_path_factory):
    """Another that knows it, which starts once, for tests that add nothing to it."""
    async with installed(postgres, tmp_path_factory.mktemp("unchanged")) as running:
        assert (await running.post("partnership.registered", BEIJING)).status_code == 201
        yield running


@pytest.fixture(scope="module")
async def jakarta(postgres, tmp_path_factory):
    """An installation with Jakarta's facts, to which tests add nothing that is known by the moment they ask about."""
    async with installed(postgres, tmp_path_factory.mktemp("jakarta")) as running:
        answer = await running.post_batch([*partnership_events(JAKARTA), *activity_events(JAKARTA)])
        assert answer.status_code == 201, answer.text
        yield running


async def ask(installation, path, status=200, role=None, **parameters):
    answer = await installation.get(f"/reports/v1/{path}", role, **parameters)
    assert answer.status_code == status, answer.text
    return answer.json()


async def send(installation, path, body, status=200):
    headers = {"Kembar-Min-Position": str(installation.last_position)}
    answer = await installation.http.post(f"/reports/v1/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def history_of(installation, slug, **parameters):
    answer = await installation.get(f"/scoring/v1/ratings/{slug}/history", **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


# History.


async def test_each_change_of_a_rating_is_told_with_its_cause_and_how_it_stood_before_and_after(beijing):
    visit = (await beijing.post("activity.recorded", a_letter(indicator="visit", direction="mutual"))).json()
    await beijing.post("activity.recorded", a_letter(indicator="visit", direction="inbound"))
    retraction = (await beijing.post("activity.retracted", {"activity": visit["event_id"], "reason": "Slip"})).json()

    newest, middle, oldest = (await history_of(beijing, "beijing"))["items"]

    assert newest["cause"] == {
        "event_id": retraction["event_id"],
        "type": "activity.retracted",
        "position": retraction["position"],
        "recorded_at": retraction["recorded_at"],
    }
    assert newest["changed"] == ["score", "cells"]
    assert visit["event_id"] in newest["before"]["cells"]["visit"]["outbound"]
    assert len(newest["before"]["cells"]["visit"]["inbound"]) == 2
    assert newest["after"]["cells"]["visit"]["outbound"] == []
    assert (middle["cause"]["event_id"], middle["changed"]) == (
        visit["event_id"],
        ["rating", "score", "cells", "dormant"],
    )
    assert (oldest["changed"], oldest["before"], oldest["after"]["rating"]) == (["in_force"], None, "tidak_aktif")


async def test_an_official_rating_shows_in_the_history_when_it_begins_and_when_it_is_lifted(beijing):
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan", "valid_from": "2026-01-01"}
    setting = (await beijing.post("rating.set", judgement)).json()
    await beijing.post(
        "rating.lifted", {"partnership": "beijing", "judgement": setting["event_id"], "reason": "Sudah berakhir"}
    )

    lifted, begun, _ = (await history_of(beijing, "beijing"))["items"]

    assert [each["changed"] for each in (lifted, begun)] == [["official"], ["official"]]
    assert (begun["before"]["official"], begun["after"]["official"]["rating"]) == (None, "aktif")
    assert (lifted["before"]["official"]["rating"], lifted["after"]["official"]) == ("aktif", None)


async def test_the_public_is_not_told_who_judged(beijing):
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan", "valid_from": "2026-01-01"}
    await beijing.post("rating.set", judgement)

    authors = []
    for role in (None, "bureau"):
        seen = await beijing.get("/scoring/v1/ratings/beijing/history", role)
        of_now = await beijing.get("/scoring/v1/ratings/beijing", role)
        authors += [seen.json()["items"][0]["after"]["official"]["author"], of_now.json()["official"]["author"]]
    assert authors == [None, None, "jakarta/bureau", "jakarta/bureau"]


async def test_a_long_history_comes_in_pages_that_fit_together(beijing):
    for direction in ("inbound", "outbound"):
        for indicator in ("contact", "visit", "aid"):
            await beijing.post("activity.recorded", a_letter(indicator=indicator, direction=direction))
    whole = (await history_of(beijing, "beijing"))["items"]

    page = await history_of(beijing, "beijing", limit="3")
    found = list(page["items"])
    while page["next"]:
        page = await history_of(beijing, "beijing", limit="3", cursor=page["next"])
        found += page["items"]

    assert found == whole
    assert len(whole) == 7


async def test_who_asks_for_the_history_of_nobody_is_told_so(unchanged):
    unknown = await unchanged.get("/scoring/v1/ratings/nowhere/history")
    bad = await unchanged.get("/scoring/v1/ratings/beijing/history", cursor="x")

    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/unknown-partnership")
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "cursor")


async def test_the_ratings_of_now_can_be_had_with_the_newest_activity_of_each_cell_only(beijing):
    for day in ("2026-11-18", "2026-11-20", "2026-11-19"):
        await beijing.post("activity.recorded", a_letter(occurred=day))

    for path in ("/scoring/v1/ratings", "/reports/v1/ratings"):
        (whole,) = (await beijing.get(path)).json()["items"]
        (slim,) = (await beijing.get(path, cells="newest")).json()["items"]
        assert slim["cells"]["contact"]["inbound"] == whole["cells"]["contact"]["inbound"][-1:]
        assert {**slim, "cells": None} == {**whole, "cells": None}


# The law.


async def test_the_law_says_which_rubric_holds_from_when_to_when(beijing):
    first = {"rubric": rubric_data(), "valid_from": "2026-01-01"}
    other = {"rubric": rubric_data(version=2, window_months=36), "valid_from": "2026-01-01"}
    adopted = (await beijing.post("rubric.adopted", first)).json()
    assert (await beijing.post("rubric.adopted", other)).status_code == 409
    replacing = (await beijing.post("rubric.adopted", {**other, "replaces": adopted["event_id"]})).json()

    default, replaced, law = (await ask(beijing, "rubrics", role="bureau"))["items"]
    before = (await ask(beijing, "rubrics", known=adopted["recorded_at"]))["items"]

    assert (default["rubric"]["id"], default["from"], default["to"]) == ("jakarta-2020", None, "2025-12-31")
    assert (replaced["replaced_by"]["event_id"], replaced["to"]) == (replacing["event_id"], None)
    assert (law["rubric"]["version"], law["from"], law["to"]) == (2, "2026-01-01", None)
    assert law["adopted_by"]["author"] == "jakarta/bureau"
    assert (await ask(beijing, "rubrics"))["items"][2]["adopted_by"]["author"] is None  # as the public sees it
    assert [each["rubric"]["version"] for each in before] == [1, 1]


# Foresight.


async def test_foresight_says_what_comes_of_itself_and_what_would_help(jakarta):
    answer = await ask(jakarta, "foresight", on="2020-12-31")
    (one,) = (await ask(jakarta, "foresight", on="2020-12-31", partnership="los-angeles"))["items"]

    assert len(answer["items"]) == 22
    assert one in answer["items"]
    ratings = await jakarta.ratings(on="2020-12-31")
    assert one["falls"][0] == ratings["los-angeles"]["next_change"]
    assert one["keep"]["by"] == one["falls"][0]["on"]
    assert one["keep"]["ways"][0]["activities"]


async def test_foresight_looks_at_nothing_recorded_later(jakarta):
    known = (await ask(jakarta, "activities", limit="1"))["items"][0]["recorded_at"]
    asked = {"on": "2020-12-31", "partnership": "beijing", "known": known}
    before = (await ask(jakarta, "foresight", **asked))["items"]
    plan = a_letter(indicator="aid", occurred="2027-03", outcome="planned")
    await jakarta.post("activity.recorded", plan)

    assert (await ask(jakarta, "foresight", **asked))["items"] == before
    (later,) = (await ask(jakarta, "foresight", on="2020-12-31", partnership="beijing"))["items"]
    assert len(later["plans"]) == len(before[0]["plans"]) + 1
    await ask(jakarta, "foresight", status=404, partnership="nowhere")


# What if.


async def test_what_if_says_whose_rating_another_law_would_have_changed_and_when(jakarta):
    rubric = rubric_data(thresholds={"aktif": 7, "kurang_aktif": 1})
    period = {"from": "2020-12-31", "to": "2020-12-31"}

    answer = await send(jakarta, "whatif", {**period, "rubric": rubric})

    then = await jakarta.ratings(on="2020-12-31")
    fallen = {slug for slug, each in then.items() if each["rating"] == "aktif" and each["score"] < 7}
    assert {each["partnership"] for each in answer["items"]} == fallen
    beijing = next(each for each in answer["items"] if each["partnership"] == "beijing")
    assert (beijing["differences"][-1]["to"], beijing["differences"][-1]["then"]) == ("2020-12-31", "kurang_aktif")
    assert answer["compared"] == 22
    assert (await send(jakarta, "whatif", period))["items"] == []


async def test_what_if_adds_and_leaves_out_activities_and_writes_nothing(beijing):
    letters = [(await beijing.post("activity.recorded", a_letter(direction="mutual"))).json()["event_id"]]
    before = (await ask(beijing, "ratings"))["items"], beijing.last_position
    more = a_letter(indicator="visit", occurred="2026-11-10")

    added = await send(
        beijing, "whatif", {"from": "2026-11-01", "to": "2026-11-30", "add": [more], "partnership": "beijing"}
    )
    await send(beijing, "whatif", {"from": "2026-11-01", "to": "2026-11-30", "partnership": "nowhere"}, status=404)
    removed = await send(beijing, "whatif", {"from": "2026-11-01", "to": "2026-11-30", "remove": letters})

    assert [each["partnership"] for each in added["items"]] == ["beijing"]
    assert [(each["from"], each["was"], each["then"]) for each in added["items"][0]["differences"]] == [
        ("2026-11-10", "tidak_aktif", "kurang_aktif"),
        ("2026-11-20", "kurang_aktif", "aktif"),
    ]
    assert added["items"][0]["differences"][1]["lit_only_then"] == [{"indicator": "visit", "direction": "inbound"}]
    (lost,) = removed["items"][0]["differences"]
    assert (lost["from"], lost["to"], lost["then"]) == ("2026-11-20", "2026-11-30", "tidak_aktif")
    assert ((await ask(beijing, "ratings"))["items"], (await ask(beijing, "ratings"))["position"]) == before


PERIOD = {"from": "2020-01-01", "to": "2020-12-31"}


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        ({"to": "2020-12-31"}, "invalid", "from"),
        ({**PERIOD, "colour": 1}, "invalid", "colour"),
        ({"from": "2020-02-30", "to": "2020-12-31"}, "invalid", "from"),
        ({**PERIOD, "rubric": rubric_data(thresholds={"aktif": 11, "kurang_aktif": 1})}, "invalid", "rubric"),
        ({**PERIOD, "rubric": rubric_data(cells={"gift": {}})}, "invalid", "rubric.cells.gift"),
        ({**PERIOD, "add": [a_letter(partnership="nowhere")]}, "unknown-partnership", "add.0.partnership"),
        ({**PERIOD, "add": [a_letter(occurred="soon")]}, "invalid", "add.0.occurred"),
        ({**PERIOD, "add": [a_letter()] * 1_001}, "invalid", "add"),
        ({**PERIOD, "remove": [str(uuid4())]}, "unknown-activity", "remove"),
    ],
)
async def test_a_what_if_that_makes_no_sense_is_refused_by_field(unchanged, body, kind, field):
    problem = await send(unchanged, "whatif", body, status=422)

    assert (problem["type"], problem["errors"][0]["field"]) == (f"/problems/{kind}", field)
    assert len(problem["errors"][0]["remedy"]) > 5


async def test_a_body_that_is_no_json_is_told_so(unchanged):
    answer = await unchanged.http.post("/reports/v1/whatif", content=b"{", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-json")


async def test_a_body_that_is_not_said_to_be_json_is_told_what_to_send(unchanged):
    answer = await unchanged.http.post("/reports/v1/whatif", content=b'{"from": "2017-01-01", "to": "2020-12-31"}')

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Content-Type"


async def test_the_loop_is_free_while_something_long_is_worked_out():
    release = threading.Event()
    long = asyncio.create_task(work_out(asyncio.Semaphore(1), release.wait, 20))
    await asyncio.sleep(0)

    release.set()

    assert await long is True, "the loop waited for the work to end before it went on"


async def test_one_piece_of_long_work_waits_for_the_other():
    turn, release, order = asyncio.Semaphore(1), threading.Event(), []
    first = asyncio.create_task(work_out(turn, lambda: release.wait(20) and order.append("first")))
    second = asyncio.create_task(work_out(turn, order.append, "second"))
    await asyncio.sleep(0.05)
    release.set()
    await asyncio.gather(first, second)

    assert order == ["first", "second"]


# Backtest.


async def test_the_backtest_agrees_with_the_study_on_19_of_22_and_names_the_three(jakarta):
    answer = await send(jakarta, "backtest", {"on": "2020-12-31", "official": published_ratings(JAKARTA)})

    assert (answer["agreeing"], answer["of"]) == (19, 22)
    assert [each["partnership"] for each in answer["differing"]] == DIFFERING
    assert sum(sum(each.values()) for each in answer["matrix"].values()) == 22
    assert answer["leave_one_out"]["of"] == 22
    assert len(answer["stability"]) == 22
    assert all(0 < each["share"] <= 1 for each in answer["stability"])


async def test_the_backtest_takes_the_official_ratings_in_force_where_none_are_sent(beijing):
    problem = await send(beijing, "backtest", {"on": "2026-11-21"}, status=422)
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan", "valid_from": "2026-01-01"}
    await beijing.post("rating.set", {**judgement, "valid_until": "2026-11-21"})

    answer = await send(beijing, "backtest", {"on": "2026-11-21"})

    assert problem["errors"][0]["field"] == "official"
    assert (answer["agreeing"], answer["of"]) == (0, 1)
    assert answer["differing"][0] == {
        "partnership": "beijing",
        "official": "aktif",
        "computed": "tidak_aktif",
        "score": 0,
    }
    await send(beijing, "backtest", {"on": "2026-11-22"}, status=422)


async def test_what_is_not_in_force_is_named_and_not_compared(unchanged):
    official = {"beijing": "aktif", "nowhere": "aktif"}

    assert (await send(unchanged, "backtest", {"official": official}))["not_compared"] == ["nowhere"]
    assert (await send(unchanged, "backtest", {"official": {"beijing": "gold"}}, status=422))["errors"][0]["field"] == (
        "official.beijing"
    )


# Diagnosis.


def test_every_measure_is_defined_where_it_is_documented():
    assert list(Measures.model_fields) == list(Diagnosis.__dataclass_fields__)
    assert all(len(each.description) > 20 for each in Measures.model_fields.values())


async def test_the_diagnosis_measures_each_partnership_over_a_period(jakarta):
    answer = await ask(jakarta, "diagnosis", from_="2017-01-01", to="2020-12-31")
    (one,) = (await ask(jakarta, "diagnosis", from_="2017-01-01", to="2020-12-31", partnership="beijing"))["items"]

    assert len(answer["items"]) == 22
    assert one in answer["items"]
    share = one["measures"]["people_to_people"]
    assert share["value"] == round(len(share["part"]) / len(share["of"]), 4)
    assert one["measures"]["with_evidence"]["value"] == 0
    silent = next(each for each in answer["items"] if each["partnership"] == "paris")
    assert silent["measures"]["balance_of_visits"] == {"value": None, "of": [], "part": []}


async def test_the_diagnosis_reads_what_was_corrected_by_then_and_nothing_later(beijing):
    letter = (await beijing.post("activity.recorded", a_letter(mode="online"))).json()
    correction = {"activity": letter["event_id"], "changes": {"mode": "in_person"}, "reason": "Slip"}
    await beijing.post("activity.corrected", correction)
    period = {"from_": "2026-01-01", "to": "2026-12-31"}

    (now,) = (await ask(beijing, "diagnosis", **period))["items"]
    (then,) = (await ask(beijing, "diagnosis", **period, known=letter["recorded_at"]))["items"]

    assert (then["measures"]["online"]["value"], now["measures"]["online"]["value"]) == (1, 0)
    assert now["measures"]["median_days_to_posting"]["value"] >= 1
    await ask(beijing, "diagnosis", status=422, from_="2026-01-01")
    await ask(beijing, "diagnosis", status=404, **period, partnership="nowhere")


async def test_what_would_take_too_long_is_refused_with_what_to_do(beijing):
    pool = await open_pool(beijing.settings, "reports")
    await pool.execute(
        """INSERT INTO activity_version (home, activity, from_position, partnership, indicator, direction, outcome, mode,
               first_day, last_day, stated_on, facts)
           SELECT 'jakarta', gen_random_uuid(), 1, 'beijing', 'visit', 'inbound', 'held', 'online', '2020-05-01',
               '2020-05-01', '2020-05-01', '{}'
           FROM generate_series(1, $1::int)""",
        MOST_FACTS + 1,
    )
    await pool.close()

    for problem in (
        await ask(beijing, "diagnosis", status=422, from_="2020-01-01", to="2020-12-31"),
        await ask(beijing, "foresight", status=422),
        await send(beijing, "whatif", PERIOD, status=422),
        await ask(beijing, "partnerships/beijing/life", status=422),
    ):
        assert problem["type"] == "/problems/too-much"
        assert problem["remedy"]


# A partnership's own life.


async def test_the_life_of_a_partnership_tells_its_procedure_agreements_programmes_and_fields(beijing):
    await beijing.post(
        "partnership.changed",
        {"partnership": "beijing", "changes": {"fields": ["Education", "Health"]}, "reason": "The memorandum"},
    )
    steps = [
        {"milestone": "initiative", "reached": "1991"},
        {"milestone": "study_of_benefits", "reached": "1992-02", "requirements": ["equal_status", "complementary"]},
        {"milestone": "signing", "reached": "1992-08-04", "valid_until": "2020-08-03"},
        {"milestone": "renewal", "reached": "2020-08-01", "valid_until": "2130-08-03"},
    ]
    for each in steps:
        answer = await beijing.post("milestone.reached", {"partnership": "beijing", **each})
        assert answer.status_code == 201, answer.text
    lines = [{"title": {"en": "Youth exchange"}}, {"title": {"en": "Seminar"}}]
    await beijing.post("programme.agreed", {"partnership": "beijing", "year": 2026, "activities": lines})
    exchange = a_letter(title={"en": "Youth exchange"}, fields=["education", "Waste"])
    held = (await beijing.post("activity.recorded", exchange)).json()["event_id"]
    document = a_letter(indicator="document", occurred="2025-05", valid_until="2026-05-31")
    signed = (await beijing.post("activity.recorded", document)).json()["event_id"]

    life = await ask(beijing, "partnerships/beijing/life", on="2099-12-31")

    states = {each["milestone"]: each["state"] for each in life["procedure"]}
    assert list(states)[:3] == ["initiative", "exploration", "letter_of_intent"]
    assert (states["initiative"], states["exploration"], states["report_of_results"]) == (
        "reached",
        "not_told",
        "ahead",
    )
    met = {each["requirement"]: each["met_at"] for each in life["requirements"]}
    assert len(met) == 9
    assert (met["equal_status"], met["no_interference"]) == ("study_of_benefits", None)
    assert [(each["kind"], each["valid_until"], each["in_force"]) for each in life["agreements"]] == [
        ("signing", "2020-08-03", False),
        ("renewal", "2130-08-03", True),
        ("document", "2026-05-31", False),
    ]
    assert life["agreements"][2]["event_id"] == signed
    (programme,) = life["programmes"]
    assert (programme["year"], programme["planned"], programme["carried_out"]) == (2026, 2, 1)
    assert [each["carried_out_by"] for each in programme["lines"]] == [held, None]
    assert life["fields"] == [{"field": "Education", "activities": [held]}, {"field": "Health", "activities": []}]
    assert life["outside_the_memorandum"] == [{"field": "Waste", "activities": [held]}]
    assert life["without_field"] == [signed]


async def test_a_suspended_partnership_has_no_memorandum_in_force_until_it_is_renewed(beijing):
    in_force = []
    for milestone, reached in (("signing", "1992-08-04"), ("suspension", "2020-01-01"), ("renewal", "2021-01-01")):
        await beijing.post("milestone.reached", {"partnership": "beijing", "milestone": milestone, "reached": reached})
        agreements = (await ask(beijing, "partnerships/beijing/life", on="2022-01-01"))["agreements"]
        in_force.append([each["in_force"] for each in agreements])

    assert in_force == [[True], [False], [True, True]]


async def test_the_life_of_a_partnership_shows_nothing_that_came_later(beijing):
    known = (await beijing.get("/reports/v1/ratings")).json()["position"]
    moment = (await beijing.post("activity.recorded", a_letter())).json()["recorded_at"]
    await beijing.post("milestone.reached", {"partnership": "beijing", "milestone": "renewal", "reached": "2020"})

    earlier = await ask(beijing, "partnerships/beijing/life", on="2019-01-01")
    then = await ask(beijing, "partnerships/beijing/life", known=moment)

    assert [each["kind"] for each in earlier["agreements"]] == ["signing"]
    assert earlier["agreements"][0] == {
        "kind": "signing",
        "event_id": None,
        "title": None,
        "since": "1992-08-04",
        "valid_until": None,
        "in_force": True,
    }
    assert earlier["without_field"] == []
    assert [each["kind"] for each in then["agreements"]] == ["signing"]
    assert known < then["position"]
    await ask(beijing, "partnerships/nowhere/life", status=404)


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("activity.recorded", a_letter(valid_until="2030-01-01")),
        ("activity.recorded", a_letter(indicator="document", occurred="2020", valid_until="2019-01-01")),
        ("milestone.reached", {"partnership": "beijing", "milestone": "initiative", "reached": "2020"}),
        ("milestone.reached", {"partnership": "beijing", "milestone": "signing", "reached": "2031"}),
    ],
)
async def test_only_what_is_signed_expires_and_never_before_it_was(unchanged, event_type, data):
    answer = await unchanged.post(event_type, {"valid_until": "2030-01-01", **data})

    assert answer.status_code == 422, answer.text


async def test_a_period_without_ends_is_refused_in_words(jakarta):
    ends = {"from": "", "to": ""}

    refused = await send(jakarta, "whatif", ends, 422)
    also = await ask(jakarta, "diagnosis", 422, from_="", to="")

    assert [each["errors"][0]["field"] for each in (refused, also)] == ["from", "from"]
