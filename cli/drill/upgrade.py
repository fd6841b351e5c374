"""Drill: an installation of the release before, with its log and its tables, goes on with this program; and back.

What that release wrote is kept in `tests/drills/previous`: its ledger as an archive, its tables as SQL, its queries, and what
it answered.
"""

import asyncio
import gzip
import json
import random
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiosql
import httpx
from pydantic import SecretStr

from cli.backup import restore
from cli.drill.compare import compare
from cli.drill.load import Load, under
from cli.drill.report import NotRun, Report
from cli.drill.restoring import with_everything_started
from cli.drill.topology import wait_until
from cli.drill.under_load import Course, more
from cli.embedded.nats_server import SECRETS
from cli.embedded.postgres import postgres_part, programs, socket_folder
from cli.embedded.reach import START_SECONDS
from cli.embedded.stack import ROOT, Stack
from cli.rebuild import PROJECTIONS
from shared.ledger.archive import ENDING
from shared.postgres.pool import DATABASE_ERRORS, open_pool, open_pool_of_owner
from shared.postgres.roles import OWNER, SERVICES, password_name, role_of
from shared.process.settings import Settings

PREVIOUS = ROOT / "tests" / "drills" / "previous"
POSTED = 40
ALIVE_ONLY = ("worker", "used")
"""Tables whose rows come and go with processes and sessions."""
ROWS = re.compile(r"^COPY (\w+)\.(\w+) .*? FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)


def upgrade(folder: Path) -> Report | NotRun:
    """Put the previous release's log and tables into a new folder, start this program on them, post, and compare."""
    if not PREVIOUS.exists():
        return NotRun("upgrade", "What the previous release wrote comes with the project's tests, which are not here.")
    data, course = folder / "data", Course()
    could_be_asked = lay_down_what_it_wrote(data)
    reports: list[Report] = []
    with_everything_started(data, lambda stack: reports.append(go_on(stack, could_be_asked, course)))
    return reports[0]


def lay_down_what_it_wrote(data: Path) -> set[str]:
    """Make a data folder with the previous release's ledger, positions and bytes as they were, and its tables.

    Returns which of its queries could be asked of them.
    """
    archive = data.with_name("previous-archive")
    archive.mkdir(parents=True)
    segment = gzip.decompress((PREVIOUS / "ledger.segment.gz").read_bytes())
    (archive / f"{1:016}{ENDING}").write_bytes(segment)
    restore(archive, data)
    for name in ("run", "logs"):
        (data / name).mkdir(exist_ok=True, mode=0o700)
    with _postgres(data) as settings:
        _psql(data, _tables())
        return asyncio.run(queries_that_fit(settings))


def go_on(stack: Stack, could_be_asked: set[str], course: Course) -> Report:
    """Ask what was answered before, post under load, compare, and look at the way back."""
    compare_answers(stack, course)
    load = Load(
        at=lambda service: stack.url,
        token=stack.tokens["bureau"],
        chance=random.Random(),  # noqa: S311 - nothing depends on nobody guessing it
        callers=3,
        askers=1,
        pause_seconds=0.02,
    )
    with under(load):
        more(load, POSTED)
    wait_until(lambda: all(_behind(stack, service) == 0 for service in PROJECTIONS))
    loss = compare(stack.settings, load)
    compare_rows(stack, course)
    compare_queries(stack, could_be_asked, course)
    return Report(
        drill="upgrade",
        done="the ledger and the tables of the previous release were taken over by this one, which was posted to",
        section="Upgrade",
        loss=loss,
        postings=load.since(0, posting=True),
        questions=load.since(0, posting=False),
        figures=course.figures,
        amiss=course.amiss,
    )


def compare_answers(stack: Stack, course: Course) -> None:
    """Say it is amiss where a question that the previous release answered is answered otherwise."""
    answered = json.loads((PREVIOUS / "ratings.json").read_text())
    ratings = 0
    for question, before in answered.items():
        found = {each["partnership"]: each for each in _get(stack, question)["items"]}
        for each in before:
            ratings += 1
            now = {name: found.get(each["partnership"], {}).get(name) for name in each}
            if now != each:
                course.amiss.append(f"{question}: {each} before, {now} now")
    course.figures.append(f"{ratings} ratings on {len(answered)} past days are as the previous release answered them")


def compare_rows(stack: Stack, course: Course) -> None:
    """Say it is amiss where a table has fewer rows than the previous release left in it."""
    before = {(schema, table): rows.count("\n") for schema, table, rows in ROWS.findall(_tables())}
    counted = {name: count for name, count in before.items() if name[1] not in ALIVE_ONLY}
    now = asyncio.run(_count(stack.settings, list(counted)))
    course.amiss += [
        f"{schema}.{table} has {now[schema, table]} rows, and had {count}"
        for (schema, table), count in counted.items()
        if now[schema, table] < count
    ]
    course.figures.append(f"{sum(counted.values())} rows in {len(counted)} tables of before are still there")


def compare_queries(stack: Stack, before: set[str], course: Course) -> None:
    """Say it is amiss where the previous release could no longer ask what it asked of these tables.

    While it can, and no event of a type that it does not know was posted, it can be put back in its place.
    """
    missing = before - asyncio.run(queries_that_fit(stack.settings))
    course.amiss += [f"the previous release could no longer ask {each}" for each in sorted(missing)]
    course.figures.append(
        f"{len(before) - len(missing)} of its {len(before)} queries still fit the tables: it can be put back"
    )


async def queries_that_fit(settings: Settings) -> set[str]:
    """Return the queries of the previous release that can be asked of the tables as they stand."""
    fit: set[str] = set()
    for path in sorted((PREVIOUS / "queries").glob("*.sql")):
        for service in _who_asks(path.name):
            pool = await open_pool_of_owner(settings, service)
            async with pool, pool.acquire() as connection:
                for name, sql in _queries_in(path):
                    with suppress(*DATABASE_ERRORS):
                        await connection.prepare(sql)
                        fit.add(f"{name} in {path.name}, asked by {service}")
    return fit


def _who_asks(name: str) -> tuple[str, ...]:
    first, second, *_ = name.split(".")
    if first == "services":
        return (second,)
    return tuple(PROJECTIONS) if second == "projection" else SERVICES


def _queries_in(path: Path) -> Iterator[tuple[str, str]]:
    queries = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    for name in queries.available_queries:
        if not name.endswith("_cursor"):
            yield name, getattr(queries, name).sql


async def _count(settings: Settings, tables: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for service in SERVICES:
        pool = await open_pool(settings, service)
        try:
            for schema, table in tables:
                if schema == service:
                    counts[schema, table] = await pool.fetchval(f"SELECT count(*) FROM {schema}.{table}")  # noqa: S608 - named in the fixture
        finally:
            await pool.close()
    return counts


@contextmanager
def _postgres(data: Path) -> Iterator[Settings]:
    part, dsn = postgres_part(data)
    try:
        part.start()
        part.wait_until_ready(START_SECONDS)
        yield Settings(postgres_dsn=SecretStr(dsn), secrets_folder=data / SECRETS)
    finally:
        part.stop()


def _psql(data: Path, text: str) -> None:
    command = [str(programs() / "psql"), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null"]
    where = ["--host", str(socket_folder(data.resolve())), "--username", role_of(OWNER), "--dbname", "postgres"]
    password = (data / SECRETS / password_name(OWNER)).read_text().strip()
    subprocess.run([*command, *where], input=text, text=True, env={"PGPASSWORD": password}, check=True)


def _tables() -> str:
    return gzip.decompress((PREVIOUS / "tables.sql.gz").read_bytes()).decode()


def _behind(stack: Stack, service: str) -> int:
    return int(_get(stack, f"/{service}/v1/status")["behind"])


def _get(stack: Stack, path: str) -> Any:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {stack.tokens['bureau']}"}
    answer = httpx.get(f"{stack.url}{path}", headers=headers, timeout=30, trust_env=False)
    answer.raise_for_status()
    return answer.json()
