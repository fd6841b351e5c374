"""A standby of PostgreSQL: a copy made over the replication protocol, that follows its primary as in production."""

import contextlib
import subprocess
from collections.abc import Iterator

import asyncpg

from cli.embedded.postgres import postgres_part, programs
from shared.postgres.roles import OWNER, password_name, role_of
from shared.process.secrets import read_secret
from tests.support.engines import PostgresServer, same_secrets, temporary_folder


@contextlib.contextmanager
def running_standby(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A standby of a primary that runs."""
    with temporary_folder() as folder:
        _copy(primary, folder / "postgres")
        part, dsn = postgres_part(folder, durable=False)
        password = read_secret(same_secrets(), password_name(OWNER))
        server = PostgresServer(part, dsn.replace("//", f"//{role_of(OWNER)}:{password}@", 1))
        try:
            server.start()
            yield server
        finally:
            part.stop()


def _copy(primary: PostgresServer, data) -> None:
    """Make the files of a standby, which say where the primary is, as the system user that PostgreSQL runs as."""
    data.parent.chmod(0o777)
    command = [
        str(programs() / "pg_basebackup"),
        "-D",
        str(data),
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
        "-d",
        primary.dsn,
    ]
    user = primary.part.user
    done = subprocess.run(command, user=user, group=user, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def tell(server: PostgresServer, statement: str):
    """Ask a server something as its owner."""
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
