"""The deliverer: hands alerts out, takes in hand what is due, sends it, and puts on record how that went.

Any number of deliverers may run. What one has in hand is its own as long as its session with the database is there and it
is seen; what a killed one had in hand is anybody's at once, under the same message id.
"""

import asyncio
import random
import time
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from services.scoring.delivery.compose import Claimed, body_for, end_address, message_for
from services.scoring.delivery.mail import Mails
from services.scoring.delivery.matching import AtHome, hand_out, home_of, queries
from services.scoring.delivery.measurements import DeliveryMeasurements, how
from services.scoring.delivery.outcome import Outcome, settle
from services.scoring.delivery.record import Begun, Ended, begin_attempts, end_attempts
from services.scoring.delivery.webhook import Webhooks, signed_headers
from services.scoring.subscriptions.store import MAIL_SERVER, end_subscription, forget_unconfirmed
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool, open_session
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.process.traces import go_on
from shared.projection.progress import channel_of
from shared.projection.shares import SILENCE_SECONDS
from shared.projection.shares import queries as leases

DELIVERIES = "deliveries"
CHANNEL = channel_of(DELIVERIES)
RAISED = channel_of("scoring")
MOST_AT_ONCE = 256
MOST_BEGUN_AT_ONCE = 32
"""An attempt that is on record may have been made, for all that anybody knows; so no more begin than are soon made."""
MOST_OF_ONE_RECEIVER = 8
"""So few messages are on their way to one receiver at a time, and one while it does not take what it was sent: so those that
hang hold up nobody else."""
LOOK_AGAIN_SECONDS = 1.0
"""A hint is never a promise: the tables are looked at this often whatever comes."""
GATHER_SECONDS = 0.01
"""To look for one message costs as much as for many; so what comes within this time is looked for together."""
SWEEP_SECONDS = 60.0
KEPT_FOR = timedelta(days=400)
"""So long it can be seen how a delivery went, after it was settled: a year, and time to ask about it."""
MOST_SWEPT = 5_000
LEAVING_SECONDS = 5.0
WAIT_AFTER_TROUBLE_SECONDS = 0.5

log = structlog.get_logger()


async def keep_delivering(
    settings: Settings,
    clock: Clock = now,
    webhooks: Webhooks | None = None,
    chance: random.Random | None = None,
    measurements: DeliveryMeasurements | None = None,
) -> None:
    """Deliver for ever, through lost connections and restarts of the server."""
    measured = measurements or DeliveryMeasurements()
    sending = webhooks or Webhooks(settings.networks_allowed)
    drawn = chance or random.Random()  # noqa: S311 - pauses need not be unforeseeable
    ended: list[Ended] = []
    try:
        while True:
            try:
                async with open_session(settings, "scoring") as session, open_session(settings, "scoring") as matching:
                    measured.trouble = None
                    await Deliverer(session, matching, settings, clock, sending, drawn, ended, measured).run()
            except (*CONNECTION_ERRORS, *DATABASE_ERRORS) as error:
                measured.trouble = repr(error)
                log.warning("the deliverer begins again", error=repr(error))
                await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)
    finally:
        await sending.close()


