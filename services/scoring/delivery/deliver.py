"""The deliverer: hands alerts out, takes in hand what is due, sends it, and puts on record how that went.

Any number of deliverers may run. What one has in hand is its own as long as its session with the database is there and it
is seen; what a killed one had in hand is anybody's at once, under the same message id.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from services.scoring.delivery.compose import Claimed, body_for, end_address, message_for
from services.scoring.delivery.mail import Mails
from services.scoring.delivery.matching import AtHome, hand_out, home_of, queries
from services.scoring.delivery.outcome import Outcome, Settled, settle
from services.scoring.delivery.timing import outside_of
from services.scoring.delivery.webhook import Webhooks, signed_headers
from services.scoring.subscriptions.store import MAIL_SERVER, end_subscription, forget_unconfirmed
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool, open_pool
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.progress import channel_of
from shared.projection.shares import SILENCE_SECONDS
from shared.projection.shares import queries as leases

DELIVERIES = "deliveries"
CHANNEL = channel_of(DELIVERIES)
HINTS = (CHANNEL, channel_of("scoring"))
MOST_AT_ONCE = 256
MOST_OF_ONE_RECEIVER = 8
"""So few messages are on their way to one receiver at a time, and one while it does not take what it was sent: so those that
hang hold up nobody else."""
CONNECTIONS = 5
LOOK_AGAIN_SECONDS = 1.0
"""A hint is never a promise: the tables are looked at this often whatever comes."""
GATHER_SECONDS = 0.01
"""To look for one message costs as much as for many; so what comes within this time is looked for together."""
SWEEP_SECONDS = 60.0
WAIT_AFTER_TROUBLE_SECONDS = 0.5

log = structlog.get_logger()


async def keep_delivering(
    settings: Settings, clock: Clock = now, webhooks: Webhooks | None = None, chance: random.Random | None = None
) -> None:
    """Deliver for ever, through lost connections and restarts of the server."""
    few = settings.model_copy(update={"postgres_connections": CONNECTIONS})
    pool = await open_pool(few, "scoring")
    sending = webhooks or Webhooks(settings.networks_allowed)
    drawn = chance or random.Random()  # noqa: S311 - pauses need not be unforeseeable
    try:
        while True:
            try:
                async with pool.acquire() as session:
                    await Deliverer(session, pool, settings, clock, sending, drawn).run()
            except (*CONNECTION_ERRORS, *DATABASE_ERRORS) as error:
                log.warning("the deliverer begins again", error=repr(error))
                await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)
    finally:
        await sending.close()
        await pool.close()


@asynccontextmanager
async def _listening(session: Connection, hint: asyncio.Event) -> AsyncIterator[None]:
    """Let the hint be set whenever something was raised, or there may be something to deliver."""

    def heard(*_: object) -> None:
        hint.set()

    for channel in HINTS:
        await session.add_listener(channel, heard)
    try:
        yield
    finally:
        for channel in HINTS if not session.is_closed() else ():
            await session.remove_listener(channel, heard)


class Deliverer:
    """One that delivers, for as long as its session lasts."""

    def __init__(
        self,
        session: Connection,
        pool: Pool,
        settings: Settings,
        clock: Clock,
        webhooks: Webhooks,
        chance: random.Random,
    ) -> None:
        self.me = uuid4()
        self._session = session
        self._pool = pool
        self._settings = settings
        self._clock = clock
        self._webhooks = webhooks
        self._mails = Mails(settings)
        self._chance = chance
        self._hint = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._trouble: BaseException | None = None
        self._homes: dict[str, tuple[float, AtHome]] = {}
        self._seen_at = self._swept_at = float("-inf")

    async def run(self) -> None:
        """Deliver until the session ends. What is under way then is given up; it is tried again."""
        try:
            async with _listening(self._session, self._hint):
                while True:
                    self._hint.clear()
                    if not await self._turn():
                        with suppress(TimeoutError):
                            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                                await self._hint.wait()
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            await end(*self._under_way)
            with suppress(*DATABASE_ERRORS, OSError):
                await leases.leave(self._session, projection=DELIVERIES, worker=self.me)

    async def _turn(self) -> int:
        """Do what is to be done now; return how much that was."""
        if self._trouble is not None:
            raise self._trouble
        await self._be_seen()
        await self._sweep()
        handed_out = await hand_out(self._session, self._settings, self._clock())
        claimed = await self.claim(MOST_AT_ONCE - len(self._under_way))
        for each in claimed:
            task = asyncio.create_task(self._deliver(each))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return handed_out + len(claimed)

    async def _be_seen(self) -> None:
        if time.monotonic() - self._seen_at < LOOK_AGAIN_SECONDS:
            return
        self._seen_at = time.monotonic()
        await leases.note_worker(self._session, projection=DELIVERIES, worker=self.me)
        await leases.forget_dead_workers(self._session, projection=DELIVERIES, silence_seconds=SILENCE_SECONDS)

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            await forget_unconfirmed(self._session, self._clock())

    async def claim(self, most: int) -> list[Claimed]:
        """Take in hand what is due, at most so many."""
        if most <= 0:
            return []
        rows = queries.claim(
            self._session,
            projection=DELIVERIES,
            deliverer=self.me,
            now=self._clock(),
            most=most,
            most_of_one=MOST_OF_ONE_RECEIVER,
            mail_server=MAIL_SERVER,
        )
        return [Claimed.read(row) async for row in rows]

    async def _deliver(self, claimed: Claimed) -> None:
        """Make one attempt, if it is still to be made, and put on record how it went."""
        moment = self._clock()
        home = await self._home(claimed.home)
        if reason := why_not(claimed, released=home.released):
            await queries.drop_delivery(
                self._pool, delivery=claimed.delivery, deliverer=self.me, why=reason, now=moment
            )
            return
        due_at = outside_of(claimed.quiet if claimed.tells else None, moment, home.zone)
        if due_at > moment:
            await queries.put_off(self._pool, delivery=claimed.delivery, deliverer=self.me, due_at=due_at)
            return
        begun = await queries.begin_attempt(self._pool, delivery=claimed.delivery, deliverer=self.me, now=moment)
        if begun is None:  # it was taken back, or ended, since it was taken in hand
            return
        started = time.monotonic()
        outcome = await self._attempt(claimed, moment)
        took = timedelta(seconds=time.monotonic() - started)
        quiet = claimed.quiet if claimed.tells else None
        settled = settle(
            outcome, begun["attempts"], begun["first_attempt_at"], self._clock(), quiet, home.zone, self._chance
        )
        await self._keep(claimed, begun["attempts"], outcome, settled, took)

    async def _home(self, slug: str) -> AtHome:
        """Return what must be known of a home; read anew every second."""
        read_at, home = self._homes.get(slug, (float("-inf"), None))
        if home is None or time.monotonic() - read_at > LOOK_AGAIN_SECONDS:
            home = await home_of(self._pool, slug, self._settings)
            self._homes[slug] = time.monotonic(), home
        return home

    async def _attempt(self, claimed: Claimed, moment: datetime) -> Outcome:
        """Make and send the message. What goes wrong on our side is an attempt that failed, and in the log."""
        sending = asyncio.create_task(self._send(claimed, moment))
        try:
            await asyncio.wait([sending])
        finally:
            await end(sending)
        if error := sending.exception():
            log.error("a message could not be made or sent", delivery=str(claimed.delivery), exc_info=error)
            return Outcome(taken=False, words="The message could not be made: the log says why.")
        return sending.result()

    async def _send(self, claimed: Claimed, moment: datetime) -> Outcome:
        assert claimed.address is not None
        site, message_id = self._settings.site, str(claimed.delivery)
        if claimed.channel == "email":
            end_url = end_address(site, claimed) if claimed.kind != "confirmation" else None
            message = message_for(claimed, site, moment)
            return await self._mails.send(message, message_id, claimed.address, moment, end_url)
        body = body_for(claimed, site, moment)
        headers = signed_headers(message_id, body, claimed.secrets, moment)
        return await self._webhooks.send(claimed.address, body, headers, moment)

    async def _keep(self, claimed: Claimed, number: int, outcome: Outcome, settled: Settled, took: timedelta) -> None:
        moment = self._clock()
        await queries.end_attempt(
            self._pool,
            delivery=claimed.delivery,
            deliverer=self.me,
            number=number,
            took_ms=round(took.total_seconds() * 1_000),
            status=outcome.status,
            outcome=outcome.words,
            excerpt=outcome.excerpt or None,
            state=settled.state,
            why=None if outcome.taken else outcome.words,
            due_at=settled.due_at,
            now=moment,
        )
        if outcome.gone:  # killed in between, the next message is answered 410 too
            async with self._pool.acquire() as connection, connection.transaction():
                await end_subscription(connection, claimed.subscription, "gone", moment)
        if not outcome.taken:
            said = {"delivery": str(claimed.delivery), "subscription": str(claimed.subscription)}
            log.warning(
                "a delivery was not taken", **said, state=settled.state, status=outcome.status, why=outcome.words
            )

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._trouble = error
        self._hint.set()


def why_not(claimed: Claimed, *, released: bool) -> str | None:
    """Return why nobody is to be told this any more, None where somebody is."""
    if claimed.address is None:
        return "The subscription has ended."
    if claimed.tells and claimed.account is None and not released:
        return "The home does not show this to the public any more."
    if claimed.tells and not claimed.documents:
        return "The account may not see this partnership any more."
    return None


async def hint_at_deliveries(connection: Connection | Pool) -> None:
    """Let the deliverers look at once."""
    await queries.hint_at_deliveries(connection, channel=CHANNEL)
