"""Ingest's tables: the book by which it decides."""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from uuid import UUID

import shared.projection
from services.ingest.accept import StandingAdoption, StandingJudgement
from shared.domain.access import Principal, partnerships_in_order
from shared.domain.amend import Partnership
from shared.domain.events import DayClosed, Event, RatingLifted, RatingSet, RubricAdopted
from shared.domain.rubric import Rubric
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.book_store import bring_up, read_registry, runs_between_completions
from shared.projection.homes import keep_homes
from shared.projection.kept import Kept
from shared.projection.parking import Read
from shared.projection.scope import EVERYTHING, Scope

SCHEMA = "ingest"
NOT_IN_THE_LEDGER = ("import", "import_row", "import_finding", "import_mapping")
"""Tables of work under way, which cannot be computed anew from the ledger."""
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes ingest's schema."""
    own = Path(__file__).with_name("migrations")
    return migrations_in(Path(shared.projection.__file__).with_name("migrations")) + migrations_in(own)


class BookProjector:
    """Keeps the book up to date with the ledger."""

    name = "ingest"

    def __init__(self) -> None:
        self._registries: Kept[dict[str, Partnership]] = Kept()

    def forget(self) -> None:
        """Keep nothing of what was read before."""
        self._registries.forget()

    async def project(self, connection: Connection, read: Sequence[Read], scope: Scope = EVERYTHING) -> None:
        """Bring the book up to these events."""
        registries = self._registries.take()
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            events = [each.event for each in of_home]
            if home not in registries:
                registries[home] = await read_registry(connection, home)
            await keep_homes(connection, events)
            for run in runs_between_completions(events):
                await bring_up(connection, home, run, registries[home], scope)
            await _close_last_day(connection, home, events)
            for event in events:
                await _keep_ruling(connection, event)
        self._registries.keep(registries)


async def _close_last_day(connection: Connection, home: str, events: Sequence[Event]) -> None:
    closed = [event.data.day for event in events if isinstance(event.data, DayClosed)]
    if closed:
        await queries.close_day(connection, home=home, day=max(closed))


async def _keep_ruling(connection: Connection, event: Event) -> None:
    match event.data:
        case RatingSet(partnership=slug):
            await queries.write_judgement(connection, home=event.home, judgement=event.id, partnership=slug)
        case RatingLifted(judgement=judgement):
            await queries.lift_judgement(connection, home=event.home, judgement=judgement, lifted_by=event.id)
        case RubricAdopted() as data:
            await _keep_adoption(connection, event, data)
        case _:
            pass


async def _keep_adoption(connection: Connection, event: Event, data: RubricAdopted) -> None:
    named = {"home": event.home, "id": data.rubric.id, "version": data.rubric.version}
    await queries.write_rubric(connection, **named, rubric=data.rubric.model_dump(mode="json"))
    await queries.write_adoption(
        connection, **named, event_id=event.id, valid_from=data.valid_from, replaces=data.replaces
    )


async def read_judgements(pool: Pool, home: str, judgements: Collection[UUID]) -> dict[UUID, StandingJudgement]:
    """Return what is known of these official judgements."""
    if not judgements:
        return {}
    return {
        row["judgement"]: StandingJudgement(row["partnership"], row["lifted_by"])
        async for row in queries.judgements(pool, home=home, judgements=list(judgements))
    }


async def read_adoptions(pool: Pool, home: str) -> list[StandingAdoption]:
    """Return the rubrics that the home has adopted, each as often as it was."""
    return [
        StandingAdoption(row["event_id"], Rubric.model_validate(row["rubric"]), row["valid_from"], row["replaces"])
        async for row in queries.adoptions(pool, home=home)
    ]


async def read_slugs(pool: Pool, principal: Principal) -> list[str]:
    """Return the slugs of the home's partnerships, as far as the principal may know them."""
    rows = queries.slugs(pool, home=principal.home, allowed=partnerships_in_order(principal))
    return [row["partnership"] async for row in rows]


async def read_last_closed_days(pool: Pool) -> dict[str, date]:
    """Return every home's last closed day; a home is left out before its first."""
    return {row["home"]: row["day"] async for row in queries.last_closed_days(pool)}
