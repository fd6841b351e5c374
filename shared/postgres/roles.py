"""One PostgreSQL role per service: it reads and writes the rows of its own schema, and nothing else.

One thing more: every service must know who is asking, so each may read what makes a principal in the schema of access,
note that a token or a session was used, and add to the audit trail. None may read a password's hash.
"""

from collections.abc import Sequence

import asyncpg

OWNER = "owner"
LONGEST_STATEMENT_SECONDS = 60
"""How long any statement of a service may take; what takes longer is a mistake, and would hold others up."""
ACCESS = "access"
SERVICES = ("ingest", "scoring", "reports", ACCESS)
WHAT_MAKES_A_PRINCIPAL = {
    "generation": "number",
    "token": "token, token_hash, account, home, role, scopes, expires_at, revoked_at",
    "session": "session, secret_hash, account, home, role, begun_at, expires_at, ended_at",
    "membership": "account, home, role, partnerships",
    "account": "account, disabled_at",
    "used": "credential, used_at",
}


def role_of(service: str) -> str:
    """Return the name of a service's role; the owner, who makes tables, is `kembar` itself."""
    return "kembar" if service == OWNER else f"kembar_{service}"


def password_name(service: str) -> str:
    """Return the name of the file that holds the password of a service's role."""
    return f"postgres-{service}.password"


async def grant(
    connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy, service: str, password: str | None
) -> None:
    """Make the service's role where there is none, set its password, and grant it the rows of its schema.

    It owns nothing: it cannot change or drop a table, nor say that a migration was applied.
    """
    role = role_of(service)
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role} LOGIN")
    if password is not None:
        await connection.execute(f"ALTER ROLE {role} PASSWORD {_quoted(password)}")
    for statement in _grants(service, role):
        await connection.execute(statement)
    if service == ACCESS:
        await _let_all_know_who_asks(connection)


async def _let_all_know_who_asks(connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy) -> None:
    roles = [role_of(each) for each in SERVICES if each != ACCESS]
    for role in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", roles):
        for statement in _grants_to_know(role["rolname"]):
            await connection.execute(statement)


def _grants_to_know(role: str) -> Sequence[str]:
    return (
        f"GRANT USAGE ON SCHEMA {ACCESS} TO {role}",
        *(
            f"GRANT SELECT ({columns}) ON {ACCESS}.{table} TO {role}"
            for table, columns in WHAT_MAKES_A_PRINCIPAL.items()
        ),
        f"GRANT INSERT, UPDATE (used_at) ON {ACCESS}.used TO {role}",
        f"GRANT INSERT ON {ACCESS}.audit TO {role}",
    )


def _grants(service: str, role: str) -> Sequence[str]:
    return (
        f"GRANT USAGE ON SCHEMA {service} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {service}.migration FROM {role}",
        *([f"REVOKE UPDATE, DELETE ON {ACCESS}.audit FROM {role}"] if service == ACCESS else []),
        f"ALTER ROLE {role} SET search_path TO {service}",
        f"ALTER ROLE {role} SET statement_timeout TO '{LONGEST_STATEMENT_SECONDS}s'",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
