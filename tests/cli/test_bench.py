"""The benchmark measures what it says: its made-up history is a history, its figures stand beside their raw limits."""

import json
import random
from collections import Counter
from datetime import UTC
from itertools import islice

import pytest

from cli.bench.alerts import make_subscriptions, match_once
from cli.bench.documents import render_once
from cli.bench.figures import Samples
from cli.bench.history import PARTNERSHIPS, batches_of_entries, history, registration
from cli.bench.installation import Installation
from cli.bench.many_homes import Country, history_of
from cli.bench.pages import serve_pages
from cli.bench.ratings import READER, ask_once, make_tables, questions, rate_now
from cli.bench.reports import SOME_READER, make_once
from cli.bench.run import measure
from cli.bench.served import post_and_ask
from cli.bench.workers import is_shared
from cli.stop import CannotGoOn
from services.ingest.requests import read_event
from services.reports.dashboard import MOST_FALLING
from services.reports.store import read_known
from shared.postgres.pool import open_pool, open_pool_of_owner
from shared.process.settings import Settings
from shared.wire.envelope import attributes
from shared.wire.problems import Problem
from tests.support.build import a_principal
from tests.support.program import run
from tests.support.report_values import a_report


def test_the_history_is_the_same_every_time():
    assert list(history(500)) == list(history(500))


def test_ingest_would_take_every_event_of_the_history():
    sent = [{"type": each.type, "id": str(each.id), "data": each.data} for each in history(2_000)]

    refused = [read_event(each) for each in sent if each["type"] != "day.closed"]

    assert [each for each in refused if isinstance(each, Problem)] == []


def test_the_history_holds_activities_amendments_and_the_close_of_each_day():
    counted = Counter(each.type for each in history(5_000))

    assert counted["partnership.registered"] == PARTNERSHIPS
    assert counted["activity.recorded"] > 4_000
    assert counted["activity.corrected"] > counted["activity.retracted"] > 0
    assert counted["day.closed"] == (5_000 - PARTNERSHIPS) // 14


def test_an_activity_has_about_600_bytes():
    sizes = [len(json.dumps(each.data)) for each in islice(history(400), PARTNERSHIPS, None) if "title" in each.data]

    assert 550 < sum(sizes) / len(sizes) < 700


def test_entries_come_a_thousand_at_a_time():
    batches = list(batches_of_entries(history(2_100)))

    assert [len(batch) for batch in batches] == [1_000, 1_000, 100]
    assert attributes(batches[0][0].payload)["id"] == str(batches[0][0].event_id)


def test_a_country_has_the_homes_partnerships_activities_and_closed_days_that_were_asked_for():
    country = Country(homes=7, partnerships=3, activities=20, days=6)
    made = list(history_of(country))
    counted = Counter(each.type for each in made)

    assert made == list(history_of(country))
    assert len(made) == len({(each.home, each.id) for each in made}) == country.events
    assert counted == {
        "home.opened": 7,
        "partnership.registered": 21,
        "activity.recorded": 140,
        "day.closed": 42,
    }
    taken = [each for each in made if each.type in ("partnership.registered", "activity.recorded")]
    read = [read_event({"type": each.type, "id": str(each.id), "data": each.data}) for each in taken]
    assert [each for each in read if isinstance(each, Problem)] == []


@pytest.mark.parametrize(
    ("loads", "workers", "shared"),
    [([64], 1, True), ([32, 32], 2, True), ([21, 22, 21], 3, True), ([40, 24], 2, False), ([32], 2, False)],
)
def test_work_has_moved_once_all_workers_have_about_as_much(loads, workers, shared):
    assert is_shared(loads, workers) == shared


def test_the_median_of_the_runs_is_shown():
    samples = Samples()
    for value in (3.0, 1.0, 100.0):
        samples.add("follow", value)

    assert samples.median("follow") == 3.0


