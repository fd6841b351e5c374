"""The main job over HTTP: post, receive, rate, ask for any day as known at any time."""

import asyncio
import base64
import json
from uuid import uuid4

import pytest

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from tests.shared.projection.test_parking import a_letter as a_bad_letter
from tests.shared.projection.test_parking import broken
from tests.support.installation import installed

BEIJING = {
    "partnership": "beijing",
    "name": {"id": "Beijing"},
    "level": "city",
    "country": "CN",
    "mou_date": "1992-08-04",
}


def a_letter(**changes):
    letter = {
        "partnership": "beijing",
        "indicator": "contact",
        "occurred": "2026-11-20",
        "direction": "inbound",
        "outcome": "held",
        "title": {"id": "Surat wali kota", "en": "Letter of the mayor"},
    }
    return {name: value for name, value in {**letter, **changes}.items() if value is not ...}


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


async def test_the_114_facts_give_the_ratings_of_the_study_on_19_of_22(installation):
    events = [*partnership_events(JAKARTA), *activity_events(JAKARTA)]
    answer = await installation.post_batch(events)
    assert answer.status_code == 201, answer.text

    published = published_ratings(JAKARTA)
    for asked in ({"on": "2020-12-31"}, {"from_": "2017-01-01", "to": "2020-12-31"}):
        ratings = await installation.ratings(**asked)
        assert len(ratings) == 22
        assert {slug for slug, item in ratings.items() if item["rating"] != published[slug]} == {
            "hanoi",
            "los-angeles",
            "paris",
        }


async def test_a_receipt_is_proof_of_what_stands(beijing):
    event_id = str(uuid4())
    answer = await beijing.post("activity.recorded", a_letter(), event_id)

    receipt = answer.json()
    assert answer.status_code == 201
    assert receipt["event_id"] == event_id
    assert receipt["hash"].startswith("sha256:")
    assert receipt["recorded_at"].endswith("Z")
    items = (await beijing.get("/reports/v1/activities", "viewer")).json()["items"]
    assert [(item["id"], item["position"], item["recorded_at"], item["author"]) for item in items] == [
        (event_id, receipt["position"], receipt["recorded_at"], "jakarta/bureau")
    ]


async def test_the_same_again_gets_the_same_receipt(beijing):
    event_id = str(uuid4())
    first = await beijing.post("activity.recorded", a_letter(), event_id)
    turned_around = dict(reversed(a_letter().items()))

    again = await beijing.post("activity.recorded", turned_around, event_id, role="issuer")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


async def test_another_body_under_the_same_id_is_refused_and_what_stands_is_named(beijing):
    event_id = str(uuid4())
    first = await beijing.post("activity.recorded", a_letter(), event_id)

    for other in (a_letter(direction="outbound"), a_letter(title={"en": "Letter of the mayor"})):
        answer = await beijing.post("activity.recorded", other, event_id)
        assert answer.status_code == 409
        assert answer.json()["stands"]["position"] == first.json()["position"]


async def test_an_id_is_taken_across_types_and_partnerships(beijing):
    await beijing.post("partnership.registered", {**BEIJING, "partnership": "seoul", "country": "KR"})
    event_id = str(uuid4())
    await beijing.post("activity.recorded", a_letter(), event_id)

    assert (await beijing.post("activity.recorded", a_letter(partnership="seoul"), event_id)).status_code == 409
    retraction = {"activity": event_id, "reason": "Salah catat"}
    assert (await beijing.post("activity.retracted", retraction, event_id)).status_code == 409


async def test_of_many_callers_with_the_same_event_one_stores_it(beijing):
    event_id = str(uuid4())

    answers = await asyncio.gather(*(beijing.post("activity.recorded", a_letter(), event_id) for _ in range(40)))

    assert sorted(each.status_code for each in answers) == [200] * 39 + [201]
    assert len({each.text for each in answers}) == 1


async def test_of_many_who_register_the_same_slug_one_does(installation):
    answers = await asyncio.gather(*(installation.post("partnership.registered", BEIJING) for _ in range(10)))

    assert sorted(each.status_code for each in answers) == [201] + [409] * 9


