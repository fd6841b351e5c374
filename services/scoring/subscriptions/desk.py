"""What is done with subscriptions: each action reads what it needs, decides, and has one effect. All raise `Fault`."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request

from services.scoring.delivery.addresses import check_url
from services.scoring.delivery.deliver import hint_at_deliveries
from services.scoring.delivery.mail import is_set_up
from services.scoring.subscriptions import store
from services.scoring.subscriptions.decide import MOST_SUBSCRIPTIONS, Wish, findings_of, invalid, is_mail_address
from services.scoring.subscriptions.documents import Changes, Snooze, Subscribe, SubscribeByEmail, Where
from services.scoring.subscriptions.store import Asked, queries
from shared.domain.access import Action, Allowed, Principal, Subject, may, partnerships_in_order
from shared.domain.unfit import Unfit
from shared.postgres.pool import Connection, Pool
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.web.homes import is_released, zone_of
from shared.web.rules import demand
from shared.wire.problems import Fault, Finding, Problem

LONGEST_SNOOZE = timedelta(days=3_660)


class Desk:
    """Looks after the subscriptions of one home, for whoever asks."""

    def __init__(self, request: Request, asker: Principal) -> None:
        self._request = request
        self.asker = asker
        self.pool: Pool = request.app.state.runtime.pool
        self.settings: Settings = request.app.state.settings
        self.clock: Clock = request.app.state.clock

    async def today(self) -> date:
        """Return the home's day."""
        return self.clock().astimezone(await zone_of(self._request, self.asker.home)).date()

    async def subscribe(self, asked: Subscribe) -> tuple[Any, str | None]:
        """Keep a subscription of the account; return it, and a webhook's secret."""
        wish = asked.made_to(Wish())
        await self._refuse_wrong(wish, partnerships_in_order(self.asker))
        channel, address, host = await self._led_to(asked.channel)
        now = self.clock()
        async with self.pool.acquire() as connection, connection.transaction():
            await self._refuse_too_many(connection)
            if channel == "email" and await store.has_been_asked_enough(connection, address, now):
                raise Fault(_asked_enough())
            wanted = Asked(self.asker.home, self.asker, wish, channel, address, host)
            subscription, secret = await store.write_subscription(connection, wanted, now)
        await hint_at_deliveries(self.pool)
        return await self.found(subscription), secret

    async def subscribe_by_email(self, asked: SubscribeByEmail) -> None:
        """Ask an address to confirm that it wants to be told; nobody learns whether it was asked, or subscribes already."""
        if not await is_released(self._request, self.asker.home):
            raise Fault(_not_released())
        wish = asked.made_to(Wish())
        await self._refuse_wrong(wish, None)
        address = self._mail_address("email", asked.email)
        now = self.clock()
        async with self.pool.acquire() as connection, connection.transaction():
            if await store.has_been_asked_enough(connection, address, now):
                return
            wanted = Asked(self.asker.home, None, wish, "email", address, "")
            await store.write_subscription(connection, wanted, now)
        await hint_at_deliveries(self.pool)

    async def found(self, subscription: UUID) -> Any:  # noqa: ANN401
        """Return one's own subscription, or as an administrator anybody's of the home."""
        account = None if self.administers else self.asker.account
        rows = await store.read_subscriptions(
            self.pool, self.asker.home, account, await self.today(), subscription=subscription
        )
        if not rows:
            raise Fault(_unknown_subscription(subscription))
        return rows[0]

    async def own(self, subscription: UUID) -> Any:  # noqa: ANN401
        """Return one's own subscription that has not ended; an administrator can only end those of others."""
        row = await self.found(subscription)
        if not self.owns(row):
            raise Fault(_unknown_subscription(subscription))
        if row["ended_at"] is not None:
            raise Fault(stands_otherwise("The subscription has ended.", "Make another."))
        return row

    def owns(self, row: Any) -> bool:  # noqa: ANN401
        """Say whether a subscription is the account's own."""
        own: bool = row["account"] == self.asker.account
        return own

    @property
    def administers(self) -> bool:
        """Whether the account looks after those of others."""
        return isinstance(may(self.asker, Action.KEEP_PEOPLE, Subject(self.asker.home)), Allowed)

    async def listed(self, of: str, after: UUID | None, most: int) -> list[Any]:
        """Return one's own subscriptions, or those of the home, and one more where there are more."""
        if of == "home":
            demand(self.asker, Action.KEEP_PEOPLE, Subject(self.asker.home))
        account = None if of == "home" else self.asker.account
        today = await self.today()
        return await store.read_subscriptions(self.pool, self.asker.home, account, today, after=after, most=most + 1)

    async def change(self, subscription: UUID, changes: Changes) -> Any:  # noqa: ANN401
        """Keep what is to be another; return the subscription."""
        wish = changes.made_to(store.wish_in(await self.own(subscription)))
        await self._refuse_wrong(wish, partnerships_in_order(self.asker))
        await store.change_subscription(self.pool, subscription, wish)
        return await self.found(subscription)

    async def end(self, subscription: UUID) -> None:
        """End a subscription; one that has ended stays as it is."""
        row = await self.found(subscription)
        because = "ended by its owner" if self.owns(row) else "ended by an administrator"
        async with self.pool.acquire() as connection, connection.transaction():
            await store.end_subscription(connection, subscription, because, self.clock())

    async def pause(self, subscription: UUID) -> Any:  # noqa: ANN401
        """Send nothing until it is resumed."""
        await self.own(subscription)
        await queries.pause(self.pool, subscription=subscription, now=self.clock())
        return await self.found(subscription)

    async def resume(self, subscription: UUID) -> Any:  # noqa: ANN401
        """Send again, first of all what was still to be sent."""
        await self.own(subscription)
        await queries.resume(self.pool, subscription=subscription)
        await hint_at_deliveries(self.pool)
        return await self.found(subscription)

    async def snooze(self, subscription: UUID, asked: Snooze) -> Any:  # noqa: ANN401
        """Tell nothing of a partnership for a while."""
        await self.own(subscription)
        today = await self.today()
        if asked.until is not None and not today <= asked.until <= today + LONGEST_SNOOZE:
            said = "The day has passed, or is more than ten years ahead."
            raise Fault(invalid(Finding("until", said, "Name today or a later day, or null to be told again.")))
        wish = Wish(scope="partnership", value=asked.partnership)
        await self._refuse_wrong(wish, partnerships_in_order(self.asker))
        await store.snooze(self.pool, subscription, asked.partnership, asked.until)
        return await self.found(subscription)

    async def new_secret(self, subscription: UUID) -> str:
        """Draw another secret for a webhook; for a day messages are signed by both."""
        row = await self.own(subscription)
        if row["channel"] != "webhook":
            raise Fault(stands_otherwise("It sends e-mail, which has no secret.", "Rotate a webhook's."))
        async with self.pool.acquire() as connection, connection.transaction():
            await queries.one_subscribes_at_a_time(connection, who=str(subscription))
            return await store.write_secret(connection, subscription, self.clock())

    async def send_sample(self, subscription: UUID) -> UUID:
        """Let a made-up alert be sent; return the id of its delivery."""
        row = await self.own(subscription)
        if row["confirmed_at"] is None:
            raise Fault(stands_otherwise("The address has not confirmed yet.", "Open the link in the mail first."))
        async with self.pool.acquire() as connection, connection.transaction():
            await queries.one_subscribes_at_a_time(connection, who=str(subscription))
            if await queries.pending_sample(connection, subscription=subscription):
                raise Fault(stands_otherwise("A sample is on its way already.", "Wait until it has arrived."))
            delivery = await store.write_message(
                connection, subscription, row["home"], "sample", row["receiver"], self.clock()
            )
        await hint_at_deliveries(self.pool)
        return delivery

    async def _refuse_wrong(self, wish: Wish, partnerships: list[str] | None) -> None:
        findings = findings_of(wish, partnerships)
        if not findings and wish.scope == "partnership":
            there = await queries.partnership_of_home(self.pool, home=self.asker.home, partnership=wish.value)
            findings = [] if there else findings_of(wish, [])
        if findings:
            raise Fault(invalid(*findings))

    async def _refuse_too_many(self, connection: Connection) -> None:
        named = {"home": self.asker.home, "account": self.asker.account}
        await queries.one_subscribes_at_a_time(connection, who=self.asker.account)
        if await queries.count_of_account(connection, **named) >= MOST_SUBSCRIPTIONS:
            said = f"The account has {MOST_SUBSCRIPTIONS} subscriptions, and can have no more."
            raise Fault(stands_otherwise(said, "End one first."))

    async def _led_to(self, asked: Where) -> tuple[str, str, str]:
        if asked.email is not None:
            return "email", self._mail_address("channel.email", asked.email), ""
        url = asked.webhook or ""
        try:
            return "webhook", url, await check_url(url, self.settings.networks_allowed)
        except Unfit as error:
            raise Fault(invalid(Finding("channel.webhook", error.problem, error.remedy))) from error

    def _mail_address(self, field: str, text: str) -> str:
        if not is_set_up(self.settings):
            raise Fault(NO_MAIL_SERVER)
        if not is_mail_address(text):
            raise Fault(invalid(Finding(field, "It is no e-mail address.", "Write it as warga@example.org.")))
        return text


