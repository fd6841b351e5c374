"""Whom an alert is told: by what was subscribed to, what may be seen, thresholds of one's own, and what was told before."""

from datetime import UTC, date, datetime, timedelta
from itertools import count, product

import pytest

from services.scoring.delivery.matching import AtHome, hand_out, match
from services.scoring.subscriptions import store
from shared.postgres.pool import open_pool_of_owner
from tests.support.alerts import raise_alert, states, subscribe
from tests.support.build import a_principal

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
_urls = (f"https://receiver-{number}.example.org/" for number in count())


async def told(pool, settings, *subscriptions) -> list[bool]:
    """Hand out what was raised; say which subscriptions are told of it."""
    async with pool.acquire() as session:
        await hand_out(session, settings, NOW)
    return [bool(await states(pool, each.id)) for each in subscriptions]


async def wishes(pool, *asked: dict, owner=a_principal()):  # noqa: B008 - a frozen value
    return [await subscribe(pool, next(_urls), owner, **each) for each in asked]


async def test_scopes_fit_what_an_alert_is_about(pool, settings):
    fitting = await wishes(
        pool,
        {},
        {"scope": "partnership", "value": "hanoi"},
        {"scope": "country", "value": "VN"},
        {"scope": "issue", "value": "Pendidikan"},
        {"scope": "rating", "value": "aktif"},
        {"scope": "rating", "value": "kurang_aktif"},
    )
    others = await wishes(
        pool,
        {"scope": "partnership", "value": "seoul"},
        {"scope": "country", "value": "KR"},
        {"scope": "issue", "value": "Banjir"},
        {"scope": "rating", "value": "tidak_aktif"},
        {"kinds": ("revived",)},
    )
    await raise_alert(pool, issue="Pendidikan", raised_at=NOW)

    assert await told(pool, settings, *fitting) == [True] * 6
    assert await told(pool, settings, *others) == [False] * 5
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize(
    ("alert", "without", "at_12", "at_18"),
    [
        ({"kind": "dormant", "by_law": True, "crossed": []}, True, False, False),
        ({"kind": "dormant", "rule": "silence", "by_law": False, "crossed": [18]}, False, False, True),
        ({"kind": "dormant", "rule": "silence", "by_law": False, "crossed": [12, 13]}, False, True, False),
        ({"kind": "revived", "by_law": True, "crossed": [30]}, True, True, True),
        ({"kind": "revived", "rule": "silence", "by_law": False, "crossed": [15]}, False, True, False),
        ({"kind": "rating_fell", "rule": "rating", "by_law": True, "crossed": []}, True, True, True),
    ],
)
async def test_a_silence_threshold_of_ones_own_takes_the_place_of_the_rubrics(
    pool, settings, alert, without, at_12, at_18
):
    made = await wishes(pool, {}, {"silence_months": 12}, {"silence_months": 18})
    await raise_alert(pool, raised_at=NOW, **alert)

    assert await told(pool, settings, *made) == [without, at_12, at_18]


async def test_a_fall_is_told_so_many_days_ahead_as_was_asked_for(pool, settings):
    made = await wishes(pool, {}, {"lead_days": (180,)}, {"lead_days": (7, 30)}, {"lead_days": (120,)})
    await raise_alert(pool, kind="will_fall", rule="fall", crossed=[180, 30], raised_at=NOW)

    assert await told(pool, settings, *made) == [True, True, True, False]


async def test_matching_is_what_a_plain_reading_of_every_subscription_gives(pool, settings):
    """Thresholds, kinds and leads in every combination, against the rules written out as a loop."""
    kinds = (("dormant",), ("revived", "will_fall"), ("dormant", "revived", "will_fall"))
    asked = [
        {"kinds": each, "silence_months": silence, "lead_days": leads}
        for each, silence, leads in product(kinds, (None, 6, 24), ((90, 30, 7), (180, 1)))
    ]
    made = await wishes(pool, *asked)
    alerts = [
        {"kind": kind, "rule": rule, "by_law": by_law, "crossed": crossed}
        for kind, rule, by_law, crossed in (
            ("dormant", "dormancy", True, []),
            ("dormant", "silence", False, [6]),
            ("dormant", "silence", False, [23, 24]),
            ("revived", "dormancy", True, [25]),
            ("revived", "silence", False, [7]),
            ("will_fall", "fall", True, [90]),
            ("will_fall", "fall", False, [180]),
        )
    ]
    for each in alerts:
        await raise_alert(pool, raised_at=NOW, **each)
        assert await told(pool, settings, *made) == [wants(wish, each) for wish in asked], each
        await pool.execute("DELETE FROM delivery")