async def test_of_many_who_retract_the_same_activity_one_does(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]
    retraction = {"activity": letter, "reason": "Salah catat"}

    answers = await asyncio.gather(*(beijing.post("activity.retracted", retraction) for _ in range(8)))

    assert sorted(each.status_code for each in answers) == [201] + [409] * 7


async def test_a_batch_is_stored_whole_or_not_at_all(beijing):
    good = {"type": "activity.recorded", "data": a_letter()}
    bad = {"type": "activity.recorded", "data": a_letter(occurred="2019-02-30")}

    answer = await beijing.post_batch([good, good, bad])

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "events.2.data.occurred"
    assert (await beijing.get("/reports/v1/activities")).json()["items"] == []


async def test_a_batch_sent_again_gets_the_same_receipts(beijing):
    batch = [{"type": "activity.recorded", "id": str(uuid4()), "data": a_letter()} for _ in range(5)]

    first, again = await beijing.post_batch(batch), await beijing.post_batch(batch)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len((await beijing.get("/reports/v1/activities")).json()["items"]) == 5


async def test_a_batch_of_which_a_part_stands_is_completed(beijing):
    batch = [{"type": "activity.recorded", "id": str(uuid4()), "data": a_letter()} for _ in range(4)]
    part = await beijing.post_batch(batch[1:3])

    whole = await beijing.post_batch(batch)

    assert whole.status_code == 201
    assert whole.json()["receipts"][1:3] == part.json()["receipts"]
    assert [each["event_id"] for each in whole.json()["receipts"]] == [each["id"] for each in batch]
    assert len((await beijing.get("/reports/v1/activities")).json()["items"]) == 4


async def test_a_batch_may_register_and_use_a_partnership(installation):
    answer = await installation.post_batch(
        [
            {"type": "partnership.registered", "data": BEIJING},
            {"type": "activity.recorded", "data": a_letter()},
        ]
    )

    assert answer.status_code == 201
    assert (await installation.ratings())["beijing"]["score"] == 1


@pytest.mark.parametrize("kind", ["activity.corrected", "activity.retracted"])
async def test_a_batch_may_record_an_activity_and_amend_it(beijing, kind):
    event_id = str(uuid4())
    amendment = {"activity": event_id, "reason": "Salah catat"}
    amendment |= {"changes": {"direction": "outbound"}} if kind == "activity.corrected" else {}

    answer = await beijing.post_batch(
        [
            {"type": "activity.recorded", "id": event_id, "data": a_letter()},
            {"type": kind, "data": amendment},
        ]
    )

    assert answer.status_code == 201, answer.text
    cells = (await beijing.ratings())["beijing"]["cells"]["contact"]
    assert cells == {"inbound": [], "outbound": [event_id] if kind == "activity.corrected" else []}


async def test_scoring_and_reports_agree_on_now(beijing):
    await beijing.post("activity.recorded", a_letter())
    await beijing.post("activity.recorded", a_letter(indicator="aid", direction="mutual", occurred="2025-03"))

    here = (await beijing.get("/scoring/v1/ratings/beijing")).json()
    there = (await beijing.ratings())["beijing"]

    assert here.pop("on") == "2026-11-21"
    assert here.pop("position") == beijing.last_position
    assert here.pop("home") == "jakarta"
    (ahead,) = (await beijing.get("/reports/v1/foresight", on="2026-11-21")).json()["items"]
    assert here.pop("foresight") == {name: ahead[name] for name in ("falls", "dormant_on", "keep", "raise", "plans")}
    assert here == {name: value for name, value in there.items() if name != "coverage"}
    assert (here["rating"], here["score"]) == ("aktif", 3)


