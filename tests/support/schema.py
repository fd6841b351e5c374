"""The tables of a service as one readable file, made from the migrations; run this module to write it anew."""

import asyncio
import re
import subprocess
from pathlib import Path
from types import ModuleType

from cli.embedded.postgres import programs
from cli.tables import STORES
from tests.support.engines import database_in, make_template, running_postgres

HEADING = "-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.\n\n"


def schema_file(store: ModuleType) -> Path:
    assert store.__file__ is not None
    return Path(store.__file__).with_name("schema.sql")


def dumped_schema(dsn: str, schema: str) -> str:
    """What PostgreSQL itself says of the schema, without what differs from run to run."""
    command = [programs() / "pg_dump", "-d", database_in(dsn, "template_kembar"), "-n", schema]
    dump = subprocess.run(
        [*command, "--schema-only", "--no-owner", "--no-privileges"], capture_output=True, text=True, check=True
    ).stdout
    kept = [line for line in dump.splitlines() if not re.match(r"--|\\|SET |SELECT pg_catalog", line)]
    return HEADING + re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


if __name__ == "__main__":
    with running_postgres() as server:
        asyncio.run(make_template(server.dsn))
        for each in STORES:
            schema_file(each).write_text(dumped_schema(server.dsn, each.SCHEMA))
