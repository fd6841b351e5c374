"""`kembar people` and `kembar tokens`: accounts and tokens, for whoever administers this machine."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.table import Table

from cli.embedded.reach import reach
from cli.say import out
from cli.stop import CannotGoOn
from services.access import store
from services.access.decide import (
    Membership,
    TokenAsked,
    findings_of_membership,
    findings_of_person,
    plan_token,
)
from services.access.desk import set_disabled
from services.access.provider import address_of_site
from services.access.routes import link_path, person_document, token_document
from services.access.store import queries
from shared.domain.access import Principal, Role
from shared.postgres.pool import Connection, open_pool
from shared.process.clock import now
from shared.process.settings import Settings
from shared.web.audit import write_audit
from shared.wire.problems import Finding, Problem

OPERATOR = "operator"
"""Who acts at the machine itself, as the audit trail names them."""


def at_the_tables(data: Path | Settings, work: Callable[[Connection, Settings], Awaitable[Any]]) -> Any:  # noqa: ANN401
    """Do something with access's tables in one transaction; the engines are started for the while where none runs."""
    with reach(data) as reached:
        return asyncio.run(_at_the_tables(reached.settings, work))


async def _at_the_tables(settings: Settings, work: Callable[[Connection, Settings], Awaitable[Any]]) -> Any:  # noqa: ANN401
    pool = await open_pool(settings, store.SCHEMA)
    try:
        async with store.transaction(pool) as connection:
            return await work(connection, settings)
    finally:
        await pool.close()


def add_person(data: Path, name: str, role: str, partnerships: list[str], language: str) -> dict[str, str]:
    """Invite a person into the home; return the account and the link by which they choose name and password."""
    own = partnerships or None
    _refuse([*findings_of_person(name, language), *findings_of_membership(role, own)])

    async def work(connection: Connection, settings: Settings) -> dict[str, str]:
        at = now()
        account = await store.make_person(connection, settings.home, name, language, at)
        membership = Membership(settings.home, Role(role), tuple(sorted(set(own))) if own else None)
        await store.write_membership(connection, account, membership)
        secret = await store.make_link(connection, account, OPERATOR, at)
        await _audit(connection, settings, "person-invited", of=account, rights=f"{settings.home}/{role}")
        return {"account": account, "link": f"{address_of_site(settings)}{link_path(secret)}"}

    added: dict[str, str] = at_the_tables(data, work)
    return added


def list_people(data: Path) -> list[dict[str, Any]]:
    """Return all accounts, of every home."""

    async def work(connection: Connection, settings: Settings) -> list[dict[str, Any]]:
        return [person_document(each) for each in await store.read_people(connection, None)]

    people: list[dict[str, Any]] = at_the_tables(data, work)
    return people


def disable_person(data: Path, account: str, *, again: bool) -> None:
    """Let an account in no more, or again."""

    async def work(connection: Connection, settings: Settings) -> None:
        if await store.read_account(connection, account) is None:
            raise CannotGoOn(f"There is no account “{account}”.", "See `kembar people list`.")
        await set_disabled(connection, account, now(), disabled=not again)
        await _audit(connection, settings, "account-enabled" if again else "account-disabled", of=account)

    at_the_tables(data, work)


def add_token(data: Path | Settings, asked: TokenAsked) -> dict[str, str]:
    """Make a token for a program of the home; return its id and the token, which is kept nowhere."""

    async def work(connection: Connection, settings: Settings) -> dict[str, str]:
        at = now()
        operator = Principal(OPERATOR, settings.home, Role.ADMINISTRATOR)
        planned = plan_token(asked, operator, None, at)
        if isinstance(planned, Problem):
            _refuse(list(planned.findings))
            raise CannotGoOn(planned.title, planned.remedy)
        if not await store.make_program(connection, planned.account, settings.home, at):
            raise CannotGoOn(
                f"“{planned.account}” is a person's account, or disabled.", "Choose another name for the program."
            )
        await store.write_membership(connection, planned.account, planned.membership)
        token, shown = await store.make_token(connection, planned, OPERATOR, at)
        await _audit(connection, settings, "token-made", token=str(token), of=planned.account)
        return {"id": str(token), "token": shown}

    made: dict[str, str] = at_the_tables(data, work)
    return made


def list_tokens(data: Path | Settings) -> list[dict[str, Any]]:
    """Return all tokens, of every home, without the tokens themselves."""

    async def work(connection: Connection, settings: Settings) -> list[dict[str, Any]]:
        return [token_document(row) async for row in queries.tokens(connection, account=None, home=None)]

    tokens: list[dict[str, Any]] = at_the_tables(data, work)
    return tokens


def revoke_token(data: Path | Settings, token: str) -> None:
    """Revoke a token by its id; the very next request that shows it is refused."""
    try:
        chosen = UUID(token)
    except ValueError as error:
        raise CannotGoOn(f"“{token}” is no id of a token.", "See `kembar tokens list`.") from error

    async def work(connection: Connection, settings: Settings) -> None:
        row = await queries.revoke_token(connection, token=chosen, account=None, home=None, at=now())
        if row is None:
            raise CannotGoOn(f"There is no token {token} that lives.", "See `kembar tokens list`.")
        await _audit(connection, settings, "token-revoked", token=token, of=row["account"])

    at_the_tables(data, work)


def first_administrator_link(settings: Settings) -> str | None:
    """Return the one-time link of the first administrator; None where there is one, or where passwords are not taken."""
    if not settings.passwords or not settings.is_safe_for_passwords:
        return None

    async def work(connection: Connection, settings: Settings) -> str | None:
        secret = await store.first_administrator(connection, settings.home, now())
        return f"{address_of_site(settings)}{link_path(secret)}" if secret else None

    link: str | None = asyncio.run(_at_the_tables(settings, work))
    return link


def print_people(people: list[dict[str, Any]]) -> None:
    """Print accounts as a table."""
    table = _table("account", "name", "signs in as", "roles", "")
    for each in people:
        roles = ", ".join(f"{one['home']}/{one['role']}" for one in each["memberships"])
        state = "disabled" if each["disabled_at"] else each["kind"]
        table.add_row(each["account"], each["shown_name"], each["sign_in_name"] or "–", roles, state)
    out.print(table)


def print_tokens(tokens: list[dict[str, Any]]) -> None:
    """Print tokens as a table."""
    table = _table("id", "what for", "account", "scopes", "until", "last used")
    for each in tokens:
        until = "revoked" if each["revoked_at"] else each["expires_at"][:10]
        scopes = "all of the role" if each["scopes"] is None else " ".join(each["scopes"])
        table.add_row(each["id"], each["label"], each["account"], scopes, until, (each["used_at"] or "–")[:16])
    out.print(table)


async def _audit(connection: Connection, settings: Settings, kind: str, **what: str) -> None:
    await write_audit(connection, now(), kind, account=OPERATOR, home=settings.home, address="this machine", **what)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise CannotGoOn("\n".join(each.problem for each in findings), findings[0].remedy)


def _table(first: str, *others: str) -> Table:
    """Return a table whose first column, by which a row is named in other commands, is never cut."""
    table = Table()
    table.add_column(first, no_wrap=True, min_width=len(first))
    for each in others:
        table.add_column(each, overflow="fold")
    return table
