"""Access's tables: accounts, memberships, tokens, sessions, links, attempts, the audit trail."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.access.decide import Account, Membership, TokenPlanned
from shared.domain.access import Role
from shared.domain.credentials import ATTEMPTS_WITHIN, LINK_LASTS, SESSION_LASTS, Attempts, hash_of
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

SCHEMA = "access"
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes access's schema."""
    return migrations_in(Path(__file__).with_name("migrations"))


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Open a transaction: what was done, and its entry in the audit trail, stand together or not at all."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def read_account(connection: Connection | Pool, account: str) -> Account | None:
    """Return an account by its own name."""
    return _account(await queries.account_of(connection, account=account))


async def read_account_named(connection: Connection | Pool, sign_in_name: str) -> Account | None:
    """Return an account by the name with which its person signs in."""
    return _account(await queries.account_named(connection, sign_in_name=sign_in_name))


async def read_account_of_subject(connection: Connection | Pool, issuer: str, subject: str) -> Account | None:
    """Return the account of a person whom an identity provider names."""
    return _account(await queries.account_of_subject(connection, issuer=issuer, subject=subject))


def _account(row: Mapping[str, Any] | None) -> Account | None:
    return Account(**row) if row is not None else None


async def read_memberships(connection: Connection | Pool, account: str) -> list[Membership]:
    """Return what an account is, in all homes."""
    return [
        Membership(
            row["home"],
            Role(row["role"]),
            None if row["partnerships"] is None else tuple(row["partnerships"]),
            row["from_provider"],
        )
        async for row in queries.memberships_of(connection, account=account)
    ]


async def read_people(connection: Connection | Pool, home: str | None) -> list[dict[str, Any]]:
    """Return the accounts that a home looks after or that are something in it; all where no home is named."""
    return [dict(row) async for row in queries.people_of_home(connection, home=home)]


async def make_person(
    connection: Connection,
    home: str,
    shown_name: str,
    language: str,
    now: datetime,
    *,
    issuer: str | None = None,
    subject: str | None = None,
) -> str:
    """Make an account for a person and return its name, which says nothing about them."""
    account = f"{home}/{secrets.token_hex(5)}"
    await queries.write_account(
        connection,
        account=account,
        home=home,
        kind="person",
        sign_in_name=None,
        shown_name=shown_name.strip(),
        issuer=issuer,
        subject=subject,
        language=language,
        made_at=now,
    )
    return account


async def make_program(connection: Connection, account: str, home: str, now: datetime) -> bool:
    """Make an account for a program where there is none; False where a person or another home has it."""
    await queries.write_account(
        connection,
        account=account,
        home=home,
        kind="program",
        sign_in_name=None,
        shown_name=account.partition("/")[2],
        issuer=None,
        subject=None,
        language="id",
        made_at=now,
    )
    made = await read_account(connection, account)
    return made is not None and made.kind == "program" and made.home == home and made.disabled_at is None


async def write_membership(connection: Connection, account: str, membership: Membership) -> None:
    """Make an account this to a home."""
    await queries.write_membership(
        connection,
        account=account,
        home=membership.home,
        role=membership.role,
        partnerships=None if membership.partnerships is None else list(membership.partnerships),
        from_provider=membership.from_provider,
    )


async def write_provided_memberships(
    connection: Connection, account: str, provided: Sequence[Membership]
) -> list[Membership]:
    """Make an account what its identity provider says now, beside what it was made here; return all that it is."""
    kept = [f"{each.home}/{each.role}" for each in provided]
    await queries.drop_provided_memberships(connection, account=account, kept=kept)
    held = {(each.home, each.role) for each in await read_memberships(connection, account) if not each.from_provider}
    for each in provided:
        if (each.home, each.role) not in held:
            await write_membership(connection, account, each)
    return await read_memberships(connection, account)


async def make_session(
    connection: Connection, account: str, membership: Membership, now: datetime, address: str, agent: str
) -> str:
    """Begin a session and return the secret of its cookie, which is kept as a hash only."""
    secret = secrets.token_urlsafe(32)
    await queries.write_session(
        connection,
        session=uuid4(),
        secret_hash=hash_of(secret),
        account=account,
        home=membership.home,
        role=membership.role,
        begun_at=now,
        expires_at=now + SESSION_LASTS,
        address=address,
        agent=agent[:200],
    )
    return secret


async def make_token(connection: Connection, planned: TokenPlanned, made_by: str, now: datetime) -> tuple[UUID, str]:
    """Make a token and return its id and the token itself, which is kept as a hash only."""
    token, shown = uuid4(), draw_token()
    await keep_token(connection, token, shown, planned, made_by, now)
    return token, shown


def draw_token() -> str:
    """Return a new token."""
    return f"kembar_{secrets.token_urlsafe(24)}"


async def keep_token(
    connection: Connection, token: UUID, shown: str, planned: TokenPlanned, made_by: str, now: datetime
) -> None:
    """Keep a token that was drawn."""
    await queries.write_token(
        connection,
        token=token,
        token_hash=hash_of(shown),
        account=planned.account,
        home=planned.membership.home,
        role=planned.membership.role,
        scopes=None if planned.scopes is None else list(planned.scopes),
        label=planned.label,
        made_by=made_by,
        made_at=now,
        expires_at=planned.expires_at,
    )


async def make_link(connection: Connection, account: str, made_by: str, now: datetime) -> str:
    """Make a one-time link by which a password is set, in place of older ones, and return its secret."""
    secret = secrets.token_urlsafe(32)
    await queries.drop_links(connection, account=account)
    await queries.write_link(
        connection,
        link_hash=hash_of(secret),
        account=account,
        made_by=made_by,
        made_at=now,
        expires_at=now + LINK_LASTS,
    )
    return secret


async def first_administrator(connection: Connection, home: str, now: datetime) -> str | None:
    """Return the secret of a link for the first administrator of a home; None where there is one already."""
    if await queries.has_administrator(connection, home=home):
        return None
    account = await queries.invited_administrator(connection, home=home)
    if account is None:
        account = await make_person(connection, home, "Administrator", "id", now)
        await write_membership(connection, account, Membership(home, Role.ADMINISTRATOR))
    return await make_link(connection, account, "first-start", now)


async def begin_attempt(pool: Pool, sign_in_name: str, address: str, now: datetime) -> Attempts:
    """Note an attempt to sign in before it is looked at, so that many at once are all counted; return how many there were."""
    name_hash = hash_of(sign_in_name)
    await queries.drop_old_attempts(pool, before=now - ATTEMPTS_WITHIN)
    await queries.begin_attempt(pool, name_hash=name_hash, address=address, at=now)
    since = now - ATTEMPTS_WITHIN
    return Attempts(**await queries.count_attempts(pool, name_hash=name_hash, address=address, since=since))