async def test_a_correction_shows_from_the_moment_it_was_posted_on(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()
    correction = {"activity": letter["event_id"], "changes": {"direction": "outbound"}, "reason": "Salah arah"}
    assert (await beijing.post("activity.corrected", correction)).status_code == 201

    now = (await beijing.ratings())["beijing"]["cells"]["contact"]
    then = (await beijing.ratings(known=letter["recorded_at"]))["beijing"]["cells"]["contact"]

    assert now == {"outbound": [letter["event_id"]], "inbound": []}
    assert then == {"outbound": [], "inbound": [letter["event_id"]]}


async def test_a_retraction_and_a_reversed_import_take_activities_out(beijing):
    one = (await beijing.post("activity.recorded", a_letter())).json()
    await beijing.post("activity.recorded", a_letter(indicator="aid", batch="impor-1"))
    before = beijing.last_position
    await beijing.post("activity.retracted", {"activity": one["event_id"], "reason": "Salah catat"})
    await beijing.post("import.reversed", {"batch": "impor-1", "reason": "Berkas keliru"})

    assert (await beijing.ratings())["beijing"]["score"] == 0
    scored = (await beijing.get("/scoring/v1/ratings/beijing")).json()
    assert (scored["score"], scored["rating"]) == (0, "tidak_aktif")
    assert before < beijing.last_position


async def test_the_official_rating_stands_beside_the_computed_one_until_lifted(beijing):
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan politik", "valid_from": "2026-01-01"}
    setting = (await beijing.post("rating.set", judgement)).json()

    item = (await beijing.ratings("viewer"))["beijing"]
    assert (item["rating"], item["official"]["rating"], item["official"]["author"]) == (
        "tidak_aktif",
        "aktif",
        "jakarta/bureau",
    )

    lifting = {"partnership": "beijing", "judgement": setting["event_id"], "reason": "Sudah berakhir"}
    assert (await beijing.post("rating.lifted", lifting)).status_code == 201
    assert (await beijing.ratings())["beijing"]["official"] is None
    assert (await beijing.get("/scoring/v1/ratings/beijing")).json()["official"] is None


async def test_an_adopted_rubric_rates_the_days_from_which_it_holds(beijing):
    await beijing.post("activity.recorded", a_letter(occurred="2026-06-01"))
    rubric = {
        "id": "ketat",
        "version": 1,
        "author": "Biro Kerja Sama Daerah",
        "legal_basis": "Keputusan 1/2026",
        "window_months": 2,
        "thresholds": {"aktif": 3, "kurang_aktif": 1},
        "provisional_months": 12,
        "dormant_months": 24,
        "travel": True,
    }
    await beijing.post("rubric.adopted", {"rubric": rubric, "valid_from": "2026-09-01"})

    before = (await beijing.ratings(on="2026-08-31"))["beijing"]
    after = (await beijing.ratings(on="2026-09-01"))["beijing"]
    side_by_side = (await beijing.ratings(on="2026-09-01", rubric="jakarta-2020"))["beijing"]

    assert [each["rubric"]["id"] for each in (before, after, side_by_side)] == ["jakarta-2020", "ketat", "jakarta-2020"]
    assert [each["score"] for each in (before, after, side_by_side)] == [1, 0, 1]


async def test_a_day_is_closed_once_and_moves_the_ratings_of_now(beijing):
    await beijing.post("activity.recorded", a_letter(occurred="2022-11-22", indicator="visit"))
    assert (await beijing.get("/scoring/v1/ratings/beijing")).json()["rating"] == "kurang_aktif"

    beijing.clock.moment = beijing.clock.moment.replace(day=22)
    from services.ingest.ticker import close_days
    from shared.ledger.ledger import Ledger
    from shared.postgres.pool import open_pool

    ledger = await Ledger.connect(beijing.settings.nats_url, "ingest", beijing.settings.secrets_folder)
    pool = await open_pool(beijing.settings, "ingest")
    await asyncio.gather(*(close_days(ledger, pool, beijing.settings, beijing.clock) for _ in range(5)))
    end = await ledger.end()
    await pool.close()
    await ledger.close()

    assert end == beijing.last_position + 1
    beijing.last_position = end
    scored = (await beijing.get("/scoring/v1/ratings/beijing")).json()
    assert (scored["on"], scored["rating"]) == ("2026-11-22", "tidak_aktif")


async def test_pages_of_activities_fit_together_whatever_is_posted_meanwhile(beijing):
    for day in range(1, 8):
        await beijing.post("activity.recorded", a_letter(occurred=f"2026-10-0{day}"))
    first = (await beijing.get("/reports/v1/activities", limit="3")).json()
    await beijing.post("activity.recorded", a_letter(occurred="2026-10-05"))

    found, page = list(first["items"]), first
    while page["next"]:
        page = (await beijing.get("/reports/v1/activities", limit="3", cursor=page["next"])).json()
        found += page["items"]

    assert [each["occurred"] for each in found] == [f"2026-10-0{day}" for day in range(7, 0, -1)]
    assert len({each["id"] for each in found}) == 7


async def test_activities_are_those_whose_dates_touch_the_period(beijing):
    for occurred in ("2016", "2018/2019", "2019-05", "2020-01-01"):
        await beijing.post("activity.recorded", a_letter(occurred=occurred))

    answer = await beijing.get("/reports/v1/activities", from_="2019-01-01", to="2019-12-31", partnership="beijing")

    assert {each["occurred"] for each in answer.json()["items"]} == {"2018/2019", "2019-05"}


async def test_nothing_recorded_later_than_known_shows(beijing):
    known = (await beijing.post("activity.recorded", a_letter())).json()["recorded_at"]
    await beijing.post("activity.recorded", a_letter(indicator="aid"))
    await beijing.post("partnership.registered", {**BEIJING, "partnership": "seoul", "country": "KR"})

    ratings = await beijing.ratings(known=known)
    activities = (await beijing.get("/reports/v1/activities", known=known)).json()["items"]

    assert set(ratings) == {"beijing"}
    assert ratings["beijing"]["score"] == 1
    assert len(activities) == 1
    assert await beijing.ratings(known="2026-01-01") == {}


async def test_a_position_that_never_comes_is_a_503_with_a_time_to_try_again(unchanged):
    answer = await unchanged.http.get("/reports/v1/ratings", headers={"Kembar-Min-Position": "999999"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["type"] == "/problems/not-there-yet"


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic dG9rZW4=", "Bearer"])
async def test_posting_needs_a_valid_token(unchanged, header):
    headers = {"Authorization": header} if header else {}

    answer = await unchanged.http.post("/ingest/v1/events", json={}, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_every_reference_in_the_openapi_documents_leads_somewhere(unchanged):
    for service in ("ingest", "scoring", "reports"):
        document = (await unchanged.http.get(f"/{service}/v1/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        for reference in set(_references(document)):
            assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def _references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


async def test_each_service_says_that_it_is_ready(installation):
    for service in ("ingest", "scoring", "reports"):
        assert (await installation.http.get(f"/{service}/healthz")).json() == {"status": "alive"}
        async with asyncio.timeout(60):
            while not (await installation.http.get(f"/{service}/readyz")).json()["ready"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await installation.http.get(f"/{service}/metrics")).status_code == 200


def _as_json(event_type, data):
    return json.dumps({"type": event_type, "data": data}).encode()


BAD_INPUT = {
    "broken JSON": (b'{"type": "activity.recorded", "data": {', 400, "body"),
    "no JSON at all": (b"halo", 400, "body"),
    "bytes that are not UTF-8": (b'{"type": "\xff"}', 400, "body"),
    "duplicate keys": (b'{"type": "activity.recorded", "type": "activity.recorded", "data": {}}', 400, "body"),
    "a number as 1e400": (_as_json("activity.recorded", a_letter()).replace(b'"contact"', b"1e400"), 400, "body"),
    "not a number": (b'{"type": "activity.recorded", "data": {"value": NaN}}', 400, "body"),
    "nesting without end": (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, 400, "body"),
    "an unknown type": (_as_json("activity.happened", a_letter()), 422, "type"),
    "a type of the ledger's own": (_as_json("day.closed", {"day": "2026-11-20"}), 422, "type"),
    "an unknown field": (_as_json("activity.recorded", a_letter(colour="red")), 422, "data.colour"),
    "a field missing": (_as_json("activity.recorded", a_letter(direction=...)), 422, "data.direction"),
    "an unknown code": (_as_json("activity.recorded", a_letter(indicator="gift")), 422, "data.indicator"),
    "a day that does not exist": (_as_json("activity.recorded", a_letter(occurred="2019-02-30")), 422, "data.occurred"),
    "an interval that ends early": (
        _as_json("activity.recorded", a_letter(occurred="2021/2019")),
        422,
        "data.occurred",
    ),
    "a date in words": (_as_json("activity.recorded", a_letter(occurred="Mei 1986")), 422, "data.occurred"),
    "an unknown partnership": (_as_json("activity.recorded", a_letter(partnership="bejing")), 422, "data.partnership"),
    "held in the future": (_as_json("activity.recorded", a_letter(occurred="2026-11-22")), 422, "data.occurred"),
    "held in a future year": (_as_json("activity.recorded", a_letter(occurred="2027")), 422, "data.occurred"),
    "no title": (_as_json("activity.recorded", a_letter(title={})), 422, "data.title"),
    "aid without a currency": (_as_json("activity.recorded", a_letter(value=5)), 422, "data"),
    "70 kB of text": (
        _as_json("activity.recorded", a_letter(description={"id": "x" * 70_000})),
        422,
        "data.description.id",
    ),
    "a list": (b"[]", 422, "body"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
async def test_bad_input_is_refused_by_field_and_remedy_and_nothing_is_stored(unchanged, name):
    body, status, field = BAD_INPUT[name]

    answer = await unchanged.post_raw("events", body)

    problem = answer.json()
    assert answer.status_code == status, problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["problem"].endswith(".") and len(error["remedy"]) > 5 for error in problem["errors"])
    assert (await unchanged.get("/reports/v1/ratings")).json()["position"] == unchanged.last_position


async def test_what_is_too_large_for_the_ledger_is_refused(unchanged):
    texts = [{"hash": f"sha256:{'0' * 64}", "media_type": "text/plain", "size": 1, "title": "é" * 300}] * 50
    too_large = _as_json(
        "activity.recorded", a_letter(evidence=texts, fields=["x" * 300] * 50, description={"id": "y" * 19_000})
    )

    for body in (too_large, b" " * 300_000):
        answer = await unchanged.post_raw("events", body)
        assert answer.status_code == 413
        assert answer.json()["type"] == "/problems/too-large"
    assert (await unchanged.get("/reports/v1/ratings")).json()["position"] == unchanged.last_position


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"on": "2020-13-01"}, "on"),
        ({"on": "2020"}, "on"),
        ({"from": "2020-01-01"}, "to"),
        ({"from": "2020-01-02", "to": "2020-01-01"}, "to"),
        ({"on": "2020-01-01", "from": "2020-01-01", "to": "2020-12-31"}, "on"),
        ({"known": "yesterday"}, "known"),
        ({"known": "2021-03-01T09:00:00"}, "known"),
        ({"known": "0001-01-01T00:00:00+14:00"}, "known"),
        ({"rubric": "none-such"}, "rubric"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_field(unchanged, question, field):
    answer = await unchanged.http.get("/reports/v1/ratings", params=question)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("content", [[10**30, "2020-01-01", 1], [1, "2020-01-01", -5], ["x", 1, 1], {}, [1]])
async def test_a_cursor_that_was_not_made_here_is_refused(unchanged, content):
    cursor = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()

    answer = await unchanged.http.get("/reports/v1/activities", params={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_what_was_planned_takes_effect_when_it_is_known_to_have_been_held(beijing):
    plan = a_letter(occurred="2026-11-22", outcome="planned", indicator="visit")
    visit = (await beijing.post("activity.recorded", plan)).json()["event_id"]
    beijing.clock.moment = beijing.clock.moment.replace(day=23)
    held = {"activity": visit, "changes": {"outcome": "held"}, "reason": "Terlaksana"}
    assert (await beijing.post("activity.corrected", held)).status_code == 201

    (activity,) = (await beijing.get("/reports/v1/activities")).json()["items"]

    assert activity["outcome"] == "held"
    assert activity["effective"] <= "2026-11-22"
    assert activity["corrected"] is True


async def test_an_activity_with_a_cause_can_be_corrected(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]
    visit = (await beijing.post("activity.recorded", a_letter(indicator="visit", caused_by=letter))).json()["event_id"]

    for changes in ({"place": "Beijing"}, {"caused_by": None}, {"caused_by": letter}):
        correction = {"activity": visit, "changes": changes, "reason": "Lebih tepat"}
        assert (await beijing.post("activity.corrected", correction)).status_code == 201

    itself = {"activity": visit, "changes": {"caused_by": visit}, "reason": "Salah"}
    refused = await beijing.post("activity.corrected", itself)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "data.changes.caused_by"


async def test_an_official_rating_is_lifted_once(beijing):
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan", "valid_from": "2026-01-01"}
    setting = (await beijing.post("rating.set", judgement)).json()["event_id"]
    lifting = {"partnership": "beijing", "judgement": setting, "reason": "Berakhir"}

    answers = [await beijing.post("rating.lifted", lifting) for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 409]


async def test_a_version_of_a_rubric_means_one_thing(beijing):
    rubric = {"id": "ketat", "version": 1, "author": "Biro", "legal_basis": "SK 1", "window_months": 24} | {
        "thresholds": {"aktif": 4, "kurang_aktif": 1},
        "provisional_months": 12,
        "dormant_months": 24,
        "travel": False,
    }
    adoptions = [
        {"rubric": rubric, "valid_from": "2026-01-01"},
        {"rubric": rubric, "valid_from": "2026-06-01"},
        {"rubric": {**rubric, "window_months": 36}, "valid_from": "2026-07-01"},
        {"rubric": {**rubric, "version": 2, "window_months": 36}, "valid_from": "2026-07-01"},
    ]

    answers = [await beijing.post("rubric.adopted", each) for each in adoptions]

    assert [each.status_code for each in answers] == [201, 201, 409, 201]


async def test_an_end_is_checked_and_can_be_put_right(beijing):
    ends = {"partnership": "beijing", "reason": "Tidak diperpanjang"}
    for day in ("1990-01-01", "2026-11-22"):
        assert (await beijing.post("partnership.ended", {**ends, "ended_on": day})).status_code == 422
    assert (await beijing.post("partnership.ended", {**ends, "ended_on": "2020-06-30"})).status_code == 201

    assert await beijing.ratings(on="2026-11-21") == {}
    assert set(await beijing.ratings(on="2020-06-30")) == {"beijing"}
    assert (await beijing.get("/scoring/v1/ratings")).json()["items"] == []

    back = {"partnership": "beijing", "changes": {"ended_on": None}, "reason": "Keliru"}
    assert (await beijing.post("partnership.changed", back)).status_code == 201
    assert set(await beijing.ratings(on="2026-11-21")) == {"beijing"}


async def test_a_retracted_activity_stays_readable(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]
    retraction = (await beijing.post("activity.retracted", {"activity": letter, "reason": "Salah"})).json()["event_id"]

    assert (await beijing.get("/reports/v1/activities")).json()["items"] == []
    (item,) = (await beijing.get("/reports/v1/activities", "viewer", withdrawn="true")).json()["items"]
    assert (item["id"], item["withdrawn_by"]) == (letter, retraction)
    page = (await beijing.get("/partnerships/beijing/why", "viewer")).text
    assert "ditarik kembali" in page


async def test_many_who_correct_one_partnership_at_once_all_get_through(beijing):
    letters = [(await beijing.post("activity.recorded", a_letter())).json()["event_id"] for _ in range(12)]
    corrections = [{"activity": each, "changes": {"place": "Jakarta"}, "reason": "Tempat"} for each in letters]

    answers = await asyncio.gather(*(beijing.post("activity.corrected", each) for each in corrections))

    assert [each.status_code for each in answers] == [201] * 12


async def test_an_empty_field_of_a_form_counts_as_not_given(unchanged):
    page = await unchanged.http.get("/?on=2020-12-31&known=")

    assert page.status_code == 200
    assert "31 Desember 2020" in page.text


async def test_head_is_answered_wherever_get_is(unchanged):
    for path in ("/", "/ingest/healthz", "/reports/v1/ratings", "/scoring/v1/ratings"):
        answer = await unchanged.http.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_a_bad_event_is_seen_in_the_status_and_others_go_on(beijing, ledger):
    await beijing.post("partnership.registered", {**BEIJING, "partnership": "seoul", "country": "KR"})
    bad = broken(a_bad_letter("beijing"))
    await ledger.append([bad])
    await beijing.post("activity.recorded", a_letter())
    await beijing.post("activity.recorded", a_letter(partnership="seoul"))

    ratings = await beijing.ratings()

    assert (ratings["beijing"]["score"], ratings["seoul"]["score"]) == (0, 1)
    for service in ("scoring", "reports"):
        status = (await beijing.get(f"/{service}/v1/status", "viewer")).json()
        assert status["behind"] == 0
        assert [each["partnership"] for each in status["parked"]] == ["beijing", "beijing"]
        assert "gossip" in status["parked"][0]["error"]


async def test_a_correction_can_be_corrected(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()
    first = {"activity": letter["event_id"], "changes": {"direction": "outbound"}, "reason": "Salah arah"}
    corrected = (await beijing.post("activity.corrected", first)).json()
    second = {"activity": letter["event_id"], "changes": {"direction": "mutual"}, "reason": "Dua arah"}
    assert (await beijing.post("activity.corrected", second)).status_code == 201

    directions = []
    for known in (letter["recorded_at"], corrected["recorded_at"], None):
        asked = {"known": known} if known else {}
        (item,) = (await beijing.get("/reports/v1/activities", **asked)).json()["items"]
        directions.append(item["direction"])
    assert directions == ["inbound", "outbound", "mutual"]


async def test_a_retraction_can_be_retracted(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]
    retraction = (await beijing.post("activity.retracted", {"activity": letter, "reason": "Salah"})).json()
    assert (await beijing.ratings())["beijing"]["score"] == 0

    back = {"activity": retraction["event_id"], "reason": "Ternyata benar"}
    assert (await beijing.post("activity.retracted", back)).status_code == 201

    assert (await beijing.ratings())["beijing"]["score"] == 1
    assert (await beijing.get("/scoring/v1/ratings/beijing")).json()["score"] == 1
    assert (await beijing.ratings(known=retraction["recorded_at"]))["beijing"]["score"] == 0
    assert (await beijing.post("activity.retracted", back)).status_code == 422


async def test_the_reversal_of_an_import_can_be_retracted(beijing):
    for indicator in ("contact", "aid"):
        await beijing.post("activity.recorded", a_letter(indicator=indicator, batch="impor-1"))
    reversal = (await beijing.post("import.reversed", {"batch": "impor-1", "reason": "Keliru"})).json()["event_id"]
    assert (await beijing.ratings())["beijing"]["score"] == 0

    back = {"activity": reversal, "reason": "Berkas itu benar"}
    assert (await beijing.post("activity.retracted", back)).status_code == 201

    assert (await beijing.ratings())["beijing"]["score"] == 2
    assert (await beijing.get("/scoring/v1/ratings/beijing")).json()["score"] == 2


async def test_of_two_who_correct_the_same_at_once_the_second_is_told_what_stands(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]

    answers = []
    for turn in range(50):  # a second that comes in when the first is stored already is simply the next
        places = (f"Jakarta {turn}", f"Beijing {turn}")  # new ones, for what changes nothing is refused
        corrections = [{"activity": letter, "changes": {"place": place}, "reason": "Tempat"} for place in places]
        answers = await asyncio.gather(*(beijing.post("activity.corrected", each) for each in corrections))
        assert {each.status_code for each in answers} <= {201, 409}
        assert any(each.status_code == 201 for each in answers)
        if any(each.status_code == 409 for each in answers):
            break

    stored = next(each for each in answers if each.status_code == 201).json()
    problem = next(each for each in answers if each.status_code == 409).json()
    assert problem["type"] == "/problems/corrected-meanwhile"
    assert problem["stands"]["by"] == stored["event_id"]
    assert problem["stands"]["data"]["place"] in places


async def test_a_correction_of_what_no_longer_stands_is_told_what_does(beijing):
    letter = (await beijing.post("activity.recorded", a_letter())).json()["event_id"]
    first = {"activity": letter, "changes": {"place": "Jakarta"}, "reason": "Tempat", "based_on": letter}
    stored = (await beijing.post("activity.corrected", first)).json()["event_id"]

    stale = {"activity": letter, "changes": {"place": "Beijing"}, "reason": "Tempat", "based_on": letter}
    fresh = {**stale, "based_on": stored}

    assert (await beijing.post("activity.corrected", stale)).status_code == 409
    assert (await beijing.post("activity.corrected", fresh)).status_code == 201
