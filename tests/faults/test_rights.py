"""No service's credentials can delete, purge, re-limit or replace the log, or write in another's place: each is tried."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest
from nats.errors import TimeoutError as NatsTimeoutError

from cli.secrets_folder import NATS_CONFIGURATION
from shared.ledger.alert_stream import subject_of_alert
from shared.ledger.rights import ALERTS, LISTENER, MAY_PUBLISH, USERS
from shared.ledger.stream import STREAM, WRITE_ONCE
from shared.postgres.pool import open_pool
from shared.postgres.roles import ACCESS, SERVICES
from shared.process.settings import Settings
from shared.web.audit import write_audit
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import PRESENT, open_ledger, running_nats, same_secrets

WEAKER = {**WRITE_ONCE, "num_replicas": 1, "max_msgs": 1, "deny_delete": False, "deny_purge": False, "discard": "old"}
PUSH_INTO_THE_LEDGER = {
    "deliver_subject": f"ledger.jakarta.{uuid4()}.1.1",
    "ack_policy": "none",
    "deliver_policy": "all",
}
CALLS = {
    "delete the stream": (f"$JS.API.STREAM.DELETE.{STREAM}", {}),
    "purge the stream": (f"$JS.API.STREAM.PURGE.{STREAM}", {}),
    "change the stream": (f"$JS.API.STREAM.UPDATE.{STREAM}", WEAKER),
    "make the stream otherwise": (f"$JS.API.STREAM.CREATE.{STREAM}", WEAKER),
    "make another stream on its subjects": (
        "$JS.API.STREAM.CREATE.OTHER",
        {"name": "OTHER", "subjects": ["ledger.jakarta.>"]},
    ),
    "delete a message": (f"$JS.API.STREAM.MSG.DELETE.{STREAM}", {"seq": 1}),
    "restore over it": (f"$JS.API.STREAM.RESTORE.{STREAM}", {"config": WEAKER, "state": {}}),
    "take a snapshot": (f"$JS.API.STREAM.SNAPSHOT.{STREAM}", {"deliver_subject": "_INBOX_ingest.x"}),
    "remove a server from it": (f"$JS.API.STREAM.PEER.REMOVE.{STREAM}", {"peer": "kembar"}),
    "make its leader step down": (f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", {}),
    "purge the account": ("$JS.API.ACCOUNT.PURGE.$G", {}),
    "delete a consumer": (f"$JS.API.CONSUMER.DELETE.{STREAM}.x", {}),
    "let a consumer push into the ledger": (
        f"$JS.API.CONSUMER.CREATE.{STREAM}.x",
        {"stream_name": STREAM, "config": {"name": "x", **PUSH_INTO_THE_LEDGER}},
    ),
    "let a consumer of the alerts push into the ledger": (
        f"$JS.API.CONSUMER.CREATE.{ALERTS}.x",
        {"stream_name": ALERTS, "config": {"name": "x", **PUSH_INTO_THE_LEDGER}},
    ),
    "delete the stream of alerts": (f"$JS.API.STREAM.DELETE.{ALERTS}", {}),
    "purge the stream of alerts": (f"$JS.API.STREAM.PURGE.{ALERTS}", {}),
    "change the stream of alerts": (f"$JS.API.STREAM.UPDATE.{ALERTS}", {"name": ALERTS, "subjects": ["alerts.>"]}),
    "ask the system account": ("$SYS.REQ.SERVER.PING", {}),
}


async def is_refused(client, subject, body, *, may=False):
    """Whether the server answers with an error, or does not let the question through at all.

    Silence is all that the latter shows; so whoever may ask is waited for, however busy the machine is.
    """
    try:
        wait_seconds = 20 if may else 0.4
        answer = json.loads((await client.request(subject, json.dumps(body).encode(), timeout=wait_seconds)).data)
    except NatsTimeoutError:
        return True
    return "error" in answer


async def state_of(ledger):
    answer = json.loads((await ledger.client.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=20)).data)
    return {name: answer[name] for name in ("config", "created")} | {
        name: answer["state"][name] for name in ("messages", "first_seq", "last_seq")
    }


@pytest.mark.parametrize("user", USERS)
async def test_nobody_can_take_anything_away(nats_server, ledger, user):
    await ledger.append([an_entry() for _ in range(3)])
    before = await state_of(ledger)
    attacker = await nats_server.connect_as(user)

    refused = await asyncio.gather(*(is_refused(attacker.client, *call) for call in CALLS.values()))

    assert [what for what, was_refused in zip(CALLS, refused, strict=True) if not was_refused] == []
    assert await state_of(ledger) == before
    await attacker.close()


@pytest.mark.parametrize("user", USERS)
async def test_only_ingest_can_write_and_even_it_only_once(nats_server, ledger, user):
    entry = an_entry()
    await ledger.append([entry])
    attacker = await nats_server.connect_as(user)

    new = not await is_refused(attacker.client, an_entry().subject, {}, may=user == "ingest")
    over = not await is_refused(attacker.client, entry.subject, {"other": 1})

    assert (new, over) == (user == "ingest", False)
    assert await ledger.end() == (2 if user == "ingest" else 1)
    await attacker.close()


async def test_a_message_that_would_replace_others_is_refused(ledger):
    """`Nats-Rollup` deletes what stands under the subject, where a stream allows it."""
    entry = an_entry()
    await ledger.append([entry])

    for value in ("sub", "all"):
        answer = await ledger.client.request(entry.subject, b"{}", timeout=20, headers={"Nats-Rollup": value})
        assert "error" in json.loads(answer.data)
    assert await ledger.end() == 1


@pytest.mark.parametrize("user", USERS)
async def test_nobody_hears_the_answers_to_another(nats_server, ledger, user):
    spy = await nats_server.connect_as(user)
    heard = []

    async def hear(message):
        heard.append(message.subject)

    for subject in (
        ">",
        "ledger.>",
        "_INBOX.>",
        "_INBOX_ingest.>" if user != "ingest" else "_INBOX_scoring.>",
        "$JS.>",
    ):
        await spy.client.subscribe(subject, cb=hear)
    await spy.client.flush()
    await ledger.append([an_entry() for _ in range(3)])
    await spy.client.flush()
    await asyncio.sleep(0.1)

    assert heard == []
    await spy.close()


@pytest.mark.parametrize("user", USERS)
async def test_only_scoring_publishes_alerts_and_only_the_listener_hears_them(nats_server, ledger, user):
    scoring, other = await nats_server.connect_as("scoring"), await nats_server.connect_as(user)
    subject, heard = subject_of_alert("jakarta", "hanoi", "dormant"), asyncio.Event()

    async def hear(message):
        heard.set()

    await other.client.subscribe("alerts.>", cb=hear)
    await other.client.flush()
    assert await is_refused(other.client, subject, {}, may=user == "scoring") == (user != "scoring")
    await scoring.client.request(subject, b"{}", timeout=20)
    await other.client.flush()
    await asyncio.sleep(0.05)

    assert heard.is_set() == (user == LISTENER)
    await scoring.close()
    await other.close()


async def test_without_a_key_nobody_gets_in(nats_server):
    host, port = nats_server.address.url.removeprefix("nats://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()

    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')

    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_without_these_rights_the_log_could_be_taken_away():
    """The same calls on a server whose users may do everything: so it is the rights that refuse them."""
    with running_nats() as server:
        open_to_all = (same_secrets() / NATS_CONFIGURATION).read_text()
        for user in USERS:
            allowed = ", ".join(f'"{subject}"' for subject in MAY_PUBLISH[user])
            open_to_all = open_to_all.replace(f"publish: {{ allow: [{allowed}] }}", 'publish: { allow: [">"] }')
        assert open_to_all.count('publish: { allow: [">"] }') == len(USERS)
        (server.part.folder / "secrets" / NATS_CONFIGURATION).write_text(open_to_all)
        server.kill()
        server.start()
        async with open_ledger(server) as ledger:
            await ledger.append([an_entry() for _ in range(3)])
            attacker = await server.connect_as("reports")
            assert not await is_refused(attacker.client, *CALLS["delete the stream"], may=True)
            await attacker.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_and_writes_its_own_rows_and_nothing_else(database, service):
    settings = Settings(postgres_dsn=database, secrets_folder=same_secrets())
    pool = await open_pool(settings, service)
    other = next(each for each in SERVICES if each != service)
    own = "session" if service == ACCESS else "checkpoint"
    refused = [
        f"SELECT * FROM {other}.checkpoint",
        f"INSERT INTO {other}.checkpoint VALUES ('x', 1, '', now())",
        f"DROP TABLE {service}.{own}",
        f"ALTER TABLE {service}.{own} ADD COLUMN more text",
        f"TRUNCATE {service}.{own}",
        f"CREATE TABLE {service}.own (id int)",
        "CREATE TABLE public.own (id int)",
        f"UPDATE {service}.migration SET hash = ''",
        "CREATE ROLE another SUPERUSER",
        "ALTER ROLE kembar PASSWORD 'mine'",
        f"SET ROLE kembar_{other}",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ]

    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    assert await pool.fetchval(f"SELECT count(*) FROM {service}.{own}") == 0
    await pool.close()


KNOWN_BY_ALL = {
    "generation": {"number"},
    "token": {"token", "token_hash", "account", "home", "role", "scopes", "expires_at", "revoked_at"},
    "session": {"session", "secret_hash", "account", "home", "role", "begun_at", "expires_at", "ended_at"},
    "membership": {"account", "home", "role", "partnerships"},
    "account": {"account", "disabled_at"},
    "used": {"credential", "used_at"},
}


async def rights_on_access(pool):
    """Every right of whoever asks on every column of access's tables: what it may read, add and change."""
    rows = await pool.fetch(
        """
        SELECT c.relname, a.attname, r AS right
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, unnest('{SELECT,INSERT,UPDATE}'::text[]) r
        WHERE c.relnamespace = 'access'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
          AND has_column_privilege(c.oid, a.attnum, r)
        """
    )
    found = {}
    for row in rows:
        found.setdefault((row["right"], row["relname"]), set()).add(row["attname"])
    return found


