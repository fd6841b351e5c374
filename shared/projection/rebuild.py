"""Build a projection anew beside the live one, compare the two row by row, and put the new one in its place.

The new one has a schema of its own, `<schema>_next`, made by the same migrations and filled by the same projector. Rows
are compared while the live tables are held still, at the same position; nothing that is read of them waits for that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import structlog

from shared.ledger.follow import Checkpoint, LedgerBroken, follow_until
from shared.ledger.ledger import Ledger
from shared.ledger.subjects import PARTITIONS
from shared.postgres.migrate import Migration, migrate
from shared.postgres.pool import LOCK_ERRORS, Connection, Pool, open_pool_of_owner
from shared.postgres.queries import load_queries
from shared.postgres.roles import OWNER, grant, password_name
from shared.process.secrets import read_secret
from shared.process.settings import Settings
from shared.projection.parking import Projector, project_or_park, read_entries
from shared.projection.progress import read_checkpoints
from shared.projection.run import advance
from shared.projection.scope import ALL_PARTITIONS
from shared.projection.shares import Share

WAITS_TO_HOLD_STILL_MILLISECONDS = (*[500] * 20, *[2_000] * 20)
"""First less than PostgreSQL takes to end a deadlock: we give way to a worker. Then longer, so that vacuum gives way to us."""
BETWEEN_TRIES_SECONDS = 0.02
COMPARING_SECONDS = 3_600.0
NOT_COMPARED = ("migration", "checkpoint", "worker")
"""Where the shares of the live projection stand is compared by itself."""
WHOLE = Share(0, PARTITIONS - 1, fence=0, worker=None, checkpoint=Checkpoint())
"""The new one is built by one worker, which nobody disturbs."""

queries = load_queries(__file__, "rebuild.sql")
checkpoints = load_queries(__file__)
log = structlog.get_logger()


class CannotRebuild(Exception):
    """The projection cannot be built or put in place just now; the live one is as it was. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A projection and its tables. `kept` are tables of the schema that hold what the ledger does not.

    `carried_over` are those of the kept tables that projecting fills and others empty, with rows of one partnership and
    position each: what the live projection had not come to is taken over from the new one.
    """

    schema: str
    migrations: Sequence[Migration]
    projector: Projector
    kept: Collection[str] = ()
    carried_over: Collection[str] = ()

    @property
    def next_schema(self) -> str:
        """Where the new one is built."""
        return f"{self.schema}_next"


@dataclass(frozen=True, slots=True)
class Compared:
    """One table, live and rebuilt: its rows, how many stand in one of the two only, and the first of those in words."""

    table: str
    rows: int
    rebuilt_rows: int
    differences: int
    first: tuple[str, ...] = ()


class Rebuild:
    """A projection that is being built anew; made by `open_rebuild`."""

    def __init__(self, projection: Projection, ledger: Ledger, settings: Settings, live: Pool, rebuilt: Pool) -> None:
        self._projection = projection
        self._ledger = ledger
        self._settings = settings
        self._live = live
        self._rebuilt = rebuilt
        self.checkpoint = Checkpoint()

    async def target(self) -> int:
        """Return the position up to which to build: the live projection's, the ledger's end where it has none.

        Raises `LedgerBroken` where the live projection has read more than there is.
        """
        return await self._target(self._live)

    async def build(self, until: int, advanced: Callable[[int], None]) -> None:
        """Project the ledger up to a position into the new schema."""
        async with aclosing(follow_until(self._ledger, self.checkpoint, until)) as lists:
            async for entries in lists:
                reached = self.checkpoint.after(entries[-1])
                read = read_entries(entries, self._settings.zone, ALL_PARTITIONS)
                async with self._rebuilt.acquire() as connection, connection.transaction():
                    await project_or_park(connection, self._projection.projector, read, ALL_PARTITIONS)
                    await advance(connection, self._projection.projector.name, [WHOLE], self.checkpoint, reached)
                self.checkpoint = reached
                advanced(reached.position)

    async def compare(self) -> list[Compared]:
        """Hold the live tables still for writing, bring the new ones to the same position, and compare every table.

        Waits for a moment at which all shares of the live projection stand at the same event.
        """
        async with self._held_still("EXCLUSIVE", self._stands_at_one_event) as connection:
            await self.build(await self._target(connection), _nobody)
            tables = [row["table_name"] async for row in queries.tables_of(connection, schema=self._projection.schema)]
            left_out = {*NOT_COMPARED, *self._projection.kept}
            compared = [await self._compared(connection, table) for table in tables if table not in left_out]
            return [await self._compared_checkpoints(connection), *compared]

    async def swap(self) -> int:
        """Put the new tables in the place of the live ones, in one transaction; return the position they stand at.

        Workers and readers wait for that transaction and then see the new tables; a worker that stood elsewhere finds
        its checkpoint moved, and begins again from the new one. It would notice with the next event only, so the new
        tables are brought to the ledger's end, wherever the live ones stood.
        """
        live, rebuilt = self._projection.schema, self._projection.next_schema
        await self.build(await self._ledger.end(), _nobody)
        async with self._held_still("ACCESS EXCLUSIVE", _always) as connection:
            await self.build(await self._ledger.end(), _nobody)
            for table in self._projection.carried_over:
                await self._carry_over(connection, table)
            for table in self._projection.kept:
                await connection.execute(f'DROP TABLE IF EXISTS "{rebuilt}"."{table}"')
                await connection.execute(f'ALTER TABLE "{live}"."{table}" SET SCHEMA "{rebuilt}"')
            await connection.execute(f'DROP SCHEMA "{live}" CASCADE')
            await connection.execute(f'ALTER SCHEMA "{rebuilt}" RENAME TO "{live}"')
            await self._grant(connection)
        return self.checkpoint.position

    async def _carry_over(self, connection: Connection, table: str) -> None:
        """Take over what only the new projection has come to; all else was handed on, or waits in the live table."""
        names = {"live": self._projection.schema, "rebuilt": self._projection.next_schema, "table": table}
        statement = await queries.carrying_over(connection, projection=self._projection.projector.name, **names)
        await connection.execute(statement)

    async def _grant(self, connection: Connection) -> None:
        """Grant the service the rows of its new tables, as `migrate_all` does."""
        folder, schema = self._settings.secrets_folder, self._projection.schema
        if read_secret(folder, password_name(OWNER)):
            await grant(connection, schema, read_secret(folder, password_name(schema)))

    async def _target(self, connection: Connection | Pool) -> int:
        row = await checkpoints.checkpoint_of(connection, projection=self._projection.projector.name)
        end = await self._ledger.end()  # asked last: the other way round the projection could have moved beyond it
        if row is not None and row["position"] > end:
            raise LedgerBroken(
                f"The projection has read up to position {row['position']}, but the ledger ends at {end}. Restore the "
                "ledger from a copy; a projection cannot be built from what is not there."
            )
        return int(row["position"]) if row is not None else end

    async def _stands_at_one_event(self, connection: Connection) -> bool:
        live = await read_checkpoints(connection, self._projection.projector.name)
        return len({each.position for each in live}) < 2

    async def _compared_checkpoints(self, connection: Connection) -> Compared:
        live = await read_checkpoints(connection, self._projection.projector.name)
        others = [
            each for each in live if (each.position, each.hash) != (self.checkpoint.position, self.checkpoint.hash)
        ]
        first = [f"live only: position={each.position}, hash={each.hash}" for each in others[:3]]
        return Compared("checkpoint", len(live), 1, len(others), tuple(first))

    async def _compared(self, connection: Connection, table: str) -> Compared:
        names = {"live": self._projection.schema, "rebuilt": self._projection.next_schema, "table": table}
        asked = await queries.comparison_of(connection, **names)
        counts = await connection.fetchrow(asked["counts"], timeout=COMPARING_SECONDS)
        assert counts is not None
        differences = int(counts["only_live"] + counts["only_rebuilt"])
        lines = await connection.fetch(asked["lines"], timeout=COMPARING_SECONDS) if differences else []
        first = [f"{row['side']} only: {row['line']}" for row in lines]
        async for row in queries.columns_only_in_one(connection, **names):
            differences += 1
            first.append(f"the column {row['column_name']} is in {row['schema']} only")
        return Compared(table, counts["rows"], counts["rebuilt_rows"], differences, tuple(first))

    @asynccontextmanager
    async def _held_still(self, mode: str, fits: Callable[[Connection], Awaitable[bool]]) -> AsyncIterator[Connection]:
        """Lock the live tables for one transaction, giving way to workers until they let us, and until what stands fits."""
        async with self._live.acquire() as connection:
            for wait_milliseconds in WAITS_TO_HOLD_STILL_MILLISECONDS:
                async with connection.transaction():
                    if await self._lock_all(connection, mode, wait_milliseconds) and await fits(connection):
                        yield connection
                        return
                await asyncio.sleep(BETWEEN_TRIES_SECONDS)
            raise CannotRebuild(
                f"The tables of {self._projection.schema} were never free for a moment. Try again when less is being "
                "read and written."
            )

    async def _lock_all(self, connection: Connection, mode: str, wait_milliseconds: int) -> bool:
        tables = [row["table_name"] async for row in queries.tables_of(connection, schema=self._projection.schema)]
        # In the order of a worker's transaction, which begins with its checkpoint: so neither waits for the other.
        tables.sort(key=lambda table: table != "checkpoint")
        named = ", ".join(f'"{self._projection.schema}"."{table}"' for table in tables)
        return await _locked(connection, f"LOCK TABLE {named} IN {mode} MODE", wait_milliseconds)


async def _locked(connection: Connection, statement: str, wait_milliseconds: int) -> bool:
    """Lock all or, where a worker is at work on one of them, none."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = {wait_milliseconds}")
            await connection.execute(statement)
            await connection.execute("SET LOCAL lock_timeout = 0")
    except LOCK_ERRORS as error:
        log.info("the tables are in use; trying again", error=repr(error))
        return False
    return True