async def key_of(pool: Pool, key: str) -> Any | None:  # noqa: ANN401
    """Return the subscription that a key belongs to, None where it belongs to none."""
    return await queries.with_key(pool, key=key) if 0 < len(key) < 100 and key.isascii() and key.isprintable() else None


def stands_otherwise(title: str, remedy: str) -> Problem:
    """Return the problem of what cannot be done with a subscription as it stands."""
    return Problem(409, "subscription-stands-otherwise", f"{title} Nothing was done.", remedy)


def _unknown_subscription(subscription: UUID) -> Problem:
    title = f"There is no subscription {subscription} of your own in this home."
    return Problem(404, "unknown-subscription", title, "See /scoring/v1/subscriptions for those there are.")


def _asked_enough() -> Problem:
    return stands_otherwise(
        "This address has not answered the confirmations that it was sent.", "Open the link in one of them."
    )


def _not_released() -> Problem:
    title = "This home is not released to the public, so nobody can subscribe without an account."
    return Problem(403, "forbidden", title, "Subscribe with an account, at /scoring/v1/subscriptions.")


NO_MAIL_SERVER = Problem(
    status=409,
    kind="mail-not-set-up",
    title="This installation sends no e-mail: it has no mail server. Nothing was done.",
    remedy="Subscribe with a webhook; or ask the administrator to set KEMBAR_SMTP_URL and KEMBAR_MAIL_FROM.",
)
