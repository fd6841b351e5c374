"""A projection built anew equals the live one, shows where that was damaged, and takes its place while all goes on."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from cli.rebuild import PROJECTIONS
from shared.ledger.follow import LedgerBroken
from shared.projection.rebuild import CannotRebuild, open_rebuild
from tests.support.build import a_partnership, an_activity


def nothing(_):
    """Nobody watches how far it has come."""


async def rebuilt(ledger, installation, name, *, swap=False):
    """Build anew and compare; return the tables that differ, with the first differences."""
    async with open_rebuild(PROJECTIONS[name], ledger, installation.settings) as building:
        await building.build(await building.target(), nothing)
        compared = await building.compare()
        if swap:
            await building.swap()
    return {each.table: each.first for each in compared if each.differences}


@pytest.fixture
async def posted(installation):
    """An installation with a partnership, activities, a correction and a retraction, all of it in the tables."""
    await installation.post("partnership.registered", a_partnership())
    for year in range(2010, 2020):
        answer = await installation.post("activity.recorded", an_activity(occurred=f"{year}-05-22"))
    activity = answer.json()["event_id"]
    await installation.post("activity.corrected", {"activity": activity, "changes": {"mode": "online"}, "reason": "x"})
    await installation.post("activity.retracted", {"activity": activity, "reason": "It was another city's"})
    for service in PROJECTIONS:
        await caught_up(installation, service)
    return installation


async def caught_up(installation, service):
    """Wait until a service has read all that was posted."""
    async with asyncio.timeout(100):
        while True:
            answer = await installation.http.get(f"/{service}/readyz")
            if answer.json()["position"] >= installation.last_position:
                return
            await asyncio.sleep(0.05)


async def execute(database, statement):
    connection = await asyncpg.connect(database)
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("name", PROJECTIONS)
async def test_rebuilt_equals_live(ledger, posted, database, name):
    assert await rebuilt(ledger, posted, name) == {}
    assert await execute(database, f"SELECT FROM pg_namespace WHERE nspname = '{name}_next'") == "SELECT 0"


@pytest.mark.parametrize(
    ("name", "damage", "table", "said"),
    [
        ("scoring", "UPDATE scoring.rating SET position = 1", "rating", "live only: "),
        ("reports", "DELETE FROM reports.event WHERE position = 3", "event", "rebuilt only: "),
        ("ingest", "UPDATE ingest.activity SET withdrawn_by = NULL", "activity", "withdrawn_by is null"),
        ("reports", "UPDATE reports.checkpoint SET hash = 'other'", "checkpoint", "hash=other"),
        ("reports", "ALTER TABLE reports.event ADD note text", "event", "the column note is in reports only"),
    ],
)
async def test_a_damaged_table_is_found_and_replaced(ledger, posted, database, name, damage, table, said):
    await execute(database, damage)

    found = await rebuilt(ledger, posted, name, swap=True)

    assert list(found) == [table]
    assert any(said in line for line in found[table])
    assert await rebuilt(ledger, posted, name) == {}


async def test_the_services_go_on_with_the_tables_that_were_put_in_place(ledger, posted, database):
    await execute(database, "UPDATE scoring.activity SET withdrawn_by = activity")
    for name in PROJECTIONS:
        await rebuilt(ledger, posted, name, swap=True)

    await posted.post("activity.recorded", an_activity(indicator="aid", occurred="2026-11-01"))

    for service in PROJECTIONS:
        await caught_up(posted, service)
    rating = (await posted.get("/scoring/v1/ratings/hanoi")).json()
    assert rating["score"] == 1
    assert [await rebuilt(ledger, posted, name) for name in PROJECTIONS] == [{}, {}, {}]


async def test_swapping_again_and_again_while_events_are_posted_loses_none(ledger, posted):
    done = asyncio.Event()

    async def keep_posting():
        answers = []
        while not done.is_set():
            answers.append(await posted.post("activity.recorded", an_activity()))
        return answers

    posting = [asyncio.create_task(keep_posting()) for _ in range(4)]
    try:
        for _ in range(3):
            for name in PROJECTIONS:
                assert await rebuilt(ledger, posted, name, swap=True) == {}
    finally:
        done.set()
    answers = [answer for each in posting for answer in await each]

    assert len(answers) > 20
    stored = {answer.json()["position"] for answer in answers if answer.status_code == 201}
    assert len(stored) > len(answers) * 0.9
    for name in PROJECTIONS:
        await caught_up(posted, name)
        assert await rebuilt(ledger, posted, name) == {}


async def test_what_the_ledger_does_not_hold_is_neither_compared_nor_lost(ledger, posted, database):
    await execute(database, "CREATE TABLE reports.lease AS SELECT 'of this worker' AS holder")
    with_a_lease = replace(PROJECTIONS["reports"], kept=("lease",))

    async with open_rebuild(with_a_lease, ledger, posted.settings) as building:
        compared = await building.compare()
        await building.swap()

    assert "lease" not in {each.table for each in compared}
    assert await execute(database, "SELECT FROM reports.lease") == "SELECT 1"


async def test_two_programs_do_not_build_the_same(ledger, posted):
    async with open_rebuild(PROJECTIONS["scoring"], ledger, posted.settings):
        with pytest.raises(CannotRebuild, match="Another program"):
            await rebuilt(ledger, posted, "scoring")
        assert await rebuilt(ledger, posted, "reports") == {}


async def test_tables_that_never_come_free_are_left_as_they_are(ledger, posted, database):
    reader = await asyncpg.connect(database)
    try:
        async with reader.transaction():
            await reader.execute("LOCK TABLE scoring.rating IN ROW EXCLUSIVE MODE")
            waiting = asyncio.create_task(rebuilt(ledger, posted, "scoring"))
            await asyncio.sleep(0)
            done, _ = await asyncio.wait({waiting}, timeout=2)
            assert not done
        assert await waiting == {}
    finally:
        await reader.close()


async def test_a_projection_that_has_read_more_than_there_is_cannot_be_built(ledger, posted, database):
    await execute(database, "UPDATE reports.checkpoint SET position = 1000")

    with pytest.raises(LedgerBroken, match="the ledger ends at"):
        await rebuilt(ledger, posted, "reports")