def test_what_cannot_be_measured_is_refused_by_name():
    with pytest.raises(CannotGoOn, match="“speed”") as refused:
        measure(["speed"], 1, 1_000, lambda line: None)

    assert "replay" in refused.value.remedy


def test_a_short_replay_gives_a_figure_for_each_projection():
    done = run("bench", "replay", "--runs", "1", "--events", "1000", "--json")

    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["machine"]
    assert len(measured["figures"]) == 4
    for figure in measured["figures"]:
        assert figure["median"] > 0
        assert figure["beside"].keys() == {"pull, undecoded", "COPY of the rows"}


async def test_ratings_are_measured_on_tables_that_answer_as_those_of_a_ledger_do(database):
    samples, sizes = Samples(), {}
    settings = Settings(postgres_dsn=database, postgres_connections=1)
    past, now = [await open_pool(settings, each) for each in ("reports", "scoring")]
    async with past, now:
        await make_tables(past, 5_000)
        await rate_now(past, now, 5_000)
        for name, ask in islice(questions(past, now, 5_000, random.Random(1)), 4):
            sizes[name] = await ask_once(samples, name, ask)
        known = await read_known(past, a_principal(), 5_000, UTC)
        took_ms = [await make_once(past, each, 5_000, random.Random(1)) for each in (SOME_READER, READER)]

    assert len(sizes) == 4
    assert all(size > 100_000 for size in sizes.values())
    assert all(samples.median(name) > samples.median(f"{name}, rows") > 0 for name in sizes)
    assert len(known.partnerships) == 1_000
    assert sum(map(len, known.facts.values())) == 4_000
    assert 0 < took_ms[0] < took_ms[1]


async def test_pages_are_measured_as_they_are_served_from_a_full_ledger(database):
    chance, settings = random.Random(1), Settings(postgres_dsn=database, postgres_connections=2)
    async with await open_pool(settings, "reports") as pool, serve_pages(settings, pool, 4_000) as served:
        first_ms, size = await served.ask("/")
        await served.post_one(chance)
        again_ms, _ = await served.ask("/")
        page = (await served.http.get("/")).text

    assert 0 < again_ms < first_ms
    assert 5_000 < size < 100_000
    assert "Visit of a delegation" in page or "Kunjungan delegasi" in page
    assert page.count('class="sign"') == 100 + MOST_FALLING


async def test_what_is_posted_is_asked_for_until_its_rating_is_served(installation):
    registered = [{"type": "partnership.registered", "data": registration(each)} for each in range(PARTNERSHIPS)]
    assert (await installation.post_batch(registered)).status_code == 201

    took_ms, per_second = await post_and_ask(
        Installation(installation.settings.port, "token-of-bureau", installation.settings), 0.4
    )

    assert 5 < len(took_ms) < 100
    assert min(took_ms) > 0
    assert per_second <= 500


async def test_alerts_are_matched_with_as_many_subscriptions_as_fit(database):
    settings = Settings(postgres_dsn=database)
    owner, samples = await open_pool_of_owner(settings, "scoring"), Samples()
    async with owner:
        await make_subscriptions(owner, 5_000, 20, to_all=False)
        fitting = await owner.fetchval(
            "SELECT count(*) FROM subscription WHERE silence_months IS NULL AND (scope, value) IN (('all', ''), "
            "('partnership', 'city-0007'), ('country', 'CA'), ('issue', 'issue 1'), ('rating', 'kurang_aktif'))"
        )

        assert await match_once(owner, samples, "most") == fitting > 50
        assert await owner.fetchval("SELECT count(*) FROM delivery") == 0
    assert samples.median("most, written") > samples.median("most") > 0


def test_documents_are_measured_with_the_memory_of_the_worker_that_made_them():
    samples = Samples()

    render_once(samples, a_report(), a_report())

    assert all(samples.median(name) > 0 for name in ("pdf", "xlsx", "long pdf"))
    assert 20 < samples.median("memory") < 600
