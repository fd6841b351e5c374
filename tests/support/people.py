"""People who can sign in at a running installation."""

from services.access import store
from services.access.decide import Membership
from shared.domain.access import Role
from shared.postgres.pool import open_pool
from tests.support.access import hash_of_password
from tests.support.installation import Installation


async def person_of(
    installation: Installation, name: str, role: Role = Role.BUREAU_EDITOR, home: str = "jakarta"
) -> str:
    """Make a person who can sign in with `PASSWORD` of tests.support.access; return the account."""
    pool = await open_pool(installation.settings, store.SCHEMA)
    try:
        async with store.transaction(pool) as connection:
            account = await store.make_person(connection, home, name, "id", installation.clock())
            await store.write_membership(connection, account, Membership(home, role))
            await store.queries.set_password(
                connection, account=account, password_hash=hash_of_password(), sign_in_name=name
            )
    finally:
        await pool.close()
    return account