def wants(wish, alert) -> bool:
    kind, crossed, silence = alert["kind"], alert["crossed"], wish["silence_months"]
    if kind not in wish["kinds"]:
        return False
    if kind == "will_fall":
        return any(each in wish["lead_days"] for each in crossed)
    if silence is None:
        return alert["by_law"]
    return silence in crossed if kind == "dormant" else silence <= crossed[0]


async def test_who_may_not_see_a_partnership_is_not_told_of_it(pool, settings):
    made = [
        *await wishes(pool, {}, owner=a_principal("embassy")),
        *await wishes(pool, {}, owner=a_principal("viewer")),
        *await wishes(pool, {}, owner=a_principal("viewer", account="jakarta/nobody-any-more")),
        *await wishes(pool, {}, owner=None),
    ]
    await raise_alert(pool, "beijing", raised_at=NOW)

    assert await told(pool, settings, *made) == [False, True, False, True]


async def test_the_public_is_told_only_where_the_home_is_released(pool, settings):
    made = await wishes(pool, {}, owner=None)
    await raise_alert(pool, raised_at=NOW)

    assert await told(pool, settings.model_copy(update={"open_reading": False}), *made) == [False]


async def test_nobody_is_told_who_had_not_confirmed_or_has_paused_or_ended_or_snoozed(pool, settings):
    made = await wishes(pool, {}, {"at": NOW + timedelta(seconds=1)}, {}, {}, {}, {})
    _, _, paused, ended, snoozed, snoozed_before = made
    await store.queries.pause(pool, subscription=paused.id, now=NOW)
    async with pool.acquire() as connection, connection.transaction():
        await store.end_subscription(connection, ended.id, "ended by its owner", NOW)
    await store.snooze(pool, snoozed.id, "hanoi", date(2026, 11, 21))
    await store.snooze(pool, snoozed_before.id, "hanoi", date(2026, 11, 20))
    await raise_alert(pool, raised_at=NOW)

    assert await told(pool, settings, *made) == [True, False, False, False, False, True]


async def test_what_was_withdrawn_before_it_was_sent_is_told_to_nobody(pool, settings):
    alone, gathered = await wishes(pool, {}, {"digest": "daily"})
    about = await raise_alert(pool, raised_at=NOW)
    await told(pool, settings)
    await raise_alert(pool, kind="withdrawn", rule="withdrawn/dormancy", about=about, raised_at=NOW)

    await told(pool, settings)

    assert await states(pool, alone.id) == ["dropped"]
    assert await states(pool, gathered.id) == []


async def test_whoever_was_told_is_told_that_it_was_withdrawn_and_nobody_else(pool, settings):
    """Also who chose other kinds since, paused, or gets digests; but not who has ended it."""
    tried, gathered, ended, paused, not_told = await wishes(
        pool, {}, {"digest": "daily"}, {}, {}, {"kinds": ("revived",)}
    )
    about = await raise_alert(pool, raised_at=NOW)
    await told(pool, settings)
    await pool.execute("UPDATE delivery SET attempts = 1, state = 'delivered'")
    await pool.execute("UPDATE delivery SET state = 'pending' WHERE subscription = $1", tried.id)
    await pool.execute("UPDATE subscription SET kinds = '{revived}'")
    await store.queries.pause(pool, subscription=paused.id, now=NOW)
    async with pool.acquire() as connection, connection.transaction():
        await store.end_subscription(connection, ended.id, "ended by its owner", NOW)
    await raise_alert(pool, kind="withdrawn", rule="withdrawn/dormancy", about=about, raised_at=NOW)

    await told(pool, settings)

    assert await states(pool, tried.id) == ["pending", "pending"]
    assert await states(pool, gathered.id) == ["delivered", "pending"]
    assert await states(pool, ended.id) == ["delivered"]
    assert await states(pool, paused.id) == ["delivered", "pending"]
    assert await states(pool, not_told.id) == []


