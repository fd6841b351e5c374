"""What is delivered, to whom, in which order, and what becomes of what is not taken: real receivers, real tables."""

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid5

import pytest

from services.scoring.delivery.deliver import MOST_OF_ONE_RECEIVER, hint_at_deliveries, keep_delivering
from services.scoring.delivery.webhook import wait_in
from services.scoring.subscriptions import store
from shared.process.clock import now
from tests.support.alerts import delivering, raise_alert, states, subscribe
from tests.support.build import a_principal
from tests.support.installation import SetClock
from tests.support.receivers import answering, closing, endless, hanging, in_turn, receiving
from tests.support.waiting import until

EVENING = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # 23:00 in Jakarta


async def settled(pool, *subscriptions: UUID) -> None:
    """Wait until nothing is pending any more, of some subscriptions or of all."""
    ids = list(subscriptions) or await pool.fetch("SELECT subscription FROM subscription")
    ids = [each if isinstance(each, UUID) else each["subscription"] for each in ids]
    await until(lambda: _nothing_waits(pool, ids), 20)


async def _nothing_waits(pool, ids):
    waiting = "SELECT count(*) FROM delivery WHERE state = 'pending' AND subscription = ANY($1)"
    return not (await pool.fetchval("SELECT count(*) FROM outbox") or await pool.fetchval(waiting, ids))


async def attempts(pool, subscription: UUID) -> list[tuple[int | None, str | None]]:
    """Return the status and the outcome of every attempt, in order."""
    rows = await pool.fetch(
        "SELECT status, outcome FROM attempt JOIN delivery USING (delivery) WHERE subscription = $1 "
        "ORDER BY delivery.number, attempt.number",
        subscription,
    )
    return [(row["status"], row["outcome"]) for row in rows]


async def later(pool, clock: SetClock, by: timedelta) -> None:
    """Let time pass, and the deliverer look at once."""
    clock.moment += by
    await hint_at_deliveries(pool)


async def attempted(pool, subscription: UUID, count: int) -> None:
    """Wait until so many attempts have ended."""
    await until(lambda: _ended(pool, subscription, count), 20)


async def _ended(pool, subscription, count):
    return len([each for each in await attempts(pool, subscription) if each[1]]) >= count


