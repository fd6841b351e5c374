"""The rules at work: what each role may do over HTTP, what it sees, and what of the log is not read."""

from uuid import UUID, uuid4

import pytest
import structlog

from services.reports.store import read_known
from shared.domain.access import Role
from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.postgres.pool import open_pool
from shared.wire.envelope import Posting, encode
from tests.shared.domain.test_access import RIGHTS
from tests.support.build import a_principal
from tests.support.homes import an_activity_of, mark
from tests.support.installation import PRESENT
from tests.system.test_api import BEIJING, a_letter

PAGES = ["/", "/partnerships/hanoi"]
NO_IMPORT = UUID(int=1)
OF_READING = [
    *PAGES,
    "/scoring/v1/ratings",
    "/scoring/v1/ratings/hanoi",
    "/reports/v1/ratings",
    "/reports/v1/activities",
    "/scoring/v1/ratings/hanoi/history",
    "/reports/v1/foresight",
    "/reports/v1/diagnosis?from=2000-01-01&to=2100-12-31",
    "/reports/v1/partnerships/hanoi/life",
    "/ingest/v1/homes",
]
CALLS = {
    **{("GET", path): "read" for path in OF_READING},
    ("GET", "/reports/v1/rubrics"): "read",
    ("POST", "/reports/v1/whatif"): "read",
    ("POST", "/reports/v1/backtest"): "read",
    ("GET", "/reports/v1/activities?withdrawn=true"): "read-withdrawn",
    **{("GET", f"/{service}/v1/status"): "read-status" for service in ("ingest", "scoring", "reports")},
    ("GET", "/ingest/v1/imports"): "read-imports",
    ("GET", "/ingest/v1/mappings"): "read-imports",
    ("GET", f"/ingest/v1/imports/{NO_IMPORT}"): "read-imports",
    ("POST", "/ingest/v1/events"): "post",
    ("POST", "/ingest/v1/batches"): "post",
    ("POST", "/ingest/v1/imports"): "import",
    ("POST", f"/ingest/v1/imports/{NO_IMPORT}/load"): "import",
    ("DELETE", f"/ingest/v1/imports/{NO_IMPORT}"): "import",
    ("PUT", "/ingest/v1/mappings/of-the-test"): "import",
    ("POST", "/ingest/v1/homes"): "open-home",
}


@pytest.mark.parametrize("role", [role.value for role in Role if role not in (Role.PUBLIC, Role.MINISTRY)])
async def test_each_role_gets_through_where_it_may_and_nowhere_else(three_homes, role):
    """What gets through is refused for what it sends, which is nothing: the rules are asked before that is looked at."""
    for (method, path), action in CALLS.items():
        answer = await three_homes.ask(path, role, method=method)

        may = action in RIGHTS[role]
        assert (answer.status_code == 403) is not may, f"{role}: {method} {path} → {answer.status_code}"
        assert answer.status_code < 500
        if not may:
            said = answer.json() if path not in PAGES else {"type": "/problems/forbidden", "remedy": True}
            assert said["type"] == "/problems/forbidden"
            assert said["remedy"]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_whoever_is_nobody_is_asked_for_a_token(three_homes, method, path):
    answer = await three_homes.ask(path, None, method=method)

    may = CALLS[method, path] in RIGHTS["public"]
    assert (answer.status_code == 401) is not may
    assert may or answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_embassy_sees_its_own_partnership_in_every_list_count_and_page(three_homes):
    foreign = mark("jakarta", "beijing")
    shown = {path: await three_homes.ask(path, "embassy") for path in OF_READING}

    for path, answer in shown.items():
        assert answer.status_code == 200, path
        assert foreign not in answer.text, path
        assert path == "/ingest/v1/homes" or mark("jakarta", "hanoi") in answer.text, path
    assert [each["partnership"] for each in shown["/scoring/v1/ratings"].json()["items"]] == ["hanoi"]
    assert [each["partnership"] for each in shown["/reports/v1/ratings"].json()["items"]] == ["hanoi"]
    assert shown["/reports/v1/ratings"].json()["not_in_force"] == []
    assert "1 aktif" not in shown["/"].text


async def test_a_foreign_partnership_is_as_unknown_to_an_embassy_as_one_that_is_not_there(three_homes):
    for path in (
        *("/scoring/v1/ratings/{}", "/partnerships/{}", "/scoring/v1/ratings/{}/history"),
        *("/reports/v1/foresight?partnership={}", "/reports/v1/partnerships/{}/life"),
    ):
        answers = [await three_homes.ask(path.format(slug), "embassy") for slug in ("beijing", "nowhere")]
        assert [each.status_code for each in answers] == [404, 404]
        assert answers[0].text.replace("beijing", "nowhere") == answers[1].text
    for slug in ("beijing", "nowhere"):
        assert (await three_homes.ask("/reports/v1/activities", "embassy", partnership=slug)).json()["items"] == []


