"""Reports answers from a standby of PostgreSQL: never less than was told, and from the primary while the standby is away."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from services.reports.apart import reading_for
from services.reports.asked import Asked, Kind
from services.reports.orders import FindTouched, MakeReport
from services.reports.render.formats import Format
from services.reports.touched import Change
from shared.postgres.pool import open_pool
from shared.projection.reading import Reading
from tests.support.build import a_partnership, a_principal, an_activity
from tests.support.engines import make_template, open_ledger, running_nats, running_postgres
from tests.support.installation import running_installation
from tests.support.standby import running_standby, tell
from tests.support.waiting import until

PERIOD = (date(2020, 1, 1), date(2026, 11, 20))
READ = (
    "/",
    "/partnerships/hanoi",
    "/activities",
    "/reports/v1/ratings",
    "/reports/v1/activities",
    "/reports/v1/foresight",
    "/reports/v1/rubrics",
    "/reports/v1/reports/ratings.csv?from=2020-01-01&to=2026-11-20",
)


@pytest.fixture(scope="module")
async def primary():
    """A PostgreSQL with a standby."""
    with running_postgres() as server:
        await make_template(server.dsn)
        yield server


@pytest.fixture(scope="module")
async def standby(primary):
    """Its standby."""
    with running_standby(primary) as server:
        yield server


@pytest.fixture(scope="module")
async def offices(primary, standby, tmp_path_factory):
    """An installation whose reports read from the standby, and one partnership."""
    tables, copy = (each.dsn.replace("/postgres?", "/template_kembar?") for each in (primary, standby))
    with running_nats() as server:
        async with (
            open_ledger(server),
            running_installation(server, tables, tmp_path_factory.mktemp("standby"), postgres_read_dsn=copy) as running,
        ):
            assert (await running.post("partnership.registered", a_partnership(partnership="hanoi"))).status_code == 201
            yield running


async def reads_from(offices):
    return (await offices.http.get("/reports/readyz")).json()["reads_from"]


async def has_fallen_back(offices):
    return await reads_from(offices) == "primary"


async def back_at_the_standby(offices):
    async def is_back():
        return await reads_from(offices) == "standby"

    await until(is_back)


async def seen(offices, **headers):
    """How many activities reports knows of."""
    answer = await offices.http.get("/reports/v1/activities", params={"limit": "500"}, headers=headers)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


async def post(offices):
    answer = await offices.post("activity.recorded", an_activity(partnership="hanoi"))
    assert answer.status_code == 201, answer.text
    return {"Kembar-Min-Position": str(answer.json()["position"])}


async def test_everything_can_be_read_from_the_standby_and_what_is_ordered_is_kept_on_the_primary(offices):
    await back_at_the_standby(offices)
    posted = await post(offices)
    for path in READ:
        answer = await offices.http.get(path, headers=posted)
        assert answer.status_code == 200, (path, answer.text)
    ordered = {"kind": "ratings", "from": "2020-01-01", "to": "2026-11-20", "format": "csv"}
    editor = {"Authorization": f"Bearer {offices.tokens['issuer']}"}
    job = await offices.http.post("/reports/v1/jobs", json=ordered, headers=editor)
    assert job.status_code == 202, job.text

    async def result():
        return await offices.http.get(f"{job.headers['Location']}/result", headers=editor)

    await until(lambda: is_there(result))
    assert "hanoi" in (await result()).text.lower()
    assert await reads_from(offices) == "standby"


async def is_there(result):
    return (await result()).status_code == 200


async def test_a_report_is_made_from_the_standby_where_that_has_come_as_far_as_the_question(offices):
    posted = await post(offices)
    await seen(offices, **posted)
    settings, position = offices.settings, int(posted["Kembar-Min-Position"])
    async with await open_pool(settings, "reports") as pool:
        standby = Reading(settings, "reports", pool)

        asked = Asked(Kind.RATINGS, *PERIOD)
        for at, from_standby in ((position, True), (position + 1, False)):
            order = MakeReport(a_principal(), replace(asked, position=at), Format.CSV)
            assert (await reading_for(order, pool, standby) is not pool) == from_standby
        touching = FindTouched(a_principal(), Change(type="activity.retracted"))
        assert await reading_for(touching, pool, standby) is pool
        standby.close()


async def test_a_reader_waits_until_the_standby_has_what_was_posted(offices, standby):
    await back_at_the_standby(offices)
    before = await seen(offices)
    await tell(standby, "SELECT pg_wal_replay_pause()")
    try:
        posted = await post(offices)
        asking = asyncio.create_task(seen(offices, **posted))
        await until(lambda: waits(offices, posted))
        assert await seen(offices) == before
        assert not asking.done()
    finally:
        await tell(standby, "SELECT pg_wal_replay_resume()")

    assert await asking == before + 1
    assert await reads_from(offices) == "standby"


async def waits(offices, posted):
    """Whether the tables have what was posted, but not those that reports reads."""
    scoring = (await offices.http.get("/scoring/readyz")).json()["position"]
    reports = (await offices.http.get("/reports/readyz")).json()["position"]
    return scoring >= int(posted["Kembar-Min-Position"]) > reports


async def test_a_standby_that_falls_behind_is_not_read_until_it_has_all_that_was_told(offices, standby):
    await back_at_the_standby(offices)
    before = await seen(offices)
    await tell(standby, "SELECT pg_wal_replay_pause()")
    try:
        posted = await post(offices)
        await until(lambda: has_fallen_back(offices), timeout_seconds=15)
        assert await seen(offices, **posted) == before + 1
        assert await seen(offices) == before + 1
    finally:
        await tell(standby, "SELECT pg_wal_replay_resume()")

    async with asyncio.timeout(30):
        while await reads_from(offices) == "primary":
            assert await seen(offices) == before + 1
    assert await seen(offices) == before + 1


async def test_while_the_standby_is_away_everything_is_answered_from_the_primary(offices, standby):
    """When it is there again, four seconds late in all it does, it is not read before it has what was told."""
    await back_at_the_standby(offices)
    await tell(standby, "ALTER SYSTEM SET recovery_min_apply_delay = '4s'")
    before = await seen(offices)
    standby.kill()
    try:
        for path in READ:
            answer = await offices.http.get(path)
            assert answer.status_code == 200, (path, answer.text)
        ready = (await offices.http.get("/reports/readyz")).json()
        assert ready["reads_from"] == "primary"
        assert ready["standby_away"]
        assert 'kembar_reads_from_standby{service="reports"} 0.0' in (await offices.http.get("/reports/metrics")).text
        assert await seen(offices, **await post(offices)) == before + 1
    finally:
        standby.start()
    assert await seen(offices, **await post(offices)) == before + 2

    async with asyncio.timeout(30):
        while await reads_from(offices) == "primary":
            assert await seen(offices) == before + 2
    assert await seen(offices) == before + 2
    assert 'kembar_reads_from_standby{service="reports"} 1.0' in (await offices.http.get("/reports/metrics")).text