async def test_an_alert_reaches_whoever_subscribes_signed_and_once(pool, settings):
    async with receiving(answering(204)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        alert = await raise_alert(pool)
        await settled(pool)

    (got,) = receiver.got
    body = got.verify(made.secret)
    assert (body["type"], body["data"]["id"]) == ("partnership.dormant", str(alert))
    assert got.id == str(uuid5(alert, str(made.id)))
    assert set(body["data"]["message"]) == {"subject", "plain", "language"}
    assert await attempts(pool, made.id) == [(204, "It was taken.")]


async def test_during_a_rotation_a_message_fits_the_old_secret_and_the_new_and_a_day_later_the_new_alone(
    pool, settings
):
    async with receiving(answering(200)) as receiver:
        made = await subscribe(pool, receiver.url, at=now())
        async with pool.acquire() as connection, connection.transaction():
            newer = await store.write_secret(connection, made.id, now())
        async with delivering(settings):
            await raise_alert(pool)
            await settled(pool)
        async with delivering(settings, SetClock(now() + timedelta(hours=25))):
            await raise_alert(pool)
            await settled(pool)

    first, second = receiver.got
    assert first.verify(made.secret) == first.verify(newer)
    assert len(first.headers["webhook-signature"].split(" ")) == 2
    assert len(second.headers["webhook-signature"].split(" ")) == 1


async def test_what_is_not_taken_is_tried_again_under_the_same_id_and_every_attempt_is_on_record(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(in_turn(answering(500, body=b"oh\x00 no"), closing, answering(200))) as receiver:
        made = await subscribe(pool, receiver.url)
        async with delivering(settings, clock, chance=random.Random(1)):
            await raise_alert(pool, raised_at=EVENING)
            for count in (1, 2):
                await attempted(pool, made.id, count)
                await later(pool, clock, timedelta(minutes=1))
            await settled(pool)

    assert len({got.id for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert await attempts(pool, made.id) == [
        (500, "It was not taken (500)."),
        (None, "The connection broke."),
        (200, "It was taken."),
    ]
    assert await pool.fetchval("SELECT excerpt FROM attempt WHERE number = 1") == "oh  no"


async def test_what_is_not_taken_for_three_days_has_failed(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(answering(503)) as receiver:
        made = await subscribe(pool, receiver.url)
        async with delivering(settings, clock):
            await raise_alert(pool, raised_at=EVENING)
            await attempted(pool, made.id, 1)
            await later(pool, clock, timedelta(days=3))
            await settled(pool)

    assert await states(pool, made.id) == ["failed"]
    assert len(receiver.got) == 2


async def test_a_receiver_that_asks_for_a_pause_gets_it(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(answering(429, "Retry-After: 3600")) as receiver:
        made = await subscribe(pool, receiver.url)
        async with delivering(settings, clock):
            await raise_alert(pool, raised_at=EVENING)
            await attempted(pool, made.id, 1)

    assert await pool.fetchval("SELECT due_at FROM delivery") == EVENING + timedelta(hours=1)


async def test_attempts_that_a_deliverers_end_cut_off_do_not_lengthen_the_pause(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(answering(500)) as receiver:
        made = await subscribe(pool, receiver.url)
        async with delivering(settings, clock):
            await raise_alert(pool, raised_at=EVENING)
            await attempted(pool, made.id, 1)
        await pool.execute("UPDATE attempt SET outcome = NULL")
        await pool.execute("INSERT INTO attempt SELECT delivery, number + 1, began_at FROM attempt")
        await pool.execute("UPDATE delivery SET attempts = 2, due_at = $1", EVENING)
        async with delivering(settings, clock):
            await attempted(pool, made.id, 1)

    assert timedelta(seconds=4) <= await pool.fetchval("SELECT due_at FROM delivery") - EVENING <= timedelta(seconds=6)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"120", 120), (b"Sat, 21 Nov 2026 16:10:00 GMT", 600), (b"Sat, 21 Nov 2020 16:10:00 GMT", 0), (b"soon", None)],
)
def test_a_pause_is_asked_for_in_seconds_or_up_to_a_moment(value, seconds):
    assert wait_in(value, EVENING) == (timedelta(seconds=seconds) if seconds is not None else None)


async def test_whoever_answers_410_is_told_nothing_more_and_forgotten(pool, settings):
    async with receiving(answering(410)) as receiver:
        made = await subscribe(pool, receiver.url)
        for _ in range(3):
            await raise_alert(pool)
        async with delivering(settings):
            await settled(pool)

    row = await pool.fetchrow("SELECT * FROM subscription WHERE subscription = $1", made.id)
    assert (row["ended_because"], row["address"], row["receiver"]) == ("gone", None, "ended")
    assert len(receiver.got) == 1
    assert await states(pool, made.id) == ["failed", "dropped", "dropped"]
    assert await pool.fetchval("SELECT count(*) FROM webhook_secret") == 0


async def test_an_answer_without_an_end_is_cut_and_counts_as_what_its_status_says(pool, settings):
    async with receiving(endless) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        await raise_alert(pool)
        await settled(pool)

    assert await states(pool, made.id) == ["delivered"]


async def test_those_who_hang_hold_up_nobody_and_are_asked_by_few_at_once(pool, settings):
    async with AsyncExitStack() as opened:
        slow = [await opened.enter_async_context(receiving(hanging)) for _ in range(3)]
        quick = await opened.enter_async_context(receiving(answering(200)))
        for each in slow:
            for _ in range(MOST_OF_ONE_RECEIVER + 1):
                await subscribe(pool, each.url)
        made = await subscribe(pool, quick.url)
        await opened.enter_async_context(delivering(settings))
        for _ in range(5):
            await raise_alert(pool)

        await settled(pool, made.id)

        assert len(quick.got) == 5
        assert [each.connections for each in slow] == [MOST_OF_ONE_RECEIVER] * 3


async def test_two_deliverers_tell_each_once(pool, settings):
    async with receiving(answering(200)) as receiver:
        for _ in range(20):
            await subscribe(pool, receiver.url)
        async with delivering(settings), delivering(settings):
            for _ in range(5):
                await raise_alert(pool)
            await settled(pool)

    assert len(receiver.got) == 100 == len({got.id for got in receiver.got})


async def test_quiet_hours_hold_a_message_back_until_they_end(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(answering(200)) as receiver:
        made = await subscribe(pool, receiver.url, quiet_from=time(22), quiet_to=time(6))
        async with delivering(settings, clock):
            await raise_alert(pool, raised_at=EVENING)
            await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM delivery"))
            assert receiver.got == []
            await later(pool, clock, timedelta(hours=7))
            await settled(pool, made.id)

    assert len(receiver.got) == 1


async def test_a_digest_gathers_what_was_raised_until_its_moment(pool, settings):
    clock = SetClock(EVENING)
    async with receiving(answering(200)) as receiver:
        daily = await subscribe(pool, receiver.url, digest="daily")
        weekly = await subscribe(pool, receiver.url, digest="weekly")
        async with delivering(settings, clock):
            first = await raise_alert(pool, raised_at=EVENING)
            second = await raise_alert(pool, "seoul", raised_at=EVENING)
            await until(lambda: pool.fetchval("SELECT count(*) = 4 FROM digest_alert"))
            await later(pool, clock, timedelta(days=1))
            await settled(pool, daily.id)
            third = await raise_alert(pool, "tokyo", raised_at=clock.moment)
            await until(lambda: pool.fetchval("SELECT count(*) = 6 FROM digest_alert"))
            await later(pool, clock, timedelta(days=7))
            await settled(pool, daily.id, weekly.id)

    told = [[each["id"] for each in got.document["data"]["alerts"]] for got in receiver.got]
    assert sorted(told) == sorted([[str(first), str(second)], [str(third)], [str(first), str(second), str(third)]])
    assert {got.document["type"] for got in receiver.got} == {"alerts.digest"}


async def test_nothing_goes_out_while_a_subscription_is_paused_and_on_it_goes_afterwards(pool, settings):
    async with receiving(answering(200)) as receiver:
        made = await subscribe(pool, receiver.url)
        clock = SetClock(EVENING)
        async with delivering(settings, clock):
            await store.queries.pause(pool, subscription=made.id, now=EVENING)
            await raise_alert(pool, raised_at=EVENING)
            await settled(pool)
            await store.queries.resume(pool, subscription=made.id)
            await raise_alert(pool, raised_at=EVENING)
            await settled(pool)

    assert len(receiver.got) == 1


async def test_an_account_is_told_what_it_may_see_also_when_that_changes_before_it_is_sent(pool, settings):
    async with receiving(answering(200)) as receiver:
        embassy = await subscribe(pool, receiver.url, a_principal("embassy"), digest="daily")
        clock = SetClock(EVENING)
        async with delivering(settings, clock):
            for partnership in ("hanoi", "beijing"):
                await raise_alert(pool, partnership, raised_at=EVENING)
            await until(lambda: pool.fetchval("SELECT count(*) = 0 FROM outbox"))
            assert await pool.fetchval("SELECT count(*) FROM digest_alert") == 1
            await pool.execute(
                "UPDATE digest_alert SET alert = (SELECT alert FROM alert WHERE partnership = 'beijing')"
            )
            await later(pool, clock, timedelta(days=1))
            await settled(pool)

    assert receiver.got == []
    assert await states(pool, embassy.id) == ["dropped"]


async def test_an_alert_from_before_a_loss_of_the_tables_is_told_to_nobody(pool, settings):
    async with receiving(answering(200)) as receiver, delivering(settings):
        await subscribe(pool, receiver.url)
        await raise_alert(pool, raised_at=now() - timedelta(days=7, seconds=1))
        await settled(pool)

    assert receiver.got == []


async def test_what_goes_wrong_in_making_a_message_is_an_attempt_that_failed_and_holds_up_nobody(pool, settings):
    async with receiving(answering(200)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        alert = await raise_alert(pool, "seoul")
        await settled(pool)
        await pool.execute("UPDATE alert SET document = '{}' WHERE alert = $1", alert)
        await pool.execute("UPDATE delivery SET state = 'pending', attempts = 0; DELETE FROM attempt")
        await raise_alert(pool, "hanoi")
        await until(lambda: len(receiver.got) == 2)
        await attempted(pool, made.id, 2)

    assert await attempts(pool, made.id) == [
        (None, "The message could not be made: the log says why."),
        (200, "It was taken."),
    ]


async def test_who_has_not_confirmed_in_three_days_is_forgotten(pool, settings):
    moment = now()
    late = await subscribe(pool, "late@example.org", None, at=moment - timedelta(days=3, seconds=1), confirmed=False)
    early = await subscribe(pool, "early@example.org", None, at=moment - timedelta(days=2), confirmed=False)
    async with delivering(settings):
        await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM subscription"))

    assert await pool.fetchval("SELECT subscription FROM subscription") == early.id != late.id


async def test_a_deliverer_goes_on_when_its_session_was_ended(pool, settings):
    async with receiving(answering(200)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        await raise_alert(pool)
        await settled(pool)
        await pool.execute(
            "SELECT pg_terminate_backend(session_pid) FROM worker WHERE projection = 'deliveries' "
            "AND session_pid <> pg_backend_pid()"
        )
        await raise_alert(pool)
        await settled(pool)

    assert len(receiver.got) == 2
    assert await states(pool, made.id) == ["delivered"] * 2


async def test_however_often_its_sessions_are_ended_a_deliverer_goes_on(pool, settings):
    async with receiving(answering(200)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        for count in range(1, 4):
            await raise_alert(pool)
            await until(lambda count=count: len(set(receiver.taken)) >= count)
            await pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'kembar-scoring' AND pid <> pg_backend_pid()"
            )
        await raise_alert(pool)
        await settled(pool)

    assert await states(pool, made.id) == ["delivered"] * 4
    assert len({got.id for got in receiver.got}) == 4


async def test_a_deliverer_that_fails_by_what_nobody_foresaw_ends_instead_of_hanging(settings):
    def broken():
        raise ZeroDivisionError

    async with asyncio.timeout(60):
        with pytest.raises(ZeroDivisionError):
            await keep_delivering(settings, broken)


async def test_what_was_settled_more_than_400_days_ago_is_swept_with_its_attempts(pool, settings):
    async with receiving(answering(200)) as receiver:
        made = await subscribe(pool, receiver.url)
        late = await raise_alert(pool)
        await raise_alert(pool)
        async with delivering(settings):
            await settled(pool)
        await pool.execute("UPDATE delivery SET settled_at = settled_at - interval '400 days' WHERE alert = $1", late)
        async with delivering(settings):
            await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM delivery"))
            await raise_alert(pool)
            await settled(pool)

    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE alert = $1", late) == 0
    assert len(await attempts(pool, made.id)) == 2 == len(await states(pool, made.id))


async def test_a_deliverer_that_is_ended_gives_up_what_is_under_way_and_the_next_begins_with_it(pool, settings):
    async with receiving(in_turn(hanging, answering(200))) as receiver:
        made = await subscribe(pool, receiver.url)
        await raise_alert(pool)
        async with delivering(settings):
            await until(lambda: receiver.got)
        async with delivering(settings):
            await settled(pool)

    assert await attempts(pool, made.id) == [(None, None), (200, "It was taken.")]
    assert len({got.id for got in receiver.got}) == 1
