"""The audit trail: who did what, when, from where, and what was refused. A row is added, and never changed."""

from datetime import datetime

from starlette.requests import Request

from shared.domain.access import Principal
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__, "access.sql")


async def audit(request: Request, kind: str, principal: Principal | None = None, **what: str | None) -> None:
    """Keep that somebody did this, or was refused it, before the request is answered.

    `kind` is short and stable, such as `token-refused`; `what` says on what and why, and holds no secret. Raises what the
    database raises: what cannot be kept is not answered.
    """
    directory = request.app.state.directory
    await write_audit(
        directory.pool,
        directory.clock(),
        kind,
        account=principal.account if principal else None,
        home=principal.home if principal else None,
        role=principal.role if principal else None,
        address=address_of(request),
        **what,
    )


async def write_audit(
    connection: Connection | Pool,
    at: datetime,
    kind: str,
    *,
    account: str | None = None,
    home: str | None = None,
    role: str | None = None,
    address: str | None = None,
    **what: str | None,
) -> None:
    """Keep an entry, in the transaction of the connection where it has one."""
    said = {name: value for name, value in what.items() if value is not None}
    await queries.write_audit(
        connection, at=at, kind=kind, account=account, home=home, role=role, address=address, what=said
    )


def address_of(request: Request) -> str:
    """Return the address that the request came from; the client's own behind a proxy that is trusted."""
    return request.client.host if request.client else "unknown"