async def test_pages_of_a_list_hold_only_what_may_be_seen(three_homes):
    found, cursor = [], {}
    while True:
        page = (await three_homes.ask("/reports/v1/activities", "embassy", limit="1", **cursor)).json()
        found += [each["partnership"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    assert len(found) >= 2
    assert set(found) == {"hanoi"}


async def test_a_cursor_of_another_shows_nothing_more(three_homes):
    page = (await three_homes.ask("/reports/v1/activities", "bureau", limit="1")).json()

    answer = (await three_homes.ask("/reports/v1/activities", "embassy", cursor=page["next"])).json()

    assert {each["partnership"] for each in answer["items"]} <= {"hanoi"}


async def test_an_embassy_posts_and_corrects_for_its_own_and_for_no_other(three_homes):
    own = await three_homes.post("activity.recorded", an_activity_of("jakarta", "hanoi"), "embassy")
    foreign = await three_homes.post("activity.recorded", an_activity_of("jakarta", "beijing"), "embassy")
    of_the_bureau = await three_homes.post("activity.recorded", an_activity_of("jakarta", "beijing"), "bureau")
    changed = {"changes": {"place": "Balai Kota"}, "reason": "Kurang"}
    corrections = [
        await three_homes.post("activity.corrected", {"activity": each.json()["event_id"], **changes}, "embassy")
        for each, changes in ((own, changed), (of_the_bureau, changed))
    ]

    assert (own.status_code, foreign.status_code) == (201, 403)
    assert [each.status_code for each in corrections] == [201, 422]
    assert corrections[1].json()["type"] == "/problems/unknown-activity"
    assert "beijing" not in corrections[1].text


async def test_a_batch_with_something_foreign_is_refused_whole(three_homes):
    before = (await three_homes.ask("/reports/v1/activities", "bureau", limit="500")).json()["items"]
    events = [{"type": "activity.recorded", "data": an_activity_of("jakarta", slug)} for slug in ("hanoi", "beijing")]

    answer = await three_homes.ask("/ingest/v1/batches", "embassy", method="POST", body={"events": events})

    assert answer.status_code == 403
    assert (await three_homes.ask("/reports/v1/activities", "bureau", limit="500")).json()["items"] == before


async def test_a_receipt_is_not_given_again_to_whom_the_event_is_foreign(three_homes):
    event_id, data = str(uuid4()), an_activity_of("jakarta", "beijing")
    first = await three_homes.post("activity.recorded", data, "bureau", id=event_id)
    correction = {"activity": first.json()["event_id"], "changes": {"place": "Monas"}, "reason": "Kurang"}
    corrected = await three_homes.post("activity.corrected", correction, "bureau", id=str(uuid4()))
    taken = corrected.json()["event_id"]

    answers = [
        await three_homes.post("activity.recorded", data, "embassy", id=event_id),
        await three_homes.post("activity.corrected", correction, "embassy", id=taken),
        await three_homes.post("activity.recorded", an_activity_of("jakarta", "hanoi"), "embassy", id=event_id),
    ]

    assert [each.status_code for each in answers] == [403, 409, 409]
    assert all(first.json()["hash"] not in each.text and corrected.json()["hash"] not in each.text for each in answers)
    assert (await three_homes.post("activity.recorded", data, "issuer", id=event_id)).json() == first.json()


async def test_the_public_sees_what_is_released_and_no_account(three_homes):
    shown = {path: await three_homes.ask(path, None) for path in OF_READING}

    assert {each.status_code for each in shown.values()} == {200}
    assert all("jakarta/bureau" not in each.text for each in shown.values())
    assert {each["author"] for each in shown["/reports/v1/activities"].json()["items"]} == {None}
    assert (await three_homes.ask("/reports/v1/activities", None, withdrawn="true")).status_code == 401


async def test_a_home_that_releases_nothing_is_closed_to_the_public(three_homes):
    try:
        closed = await three_homes.post("home.changed", {"changes": {"released": False}, "reason": "Belum"}, "bureau")
        assert closed.status_code == 201
        assert {(await three_homes.ask(path, None)).status_code for path in OF_READING} == {401}
        assert (await three_homes.ask("/scoring/v1/ratings", "viewer")).status_code == 200
    finally:
        await three_homes.post("home.changed", {"changes": {"released": None}, "reason": "Sudah"}, "bureau")
    assert {(await three_homes.ask(path, None)).status_code for path in OF_READING} == {200}


async def test_every_refusal_is_told_to_whoever_keeps_them(three_homes):
    with structlog.testing.capture_logs() as logged:
        await three_homes.ask("/ingest/v1/events", "viewer", method="POST")
        await three_homes.post("activity.recorded", an_activity_of("jakarta", "beijing"), "embassy")
        await three_homes.ask("/reports/v1/ratings", "bureau", home_="auckland")

    told = [(each["account"], each["action"], each["subject_home"], each["subject_partnership"]) for each in logged]
    assert told == [
        ("jakarta/viewer", "post", "jakarta", None),
        ("jakarta/embassy", "record-activity", "jakarta", "beijing"),
        ("jakarta/bureau", "read", "auckland", None),
    ]
    assert all("token-of" not in str(each) for each in logged)

    kept = (await three_homes.ask("/access/v1/audit", "auditor")).json()["items"]
    assert [(each["account"], each["what"]["action"]) for each in kept if each["kind"] == "refused"][:3] == [
        (account, action) for account, action, *_ in reversed(told)
    ]


def forged(
    role: Role, partnership: str, sent: dict, *, event_type: str = "activity.recorded", own: str | None = None
) -> Entry:
    """An event that something else than ingest wrote, with ingest's own key."""
    allowed = frozenset({own}) if own else None
    posting = Posting(
        uuid4(), "jakarta", event_type, sent, partnership, f"jakarta/{role}", PRESENT, role=role, partnerships=allowed
    )
    subject = subject_of("jakarta", posting.id, partnership)
    return Entry("jakarta", posting.id, subject, encode(posting))


async def test_what_its_author_had_no_right_to_post_is_parked_by_every_service(installation, ledger):
    await installation.post("partnership.registered", BEIJING)
    await installation.post("partnership.registered", {**BEIJING, "partnership": "seoul", "country": "KR"})
    await ledger.append([forged(Role.ADMINISTRATOR, "beijing", a_letter())])
    await ledger.append([forged(Role.EMBASSY, "seoul", a_letter(partnership="seoul"), own="beijing")])
    installation.last_position = await ledger.end()

    ratings = await installation.ratings()

    assert (ratings["beijing"]["score"], ratings["seoul"]["score"]) == (0, 0)
    for service in ("ingest", "scoring", "reports"):
        parked = (await installation.get(f"/{service}/v1/status", "viewer")).json()["parked"]
        assert [each["partnership"] for each in parked] == ["beijing", "seoul"]
        assert all("NotItsAuthors" in each["error"] for each in parked)
        own = (await installation.get(f"/{service}/v1/status", "embassy")).json()["parked"]
        assert [each["partnership"] for each in own] == ["beijing"]
        assert (await installation.get(f"/{service}/v1/status")).json()["parked"] == []


async def test_an_amendment_under_another_partnership_than_its_activitys_is_parked(installation, ledger):
    await installation.post("partnership.registered", BEIJING)
    letter = (await installation.post("activity.recorded", a_letter())).json()["event_id"]
    retraction = {"activity": letter, "reason": "Bukan milik kami"}
    await ledger.append([forged(Role.EMBASSY, "seoul", retraction, own="seoul", event_type="activity.retracted")])
    installation.last_position = await ledger.end()

    assert (await installation.ratings())["beijing"]["score"] == 1
    for service in ("ingest", "scoring", "reports"):
        (parked,) = (await installation.get(f"/{service}/v1/status", "viewer")).json()["parked"]
        assert parked["partnership"] == "seoul"


async def test_an_event_that_says_another_home_than_it_stands_under_is_parked(installation, ledger):
    await installation.post("partnership.registered", BEIJING)
    of_another = Posting(uuid4(), "auckland", "activity.recorded", a_letter(), "beijing", "auckland/bureau", PRESENT)
    subject = subject_of("jakarta", of_another.id, "beijing")
    await ledger.append([Entry("jakarta", of_another.id, subject, encode(of_another))])
    installation.last_position = await ledger.end()

    assert (await installation.ratings())["beijing"]["score"] == 0
    (parked,) = (await installation.get("/reports/v1/status", "viewer")).json()["parked"]
    assert "says otherwise itself" in parked["error"]


async def test_what_an_answer_is_made_of_holds_nothing_foreign(three_homes):
    """Not only what is shown: what is read for it, so that no new answer can leak it."""
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Penting", "valid_from": "2020-01-01"}
    assert (await three_homes.post("rating.set", judgement, "bureau")).status_code == 201
    await three_homes.ask("/reports/v1/ratings", "viewer")
    settings, position = three_homes.installation.settings, three_homes.installation.last_position
    pool = await open_pool(settings, "reports")
    try:
        read = {
            role: await read_known(pool, a_principal(role), position, settings.zone) for role in ("embassy", "bureau")
        }
    finally:
        await pool.close()

    for role, slugs in (("embassy", {"hanoi"}), ("bureau", {"hanoi", "beijing"})):
        known = read[role]
        assert {each.slug for each in known.partnerships} >= slugs
        assert set(known.facts) >= slugs
        assert set(known.last_posted_at) >= slugs
    embassys = read["embassy"]
    assert {each.slug for each in embassys.partnerships} | set(embassys.facts) | set(embassys.last_posted_at) == {
        "hanoi"
    }
    assert {each.partnership for each in embassys.rulings} <= {None, "hanoi"}
    assert "beijing" in {each.partnership for each in read["bureau"].rulings}