class Deliverer:
    """One that delivers, for as long as its sessions last: one for what is raised, one for what is sent and how that went.

    `ended` are attempts that have ended and are not on record yet: those that an earlier session did not come to, too.
    """

    def __init__(
        self,
        session: Connection,
        matching: Connection,
        settings: Settings,
        clock: Clock,
        webhooks: Webhooks,
        chance: random.Random,
        ended: list[Ended],
        measured: DeliveryMeasurements,
    ) -> None:
        self.me = uuid4()
        self._session = session
        self._matching = matching
        self._settings = settings
        self._clock = clock
        self._webhooks = webhooks
        self._mails = Mails(settings)
        self._chance = chance
        self._ended = ended
        self._measured = measured
        self._hint, self._raised = asyncio.Event(), asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._trouble: BaseException | None = None
        self._homes: dict[str, tuple[float, AtHome]] = {}
        self._seen_at = self._swept_at = float("-inf")

    async def run(self) -> None:
        """Deliver until the session ends. What is under way then is given up; it is tried again."""
        handing_out = asyncio.create_task(self._keep_handing_out())
        handing_out.add_done_callback(self._has_ended)
        try:
            await self._session.add_listener(CHANNEL, lambda *_: self._hint.set())
            while True:
                self._hint.clear()
                if not await self._turn():
                    await _set_or_late(self._hint)
                await asyncio.sleep(GATHER_SECONDS)
        finally:
            await end(handing_out, *self._under_way)
            with suppress(*DATABASE_ERRORS, OSError, TimeoutError):
                async with asyncio.timeout(LEAVING_SECONDS):
                    await self._put_on_record()
                    await leases.leave(self._session, projection=DELIVERIES, worker=self.me)

    async def _keep_handing_out(self) -> None:
        """Turn what is raised into deliveries, beside the sending: neither waits for the other's statements."""
        await self._matching.add_listener(RAISED, lambda *_: self._raised.set())
        while True:
            self._raised.clear()
            if handed_out := await hand_out(self._matching, self._settings, self._clock()):
                self._measured.note_raised(handed_out)
                self._hint.set()
            else:
                await _set_or_late(self._raised)
            await asyncio.sleep(GATHER_SECONDS)

    async def _turn(self) -> int:
        """Put on record what has ended and take in hand what is due; return how much that was."""
        if self._trouble is not None:
            raise self._trouble
        await self._be_seen()
        await self._sweep()
        await self._put_on_record()
        claimed, begun = await self._begin()
        for each in begun:
            task = asyncio.create_task(self._deliver(each))
            self._under_way.add(task)
            task.add_done_callback(self._has_ended)
        return claimed

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
            await queries.forget_settled(self._session, before=self._clock() - KEPT_FOR, most=MOST_SWEPT)

    async def _put_on_record(self) -> None:
        """Write down how attempts ended: all that have since the last turn, in one statement."""
        if not (ended := self._ended[:]):
            return
        await end_attempts(self._session, ended, self._clock())
        del self._ended[: len(ended)]
        for each in ended:
            if each.outcome.gone:  # killed in between, the next message is answered 410 too
                async with self._session.transaction():
                    subscription = each.begun.claimed.subscription
                    await end_subscription(self._session, subscription, "gone", self._clock())

    async def _begin(self) -> tuple[int, list[Begun]]:
        """Take in hand what is due and begin its attempts, in one transaction; return how much was taken, and the attempts."""
        moment, most = self._clock(), min(MOST_BEGUN_AT_ONCE, MOST_AT_ONCE - len(self._under_way))
        if most <= 0:
            return 0, []
        async with self._session.transaction():
            claimed = await self.claim(most)
            homes = {slug: await self._home(slug) for slug in {each.home for each in claimed}}
            return len(claimed), await begin_attempts(self._session, self.me, claimed, homes, moment)

    async def claim(self, most: int) -> list[Claimed]:
        """Take in hand what is due, at most so many."""
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

    async def _home(self, slug: str) -> AtHome:
        """Return what must be known of a home; read anew every second."""
        read_at, home = self._homes.get(slug, (float("-inf"), None))
        if home is None or time.monotonic() - read_at > LOOK_AGAIN_SECONDS:
            home = await home_of(self._session, slug, self._settings)
            self._homes[slug] = time.monotonic(), home
        return home

    async def _deliver(self, begun: Begun) -> None:
        """Make an attempt that is on record; how it went is put on record with the next turn."""
        started = time.monotonic()
        with go_on("tell of an alert", "client", begun.claimed.traceparent) as telling:
            outcome = await self._attempt(begun.claimed, self._clock())
            telling.note(kembar__channel=begun.claimed.channel, kembar__attempt=begun.number)
            if not outcome.taken:
                telling.fail(how(outcome))
        took_seconds = time.monotonic() - started
        self._measured.note_attempt(begun.claimed.channel, outcome, took_seconds)
        settled = settle(
            outcome,
            begun.refused + 1,
            begun.first_attempt_at,
            self._clock(),
            begun.quiet,
            begun.home.zone,
            self._chance,
        )
        self._ended.append(Ended(begun, self.me, outcome, settled, round(took_seconds * 1_000)))
        if not outcome.taken:
            said = {"delivery": str(begun.claimed.delivery), "subscription": str(begun.claimed.subscription)}
            log.warning(
                "a delivery was not taken", **said, state=settled.state, status=outcome.status, why=outcome.words
            )

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

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._trouble = error
        self._hint.set()


async def _set_or_late(hint: asyncio.Event) -> None:
    """Wait for a hint, but not for long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
            await hint.wait()


async def hint_at_deliveries(connection: Connection | Pool) -> None:
    """Let the deliverers look at once."""
    await queries.hint_at_deliveries(connection, channel=CHANNEL)
