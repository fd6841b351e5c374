"""Who is known: what is remembered is right at every request, however many ask at once, and through a lost line."""

import asyncio
import contextlib
from datetime import timedelta

import asyncpg
import pytest

from services.access import store
from shared.domain.access import Principal
from shared.domain.credentials import Refused, hash_of
from shared.postgres.pool import DATABASE_ERRORS, open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.web.directory import Directory
from tests.support.engines import PRESENT, TOKENS, same_secrets

TOKEN = hash_of(TOKENS["bureau"])
READS = "SELECT seq_scan FROM pg_stat_user_tables WHERE schemaname = 'access' AND relname = 'generation'"


@pytest.fixture
async def tables(database):
    pool = await open_pool(Settings(postgres_dsn=database, secrets_folder=same_secrets()), store.SCHEMA)
    yield pool
    await pool.close()


@pytest.fixture
async def directory(database):
    async with a_directory(database) as running:
        yield running


@contextlib.asynccontextmanager
async def a_directory(database):
    """A directory as ingest has it, with ingest's rights."""
    pool = await open_pool(Settings(postgres_dsn=database, secrets_folder=same_secrets()), "ingest")
    directory = Directory(pool, lambda: PRESENT)
    noting = asyncio.create_task(directory.keep_noting_use())
    yield directory
    await end(noting)
    await pool.close()


async def test_whoever_asks_while_others_revoke_is_never_let_in_afterwards(directory, tables):
    """64 callers ask without a pause; as soon as the revocation is committed, no question that begins admits."""
    await directory.of_token(TOKEN)
    revoked = asyncio.Event()
    late = []

    async def ask():
        asked_late = 0
        while asked_late < 5:
            was_revoked = revoked.is_set()
            found, _ = await directory.of_token(TOKEN)
            if was_revoked:
                late.append(found)
                asked_late += 1

    async def revoke():
        await asyncio.sleep(0)
        await tables.execute("UPDATE token SET revoked_at = $1 WHERE token_hash = $2", PRESENT, TOKEN)
        revoked.set()

    await asyncio.gather(*(ask() for _ in range(64)), revoke())

    assert len(late) == 64 * 5
    assert set(late) == {Refused.REVOKED}


async def test_who_asks_at_once_shares_a_question(database, tables):
    async with a_directory(database) as directory:
        await directory.of_token(TOKEN)
        found = await asyncio.gather(*(directory.of_token(TOKEN) for _ in range(500)))

    assert all(isinstance(each, Principal) for each, _ in found)
    assert 2 <= await questions(tables) <= 4


async def questions(tables):
    """How often the generation was read, which PostgreSQL counts when the reader has left."""
    async with asyncio.timeout(60):
        while not (count := await tables.fetchval(READS)):
            await tables.execute("SELECT pg_stat_clear_snapshot()")
    return count


async def test_a_line_that_is_cut_is_taken_up_again(directory, database):
    await directory.of_token(TOKEN)
    await directory.of_token(TOKEN)
    owner = await asyncpg.connect(database)
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kembar_ingest'")
    await owner.close()

    refusals = 0
    for _ in range(10):
        try:
            found, _ = await directory.of_token(TOKEN)
            break
        except (*DATABASE_ERRORS, OSError):
            refusals += 1

    assert isinstance(found, Principal)
    assert refusals <= 2


async def test_use_is_noted_with_the_rights_that_a_service_has(directory, tables):
    await directory.of_token(TOKEN)
    await directory.note_use()
    directory.clock = lambda: PRESENT - timedelta(hours=1)
    await directory.of_token(TOKEN)
    await directory.note_use()

    used = await tables.fetch(
        "SELECT used.used_at FROM used JOIN token ON token = credential WHERE token_hash = $1", TOKEN
    )
    assert [row["used_at"] for row in used] == [PRESENT]


async def test_nobody_is_known_by_what_nobody_made(directory):
    assert (await directory.of_token(hash_of("x"))) == (Refused.UNKNOWN, None)
    assert (await directory.of_session(TOKEN)) == (Refused.UNKNOWN, None)