async def test_what_is_handed_out_together_keeps_its_order_withdrawals_among_the_rest(pool, settings):
    (made,) = await wishes(pool, {})
    about = await raise_alert(pool, raised_at=NOW)
    await told(pool, settings)
    await pool.execute("UPDATE delivery SET attempts = 1, state = 'delivered'")
    before = await raise_alert(pool, raised_at=NOW)
    withdrawn = await raise_alert(pool, kind="withdrawn", rule="withdrawn/dormancy", about=about, raised_at=NOW)
    after = await raise_alert(pool, raised_at=NOW)

    await told(pool, settings)

    rows = await pool.fetch("SELECT alert FROM delivery WHERE subscription = $1 ORDER BY number", made.id)
    assert [row["alert"] for row in rows] == [about, before, withdrawn, after]


async def test_what_is_raised_and_withdrawn_before_either_is_handed_out_is_told_to_nobody(pool, settings):
    alone, gathered = await wishes(pool, {}, {"digest": "daily"})
    about = await raise_alert(pool, raised_at=NOW)
    await raise_alert(pool, kind="withdrawn", rule="withdrawn/dormancy", about=about, raised_at=NOW)

    await told(pool, settings)

    assert await states(pool, alone.id) == ["dropped"]
    assert await states(pool, gathered.id) == []


async def test_a_digest_that_is_being_sent_takes_no_more_and_the_next_one_does(pool, settings):
    (made,) = await wishes(pool, {"digest": "daily"})
    await raise_alert(pool, raised_at=NOW)
    await told(pool, settings)
    await pool.execute("UPDATE delivery SET attempts = 1")
    await raise_alert(pool, raised_at=NOW)

    await told(pool, settings)

    rows = await pool.fetch("SELECT due_at FROM delivery WHERE subscription = $1 ORDER BY due_at", made.id)
    assert [row["due_at"] for row in rows] == [
        datetime(2026, 11, 22, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 0, tzinfo=UTC),
    ]


async def test_one_of_several_that_hand_out_at_once_does(pool, settings):
    await wishes(pool, {})
    await raise_alert(pool, raised_at=NOW)
    async with pool.acquire() as one, pool.acquire() as other, one.transaction():
        assert await hand_out(one, settings, NOW) == ["dormant"]

        assert await hand_out(other, settings, NOW) == []


async def test_matching_uses_the_index_of_what_is_subscribed_to(pool, settings):
    """Of many subscriptions to other partnerships none is looked at."""
    await pool.execute(
        "INSERT INTO subscription (subscription, home, scope, value, kinds, lead_days, language, channel, address, receiver, "
        "digest, key, made_at, confirmed_at) SELECT gen_random_uuid(), 'jakarta', 'partnership', 'city-' || number % 1000, "
        "'{dormant}', '{90}', 'id', 'webhook', 'x', 'x', 'none', number::text, '2026-01-01', '2026-01-01' "
        "FROM generate_series(1, 20000) AS number"
    )
    owner = await open_pool_of_owner(settings, "scoring")
    await owner.execute("ANALYZE subscription")
    await owner.close()
    alert = await raise_alert(pool, "city-7", raised_at=NOW)
    row = {"home": "jakarta", "alert": alert, "partnership": "city-7"}
    homes = {"jakarta": AtHome(settings.zone, released=True)}
    async with pool.acquire() as connection:
        before = await connection.fetchval(
            "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'subscription'"
        )
        async with connection.transaction():
            assert len(await match(connection, [row], homes, NOW)) == 20
            scans = await connection.fetchrow(
                "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'subscription'"
            )
    assert scans["seq_scan"] == (before or 0)
    assert scans["idx_scan"] > 0