@asynccontextmanager
async def open_rebuild(projection: Projection, ledger: Ledger, settings: Settings) -> AsyncIterator[Rebuild]:
    """Make the new schema, empty; take it away afterwards, unless it was put in the live one's place.

    Raises `CannotRebuild` where another program builds the same, or the projection was never there.
    """
    few = settings.model_copy(update={"postgres_connections": 3})
    live = await open_pool_of_owner(few, projection.schema)
    try:
        async with live.acquire() as turn:
            await _take_the_turn(turn, projection)
            await turn.execute(f'DROP SCHEMA IF EXISTS "{projection.next_schema}" CASCADE')
            await migrate(turn, projection.next_schema, list(projection.migrations))
            rebuilt = await open_pool_of_owner(few, projection.next_schema)
            projection.projector.forget()
            try:
                await checkpoints.begin_checkpoint(rebuilt, projection=projection.projector.name)
                yield Rebuild(projection, ledger, settings, live, rebuilt)
            finally:
                await rebuilt.close()
                await turn.execute(f'DROP SCHEMA IF EXISTS "{projection.next_schema}" CASCADE')
    finally:
        await live.close()


async def _take_the_turn(connection: Connection, projection: Projection) -> None:
    tables = [row["table_name"] async for row in queries.tables_of(connection, schema=projection.schema)]
    if "checkpoint" not in tables:
        raise CannotRebuild(f"There are no tables of {projection.schema} yet. Start Kembar: it makes them by itself.")
    if not await queries.one_rebuild_at_a_time(connection, schema=projection.schema):
        raise CannotRebuild(f"Another program is building {projection.schema} anew. Wait until it is done.")


async def _always(connection: Connection) -> bool:
    """The new tables are brought to the ledger's end, wherever the live ones stand."""
    return True


def _nobody(position: int) -> None:
    """Nobody watches the last few events."""
