"""Alerts as they are raised, over HTTP and over NATS: each once to whoever may see it, whatever breaks off."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import pytest

from services.scoring.feeds.publishing import publish_next
from services.scoring.store import SCHEMA
from shared.ledger.alert_stream import create_alert_stream
from shared.ledger.ledger import Ledger
from shared.ledger.rights import ALERTS
from shared.postgres.pool import open_pool
from shared.process.clock import now
from tests.support.homes import MINISTRY, mark, token_of
from tests.support.listening import listening, raise_alerts, viewer_of, write_alerts
from tests.support.waiting import until


@pytest.fixture(scope="module")
async def tables(three_homes):
    pool = await open_pool(three_homes.installation.settings, SCHEMA)
    yield pool
    await pool.close()


@pytest.fixture
async def http(three_homes):
    return three_homes.installation.http


@pytest.fixture(scope="module")
async def nats(three_homes):
    """Whoever may publish alerts, and whoever may listen to them."""
    chosen = three_homes.installation.settings
    opened = {
        user: await Ledger.connect(chosen.nats_url, user, chosen.secrets_folder)
        for user in ("scoring", "listener", "prepare")
    }
    yield opened
    for each in opened.values():
        await each.close()


async def seen_so_far(homes):
    """Wait until all that was posted so far is in the tables; what a listener hears begins after it."""
    await homes.ask("/scoring/v1/status", "viewer")


async def test_whoever_listens_is_told_each_alert_once_in_order(three_homes, tables, http):
    await seen_so_far(three_homes)
    async with listening(http, viewer_of("jakarta"), thresholds="true") as listener:
        first = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 3))
        assert await listener.hear(3) == first
        second = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 2))
        assert await listener.hear(2) == second


@pytest.mark.parametrize("by", ["header", "address"])
async def test_a_stream_that_breaks_off_goes_on_after_the_last_alert_that_was_heard(three_homes, tables, http, by):
    await seen_so_far(three_homes)
    heard, raised, last_id = [], [], None
    for _ in range(6):
        resumed = {"last_event_id": last_id} if by == "address" and last_id else {}
        async with listening(http, viewer_of("jakarta"), None if resumed else last_id, **resumed) as listener:
            raised += await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 4))
            heard += await listener.hear(3)  # of those that were raised; then the line is cut
            last_id = listener.last_id
        raised += await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))
    async with listening(http, viewer_of("jakarta"), last_id) as listener:
        heard += await listener.hear(len(raised) - len(heard))

    assert heard == raised


async def test_somebody_far_behind_catches_up_from_the_tables(three_homes, tables, http):
    await seen_so_far(three_homes)
    async with listening(http, viewer_of("jakarta")) as listener:
        (mark_of_begin,) = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))
        assert await listener.hear(1) == [mark_of_begin]
        last_id = listener.last_id
    raised = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 250))
    async with listening(http, viewer_of("jakarta"), last_id) as listener:
        assert await listener.hear(250) == raised


async def test_somebody_who_does_not_read_holds_up_nobody_and_misses_nothing(three_homes, tables, http):
    await seen_so_far(three_homes)
    async with listening(http, viewer_of("jakarta")) as slow, listening(http, viewer_of("jakarta")) as other:
        old = now() - timedelta(days=8)  # so that nobody waits until all are published on NATS
        raised = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 3_000), raised_at=old)  # 3 MB

        assert await other.hear(3_000) == raised
        assert await slow.hear(3_000) == raised


async def test_the_head_of_a_stream_ends(http):
    async with asyncio.timeout(60):
        answer = await http.head("/scoring/v1/alerts/stream")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_nobody_hears_of_what_is_not_theirs(three_homes, tables, http):
    await seen_so_far(three_homes)
    told = [(home, slug, 2) for home in ("jakarta", "auckland") for slug in ("hanoi", "beijing")]
    who = {
        "viewer": (viewer_of("auckland"), {}, [("auckland", "hanoi"), ("auckland", "beijing")]),
        "embassy": (token_of("embassy", "jakarta"), {}, [("jakarta", "hanoi")]),
        "public": (None, {}, [("jakarta", "hanoi"), ("jakarta", "beijing")]),
        "one": (viewer_of("jakarta"), {"partnership": "beijing"}, [("jakarta", "beijing")]),
        "no kind": (viewer_of("jakarta"), {"kinds": "will_fall,withdrawn"}, []),
        "ministry": (token_of("ministry", MINISTRY), {"home": "all"}, [each[:2] for each in told]),
    }

    async with AsyncExitStack() as opened:
        listeners = {
            name: await opened.enter_async_context(listening(http, token, **asked))
            for name, (token, asked, _) in who.items()
        }
        await raise_alerts(three_homes, tables, *told)
        for name, (_, _, expected) in who.items():
            await listeners[name].hear(2 * len(expected))
        await raise_alerts(three_homes, tables, ("los-angeles", "hanoi", 1))  # nobody's but the ministry's
        await listeners["ministry"].hear(1)

    for name, (_, _, expected) in who.items():
        heard = [(each["home"], each["partnership"]) for each in listeners[name].heard if each["home"] != "los-angeles"]
        assert sorted(heard) == sorted(expected * 2), name


async def test_thresholds_that_only_some_chose_are_told_to_those_who_ask_for_them(three_homes, tables, http):
    await seen_so_far(three_homes)
    async with (
        listening(http, viewer_of("jakarta")) as plain,
        listening(http, viewer_of("jakarta"), thresholds="true") as every,
    ):
        chosen = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1), by_law=False)
        by_law = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))

        assert await plain.hear(1) == by_law
        assert await every.hear(2) == [*chosen, *by_law]


async def test_a_token_that_is_revoked_hears_nothing_more(three_homes, tables, http):
    await seen_so_far(three_homes)
    administrator = {"Authorization": f"Bearer {token_of('administrator', 'jakarta')}"}
    asked = {"label": "Telinga", "program": "telinga", "role": "viewer", "days": 1}
    made = (await http.post("/access/v1/tokens", json=asked, headers=administrator)).json()
    async with listening(http, made["token"]) as listener, listening(http, viewer_of("jakarta")) as other:
        assert (await http.delete(f"/access/v1/tokens/{made['id']}", headers=administrator)).is_success
        await listener.ends(timeout_seconds=30)
        raised = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))

        assert await other.hear(1) == raised
        assert listener.heard == []


async def test_what_the_public_hears_ends_when_the_home_is_released_no_more(three_homes, http):
    async with listening(http, None) as listener:
        change = {"changes": {"released": False}, "reason": "Ditutup"}
        assert (await three_homes.post("home.changed", change, "bureau")).status_code == 201
        await listener.ends(timeout_seconds=30)

    back = {"changes": {"released": True}, "reason": "Dibuka"}
    assert (await three_homes.post("home.changed", back, "bureau")).status_code == 201
    await seen_so_far(three_homes)


@pytest.mark.parametrize(
    "asked",
    [{"kinds": "dormant,asleep"}, {"last_event_id": "yesterday"}, {"last_event_id": "1.x"}, {"partnership": "Ha Noi"}],
)
async def test_a_question_that_cannot_be_answered_opens_no_stream(http, asked):
    answer = await http.get("/scoring/v1/alerts/stream", params=asked)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def stored(listener, since=1):
    """All alerts in the stream of NATS, as somebody reads them who may only listen: id and subject."""
    found, sequence = [], since
    while True:
        message = await listener.ask(
            f"$JS.API.DIRECT.GET.{ALERTS}", json.dumps({"next_by_subj": "alerts.>", "seq": sequence}).encode()
        )
        if (message.headers or {}).get("Status") == "404":
            return found
        sequence = int(message.headers["Nats-Sequence"]) + 1
        found.append((UUID(message.headers["Nats-Msg-Id"]), message.headers["Nats-Subject"], json.loads(message.data)))


async def test_every_alert_is_published_under_its_subject(three_homes, tables, nats):
    heard = []

    async def hear(message):
        heard.append((UUID(message.headers["Nats-Msg-Id"]), message.subject))

    await nats["listener"].client.subscribe("alerts.*.*.dormant", cb=hear)
    await nats["listener"].client.flush()
    raised = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 2), ("auckland", "beijing", 1))
    await until(lambda: {alert for alert, _ in heard} >= set(raised), 20)

    of_test = {alert: subject for alert, subject in heard if alert in raised}
    assert sorted(of_test) == raised
    assert sorted(of_test.values()) == ["alerts.auckland.beijing.dormant", *["alerts.jakarta.hanoi.dormant"] * 2]
    documents = {alert: document for alert, _, document in await stored(nats["listener"]) if alert in raised}
    assert {str(alert) for alert in raised} == {document["id"] for document in documents.values()}
    assert {document["name"]["id"] for document in documents.values()} == {
        f"Name-{mark('jakarta', 'hanoi')}",
        f"Name-{mark('auckland', 'beijing')}",
    }


async def test_what_is_published_again_after_a_crash_is_stored_once(three_homes, tables, nats):
    raised = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 3))
    position = three_homes.installation.last_position

    async def published():
        return {alert for alert, _, _ in await stored(nats["listener"])} >= set(raised)

    await until(published, 20)
    # As after a crash between publishing and noting it: the note stands where it stood before.
    await tables.execute("UPDATE published SET position = $1 WHERE home = ''", position - 1)
    while await publish_next(nats["scoring"], tables, position, now):
        pass

    found = [alert for alert, _, _ in await stored(nats["listener"]) if alert in raised]
    assert sorted(found) == raised


async def test_what_was_held_up_is_published_once_it_is_let_go(three_homes, tables, nats):
    await tables.execute(
        "INSERT INTO parked (position, partition, home, partnership, error) VALUES ($1, 0, 'jakarta', 'hanoi', 'bad')",
        held_at := three_homes.installation.last_position,
    )
    raised = await raise_alerts(three_homes, tables, ("jakarta", "beijing", 1))

    async def published():
        return {alert for alert, _, _ in await stored(nats["listener"])} >= set(raised)

    await until(published, 20)
    late = await write_alerts(tables, "jakarta", "hanoi", held_at)
    await tables.execute("DELETE FROM parked")
    raised = await raise_alerts(three_homes, tables, ("jakarta", "beijing", 1))
    raised += late
    await until(published, 20)

    assert await tables.fetchval("SELECT count(*) FROM published") == 1


async def test_what_was_raised_long_ago_is_not_published(three_homes, tables, nats):
    old = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1), raised_at=now() - timedelta(days=8))
    new = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))

    async def published():
        return {alert for alert, _, _ in await stored(nats["listener"])} >= set(new)

    await until(published, 20)
    assert not {alert for alert, _, _ in await stored(nats["listener"])} & set(old)


async def test_the_stream_of_alerts_is_bounded_and_made_once(nats):
    await create_alert_stream(nats["prepare"].client, replicas=1)

    answer = json.loads((await nats["listener"].ask(f"$JS.API.STREAM.INFO.{ALERTS}")).data)["config"]
    assert (answer["max_age"], answer["max_msgs"], answer["max_bytes"]) == (400 * 86_400 * 10**9, 250_000, -1)
    assert (answer["discard"], answer["deny_delete"], answer["deny_purge"]) == ("old", True, True)
