"""Tables that were built anew hand on what the live ones had not come to, and nothing that they had."""

import random
from datetime import UTC, timedelta

from cli.rebuild import PROJECTIONS
from services.scoring.project import RatingProjector
from shared.ledger.follow import Checkpoint, follow_until
from shared.ledger.ledger import Entry
from shared.ledger.subjects import PARTITIONS, partition_number, subject_of
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.parking import project_or_park, read_entries, try_parked_again
from shared.projection.rebuild import open_rebuild
from shared.projection.scope import ALL_PARTITIONS
from shared.wire.envelope import Posting, encode
from tests.support.build import HOME, a_partnership, an_id
from tests.support.engines import PRESENT, same_secrets

CITIES = [f"city-{number}" for number in range(12)]
UPPER = 32
WAITS_FROM = 40
READ_UP_TO = {range(UPPER): 60, range(UPPER, PARTITIONS): 75}


def postings():
    """Twelve partnerships without any activity, and days far apart, on each of which some have been silent longer."""
    registered = [
        a_partnership(partnership=slug, mou_date=f"2024-{number + 1:02}-05") for number, slug in enumerate(CITIES)
    ]
    days = [PRESENT.date() + timedelta(days=20 * number) for number in range(100)]
    events = [("partnership.registered", each) for each in registered]
    events += [("day.closed", {"day": each.isoformat()}) for each in days]
    return [
        Posting(an_id(), HOME, kind, data, data.get("partnership"), f"{HOME}/bureau", PRESENT) for kind, data in events
    ]


async def test_what_only_the_rebuilt_tables_have_come_to_is_handed_on(ledger, nats_server, database):
    entries = [
        Entry(each.home, each.id, subject_of(each.home, each.id, each.partnership), encode(each)) for each in postings()
    ]
    await ledger.append(entries)
    settings = Settings(postgres_dsn=database, nats_url=nats_server.address.url, secrets_folder=same_secrets())
    pool = await open_pool(settings, "scoring")
    stored = [each async for entries in follow_until(ledger, Checkpoint(), await ledger.end()) for each in entries]
    waits = next(slug for slug in CITIES if partition_number(HOME, slug) < UPPER)
    for share in READ_UP_TO:
        await read_between(pool, stored, share, 0, WAITS_FROM - 1)
    await pool.execute(
        "INSERT INTO parked (position, partition, home, partnership, error) VALUES ($1, $2, $3, $4, 'not yet')",
        WAITS_FROM,
        partition_number(HOME, waits),
        HOME,
        waits,
    )
    for share, position in READ_UP_TO.items():
        await read_between(pool, stored, share, WAITS_FROM - 1, position)
    handed_on = {row["alert"] for row in await pool.fetch("SELECT alert FROM outbox")}
    chance = random.Random(2)
    delivered = {alert for alert in sorted(handed_on) if chance.random() < 0.7}
    await pool.execute("DELETE FROM outbox WHERE alert = ANY($1::uuid[])", sorted(delivered))
    live = {row["alert"] for row in await pool.fetch("SELECT alert FROM alert")}

    async with open_rebuild(PROJECTIONS["scoring"], ledger, settings) as building:
        await building.swap()

    rows = await pool.fetch("SELECT alert, partnership, position FROM alert")
    beyond = {row["alert"] for row in rows if not was_read(row["partnership"], row["position"], waits)}
    assert {row["alert"] for row in await pool.fetch("SELECT alert FROM outbox")} == (handed_on - delivered) | beyond
    assert live == handed_on == {row["alert"] for row in rows} - beyond
    assert min(len(live), len(beyond), len(delivered), len(handed_on - delivered)) > 10
    assert waits in {row["partnership"] for row in rows if row["alert"] in beyond and row["position"] < 60}
    await pool.close()


async def test_what_waited_is_told_in_the_end_as_if_it_had_not(ledger, database):
    entries = [
        Entry(each.home, each.id, subject_of(each.home, each.id, each.partnership), encode(each))
        for each in postings()[:50]
    ]
    stored = await ledger.append(entries)
    bad, projector = stored[4].position, RatingProjector()

    class Choosy:
        """The projector as it is before it is mended."""

        name = "scoring"

        def forget(self):
            projector.forget()

        async def project(self, connection, read, scope):
            await projector.project(connection, read, scope)
            assert all(each.event.position != bad for each in read)

    pool = await open_pool(Settings(postgres_dsn=database, secrets_folder=same_secrets()), "scoring")
    async with pool.acquire() as connection, connection.transaction():
        await projector.project(connection, read_entries(stored, UTC, ALL_PARTITIONS))
    plain = await told(pool)
    for table in ("alert", "watch", "outbox", "calendar", "partnership", "rating", "rating_change"):
        await pool.execute(f"DELETE FROM {table}")
    projector.forget()
    for first in range(0, len(stored), 30):
        async with pool.acquire() as connection, connection.transaction():
            read = read_entries(stored[first : first + 30], UTC, ALL_PARTITIONS)
            await project_or_park(connection, Choosy(), read, ALL_PARTITIONS)
    waited = await told(pool)
    async with pool.acquire() as connection, connection.transaction():
        await try_parked_again(connection, ledger, projector, UTC, ALL_PARTITIONS, len(stored))

    assert set(waited) < set(plain)
    assert {slug for slug, _ in set(plain) - set(waited)} == {CITIES[4]}
    assert await told(pool) == plain
    await pool.close()


async def told(pool):
    """The rows of alerts, of what waits to be handed on and of what was announced, with the partnership of each."""
    tables = ("alert", "outbox", "watch")
    rows = [row for table in tables for row in await pool.fetch(f"SELECT partnership, each::text FROM {table} AS each")]
    return sorted(map(tuple, rows))


def was_read(partnership, position, waits):
    share = next(share for share in READ_UP_TO if partition_number(HOME, partnership) in share)
    return position <= READ_UP_TO[share] and not (partnership == waits and position >= WAITS_FROM)


async def read_between(pool, stored, share, after, position):
    """Bring one share of the tables from one position up to another."""
    partitions = frozenset(share)
    async with pool.acquire() as connection, connection.transaction():
        read = read_entries(stored[after:position], UTC, partitions)
        await project_or_park(connection, RatingProjector(), read, partitions)
        await connection.execute(
            "INSERT INTO checkpoint (projection, first_partition, last_partition, position, hash, recorded_at) "
            "VALUES ('scoring', $1, $2, $3, 'of the test', $4) "
            "ON CONFLICT (projection, first_partition) DO UPDATE SET position = excluded.position",
            share.start,
            share.stop - 1,
            position,
            stored[position - 1].recorded_at,
        )
