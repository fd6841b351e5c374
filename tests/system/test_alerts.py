"""Alerts of a running installation: a year of days closed, questions about them, and rebuilding while they are raised."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest

from cli.rebuild import PROJECTIONS
from shared.ledger.follow import Checkpoint, follow_until
from shared.projection.parking import Read, read_entries
from shared.projection.rebuild import open_rebuild
from shared.projection.scope import ALL_PARTITIONS
from tests.support.build import a_partnership, an_activity
from tests.support.engines import PRESENT, fresh_database, open_ledger, running_nats
from tests.support.installation import running_installation
from tests.support.plain_alerts import PlainAlerts

CITIES = ["hanoi", "tokyo", "seoul", "berlin", "beijing", "sydney"]
INDICATORS = ["contact", "document", "visit", "aid", "joint_event"]
DAYS = 365


@pytest.fixture(scope="module")
async def a_year(postgres, tmp_path_factory):
    """An installation on which a year of days was closed; with its ledger, and the address of its database."""
    with running_nats() as server:
        async with (
            open_ledger(server) as ledger,
            fresh_database(postgres) as dsn,
            running_installation(server, dsn, tmp_path_factory.mktemp("alerts")) as running,
        ):
            await live_a_year(running, random.Random(4))
            running.clock.moment = PRESENT  # tokens hold again
            yield running, ledger, dsn


async def live_a_year(running, chance):
    """History first, loaded at once; then a year: most days nothing, at times a posting, a correction, something late."""
    registry = [a_partnership(partnership=slug, name={"id": slug, "en": slug}, country="VN") for slug in CITIES]
    await posted(running, [("partnership.registered", each) for each in registry])
    history = [an_activity_of(chance, chance.randrange(1, 1_700)) for _ in range(20)]
    receipts = await posted(running, [("activity.recorded", each) for each in history])
    until = 0
    for _ in range(12):
        since, until = until, min(until + chance.randrange(20, 40), DAYS)
        await running.close_days_at(*(PRESENT + timedelta(days=day) for day in range(since, until)))
        late = [an_activity_of(chance, chance.choice([0, 300, 900])) for _ in range(1)]
        receipts += await posted(running, [("activity.recorded", each) for each in late])
        taken_back = receipts.pop(chance.randrange(len(receipts)))
        await posted(running, [("activity.retracted", {"activity": taken_back, "reason": "It was another city's"})])
    await running.close_days_at(*(PRESENT + timedelta(days=day) for day in range(until, DAYS)))
    await running.close_days_at(PRESENT + timedelta(days=DAYS + 9))


def an_activity_of(chance, days_ago):
    return an_activity(
        partnership=chance.choice(CITIES),
        indicator=chance.choice(INDICATORS),
        direction=chance.choice(["outbound", "inbound"]),
        occurred=(PRESENT.date() - timedelta(days=days_ago)).isoformat(),
    )


async def posted(running, events):
    answer = await running.post_batch([{"type": event_type, "data": data} for event_type, data in events])
    assert answer.status_code == 201, answer.text
    return [each["event_id"] for each in answer.json()["receipts"]]


async def plainly_told(ledger, zone):
    plain = PlainAlerts()
    async for entries in follow_until(ledger, Checkpoint(), await ledger.end()):
        for each in read_entries(entries, zone, ALL_PARTITIONS):
            assert isinstance(each, Read)
            plain.read(each.event)
    return {str(each[-2]): each for each in plain.told}


async def every_alert(running, **asked):
    items, cursor = [], None
    while True:
        answer = await running.get("/scoring/v1/alerts", limit="100", **asked, **({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return items


@pytest.mark.timeout(300)
async def test_a_year_of_days_closed_gives_exactly_the_alerts_of_the_plain_loop(a_year):
    running, ledger, _ = a_year

    plain = await plainly_told(ledger, running.settings.zone)
    alerts = await every_alert(running, thresholds="true")

    assert {each["id"]: (each["position"], each["partnership"], each["kind"], each["on"]) for each in alerts} == {
        alert: (told[0], told[1], told[2], told[7].isoformat()) for alert, told in plain.items()
    }
    assert len({each["id"] for each in alerts}) == len(alerts) > 100
    # The ledger's own clock stands still in this year: nothing takes effect after it began, so nothing is revived.
    assert {each["kind"] for each in alerts} == {"dormant", "rating_fell", "rating_rose", "will_fall", "withdrawn"}


async def test_history_loaded_before_the_first_day_is_told_once_as_it_stands(a_year):
    running, *_ = a_year
    first = [each for each in await every_alert(running, thresholds="true") if each["event_type"] == "day.closed"]
    first_position = min(each["position"] for each in first)

    at_first = [each for each in first if each["position"] == first_position]

    assert {each["kind"] for each in at_first} <= {"dormant", "will_fall"}
    assert max(Counter((each["partnership"], each["rule"]) for each in at_first).values()) == 1
    assert not [each for each in await every_alert(running, thresholds="true") if each["position"] < first_position]


async def test_alerts_are_asked_for_by_partnership_and_kind(a_year):
    running, *_ = a_year
    by_law = await every_alert(running)

    near = next(each["partnership"] for each in by_law if each["kind"] == "will_fall")

    some = await every_alert(running, partnership=near, kind="will_fall")

    assert some == [each for each in by_law if (each["partnership"], each["kind"]) == (near, "will_fall")]
    assert all(each["by_law"] for each in by_law)
    assert [(each["position"], each["id"]) for each in by_law] == sorted(
        ((each["position"], each["id"]) for each in by_law), reverse=True
    )
    one = await running.get(f"/scoring/v1/alerts/{by_law[0]['id']}")
    assert one.json() == by_law[0]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/scoring/v1/alerts/00000000-0000-0000-0000-000000000000", 404, "unknown-alert"),
        ("/scoring/v1/alerts?cursor=12", 422, "invalid"),
        ("/scoring/v1/alerts?cursor=1.zz345678901234567890123456789012", 422, "invalid"),
        ("/scoring/v1/alerts?kind=asleep", 422, "invalid"),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do(a_year, path, status, kind):
    running, *_ = a_year
    answer = await running.http.get(path)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.json()["remedy"]


async def test_an_embassy_sees_the_alerts_of_its_own_partnerships(a_year):
    running, *_ = a_year
    answer = await running.get("/scoring/v1/alerts", "embassy", limit="100")
    assert answer.status_code == 200, answer.text
    theirs = answer.json()["items"]
    others = next(each for each in await every_alert(running) if each["partnership"] != "beijing")

    assert {each["partnership"] for each in theirs} == {"beijing"}
    assert (await running.get(f"/scoring/v1/alerts/{others['id']}", "embassy")).status_code == 404


async def test_an_alert_names_the_page_as_of_that_moment(a_year):
    running, *_ = a_year
    fell = (await every_alert(running, kind="rating_fell"))[-1]

    page = await running.http.get(fell["path"])
    known = fell["path"].partition("known=")[2].partition("&")[0]
    rating = (await running.ratings(on=fell["on"], known=known))[fell["partnership"]]

    assert page.status_code == 200
    assert rating["rating"] == fell["rating"]["after"]
    assert rating["score"] == fell["score"]["after"]


async def test_an_alert_raised_while_tables_are_rebuilt_is_handed_on_once(a_year):
    running, ledger, dsn = a_year
    taken, done = Counter(), asyncio.Event()
    connection = await asyncpg.connect(dsn)
    # In the place of the deliverer, which hands out nothing while somebody else does.
    await connection.execute("SELECT pg_advisory_lock(hashtextextended('scoring/alerts', 0))")
    await take_some(connection)
    before = {each["id"] for each in await every_alert(running, thresholds="true")}

    async def keep_taking():
        while not done.is_set() or await connection.fetchval("SELECT count(*) FROM scoring.outbox"):
            taken.update(await take_some(connection))
            await asyncio.sleep(0.01)
        await connection.close()

    taking = asyncio.create_task(keep_taking())
    for number in range(2):
        moments = [PRESENT + timedelta(days=DAYS + 10 + 12 * number + day) for day in range(12)]
        closing = asyncio.create_task(running.close_days_at(*moments))
        async with open_rebuild(PROJECTIONS["scoring"], ledger, running.settings) as building:
            await building.build(await building.target(), lambda _: None)
            compared = await building.compare()
            await building.swap()
        await closing
        assert [each for each in compared if each.differences] == []
        assert "outbox" not in {each.table for each in compared}
    alerts = await every_alert(running, thresholds="true")
    done.set()
    await taking

    assert taken == Counter(each["id"] for each in alerts if each["id"] not in before)
    assert {each["id"] for each in alerts} == set(await plainly_told(ledger, running.settings.zone))


async def take_some(connection):
    """Take what waits as those who deliver do; where the tables are being swapped, nothing."""
    try:
        rows = await connection.fetch("DELETE FROM scoring.outbox RETURNING alert")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidCachedStatementError, asyncpg.DeadlockDetectedError):
        return []
    return [str(row["alert"]) for row in rows]
