"""The tokens of an installation on one machine: one per role, drawn once; the tables keep their hashes."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

from cli.embedded.folder import FOR_PEOPLE, DataFolder
from services.access import store
from services.access.decide import Membership, TokenPlanned
from shared.domain.access import Role
from shared.domain.credentials import TOKEN_LASTS_AT_MOST, hash_of
from shared.postgres.pool import Connection, open_pool
from shared.process.clock import now
from shared.process.settings import Settings

ROLES = tuple(role for role in Role if role is not Role.PUBLIC)
OF_THE_EMBASSY = ("beijing",)
"""The partnerships that the embassy's token is for: one, so that it can be tried what an embassy may not."""
RENEWED = timedelta(days=30)
"""A token with less time left than this is replaced by a new one at a start."""


def ensure_tokens(folder: DataFolder, settings: Settings) -> dict[str, str]:
    """Return the token of each role, `bureau` first, making them where there are none that live.

    `demo-tokens.json` is for whoever sits at this machine, and readable by nobody else.
    """
    kept = folder.file(FOR_PEOPLE)
    tokens: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    ensured = asyncio.run(_ensure(tokens, settings))
    if ensured != tokens:
        folder.write_private(FOR_PEOPLE, ensured)
    return ensured


async def _ensure(tokens: dict[str, str], settings: Settings) -> dict[str, str]:
    pool = await open_pool(settings, store.SCHEMA)
    try:
        async with store.transaction(pool) as connection:
            return await keep_tokens_per_role(connection, settings.home, tokens, now())
    finally:
        await pool.close()


async def keep_tokens_per_role(
    connection: Connection, home: str, tokens: dict[str, str], at: datetime
) -> dict[str, str]:
    """Return the tokens that live, with new ones for the roles that have none; each is a program of its role's name."""
    hashes = [hash_of(token) for token in tokens.values()]
    living = {
        row["token_hash"] async for row in store.queries.tokens_that_live(connection, hashes=hashes, at=at + RENEWED)
    }
    return {
        role.value: tokens[role]
        if role in tokens and hash_of(tokens[role]) in living
        else await add_token_of_role(connection, home, role, store.draw_token(), at)
        for role in ROLES
    }


async def add_token_of_role(connection: Connection, home: str, role: Role, token: str, at: datetime) -> str:
    """Keep a token for a program that is this to the home, and return it."""
    account = f"{home}/{role}"
    await store.make_program(connection, account, home, at)
    membership = Membership(home, role, OF_THE_EMBASSY if role is Role.EMBASSY else None)
    await store.write_membership(connection, account, membership)
    planned = TokenPlanned(account, membership, None, "demo-tokens.json", at + TOKEN_LASTS_AT_MOST, program=True)
    await store.keep_token(connection, uuid4(), token, planned, account, at)
    return token