@pytest.mark.parametrize("service", [each for each in SERVICES if each != ACCESS])
async def test_a_service_knows_who_asks_and_nothing_more_of_people(database, service):
    settings = Settings(postgres_dsn=database, secrets_folder=same_secrets())
    pool = await open_pool(settings, service)

    found = await rights_on_access(pool)

    assert {table: columns for (right, table), columns in found.items() if right == "SELECT"} == KNOWN_BY_ALL
    assert {table for right, table in found if right == "INSERT"} == {"used", "audit"}
    assert {table: columns for (right, table), columns in found.items() if right == "UPDATE"} == {"used": {"used_at"}}
    for statement in (
        "SELECT password_hash FROM access.account",
        "SELECT * FROM access.account",
        "SELECT * FROM access.link",
        "SELECT * FROM access.audit",
        "UPDATE access.token SET revoked_at = NULL",
        "UPDATE access.used SET credential = NULL",
        "DELETE FROM access.session",
        "DELETE FROM access.used",
        "UPDATE access.generation SET number = 0",
        "INSERT INTO access.token SELECT * FROM access.token",
        "INSERT INTO access.membership VALUES ('jakarta/viewer', 'jakarta', 'administrator')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    await pool.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_who_serves_requests_changes_the_audit_trail(database, service):
    settings = Settings(postgres_dsn=database, secrets_folder=same_secrets())
    pool = await open_pool(settings, service)
    await write_audit(pool, PRESENT, "tried")

    for statement in (
        "UPDATE access.audit SET account = 'somebody-else'",
        "DELETE FROM access.audit",
        "TRUNCATE access.audit",
        "INSERT INTO access.audit (number, at, kind, what) OVERRIDING SYSTEM VALUE VALUES (1, now(), 'x', '{}') "
        "ON CONFLICT (number) DO UPDATE SET kind = excluded.kind",
        "ALTER TABLE access.audit DISABLE TRIGGER ALL",
        "DROP TABLE access.audit",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    await pool.close()


async def test_a_role_needs_its_password(database):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database, user="kembar_reports", password="guessed")
