"""Every report equals one made by a plain loop over the log; the same bytes in every process."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest

from cli.bench.ratings import make_tables
from services.reports.asked import Asked, Kind, asked_again
from services.reports.compose import histories_of
from services.reports.kinds.changes import changes_of, standing_of
from services.reports.making import Tables, compose, gather, gather_at
from services.reports.project import EventProjector
from services.reports.render.formats import Format, render
from services.reports.store import read_moment
from shared.domain.rulings import rubric_in_force
from shared.ledger.follow import Checkpoint
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.progress import Progress
from shared.wire.problems import Fault
from tests.house.project import ROOT
from tests.support.build import a_principal
from tests.support.engines import fresh_database
from tests.support.lives import FIRST_DAY, SLUGS
from tests.support.report_log import EVENTS, READ, Log, every_hash, material_of_the_log, moment_of, question

LONG = os.environ.get("FAULTS") == "long"
PAIRS = 200 if LONG else 12
ELSEWHERE = [
    {"TZ": "Pacific/Kiritimati", "LANG": "id_ID.UTF-8", "PYTHONHASHSEED": "1"},
    *([{"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "4242"}] if LONG else []),
]


@pytest.fixture(scope="module")
async def tables(postgres):
    """Reports' tables with all that was read, as far as their worker says; nothing is asked that the ledger is needed for."""
    async with fresh_database(postgres) as dsn:
        pool = await open_pool(Settings(postgres_dsn=dsn, postgres_connections=2), "reports")
        async with pool.acquire() as connection, connection.transaction():
            await EventProjector().project(connection, READ)
        progress = Progress("reports")
        await progress.advance(Checkpoint(len(READ), "sha256:0", moment_of(len(READ))))
        yield Tables(pool, progress, ledger=None)
        await pool.close()


def drawn(kind: Kind, chance: random.Random) -> tuple[Asked, int]:
    """A question over a random period, as known at a random position, and the position that it compares with."""
    position = chance.randrange(20, len(READ))
    after = chance.randrange(1, position)
    first = FIRST_DAY + timedelta(days=chance.randrange(-400, 900))
    asked = question(
        kind,
        position,
        first=first,
        last=first + timedelta(days=chance.randrange(900)),
        partnership=chance.choice([None, None, *SLUGS[:-1]]),
        language=chance.choice(["id", "en"]),
    )
    return asked, after


def compared(asked: Asked, after: int, chance: random.Random) -> Asked:
    """The same, compared with another moment or another period."""
    values = {name: getattr(asked, name) for name in Asked.__slots__}
    if chance.random() < 0.7:
        return Asked(**{**values, "compare_known": moment_of(after)})
    first = asked.first - timedelta(days=chance.randrange(800))
    return Asked(**{**values, "compare_first": first, "compare_last": first + timedelta(days=chance.randrange(700))})


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_report_is_the_one_that_a_plain_loop_over_the_log_gives(tables, kind):
    chance = random.Random(kind)
    for _ in range(PAIRS):
        asked, after = drawn(kind, chance)
        if kind is Kind.CHANGES:
            asked = compared(asked, after, chance)
        wanted = material_of_the_log(EVENTS, asked, after)
        if asked.partnership is not None and not wanted.known.partnerships:
            continue

        found = await gather(tables, a_principal(), UTC, asked)

        assert found.asked == asked
        assert compose(found) == compose(wanted)


async def test_every_event_that_moved_a_standing_is_told_with_what_it_did_and_no_other(tables):
    """Before and after every position of the window everything is rated anew from the log cut there."""
    chance = random.Random(5)
    told = 0
    for _ in range(PAIRS // 2):
        asked, _ = drawn(Kind.CHANGES, chance)
        after = max(1, asked.position - 80)
        asked = question(
            Kind.CHANGES,
            asked.position,
            first=asked.first,
            last=asked.last,
            compare_known=moment_of(after),
        )
        wanted = {}
        before = standings_at(after, asked)
        for position in range(after + 1, asked.position + 1):
            now = standings_at(position, asked)
            for slug in before.keys() | now.keys():
                if before.get(slug) != now.get(slug):
                    wanted[position, slug] = (before.get(slug), now.get(slug))
            before = now

        changes, _ = changes_of(await gather(tables, a_principal(), UTC, asked))

        effects = {
            (change.moved.event.position, effect.partnership): (effect.before, effect.after)
            for change in changes
            for effect in change.effects
            if effect.before != effect.after
        }
        assert effects == wanted
        told += len(wanted)
    assert told > 20


def standings_at(position: int, asked: Asked) -> dict:
    known = Log(EVENTS, position).known()
    histories, rubric = histories_of(known), rubric_in_force(known.rulings, asked.last)
    return {
        each.slug: standing_of(histories[each.slug], rubric, asked.first, asked.last)
        for each in known.partnerships
        if each.stands(asked.first, asked.last)
    }


async def test_a_position_that_was_said_is_answered_at_whatever_else_carries_the_same_moment(tables):
    asked = question(Kind.RATINGS, 250, known=moment_of(300))

    assert (await gather(tables, a_principal(), UTC, asked)).known.position == 250


async def test_no_report_is_made_while_an_event_that_it_would_hold_waits(tables):
    parked = "INSERT INTO parked (position, home, partnership, partition) VALUES (100, 'jakarta', 'city-1', 0)"
    await tables.pool.execute(parked)
    try:
        for asked in (question(Kind.RATINGS, 200), question(Kind.HISTORY, 200, partnership="city-1")):
            with pytest.raises(Fault, match="waits") as refused:
                await gather(tables, a_principal(), UTC, asked)
            assert refused.value.problem.status == 503
        before_it, of_another = question(Kind.RATINGS, 99), question(Kind.RATINGS, 200, partnership="city-2")
        for asked in (before_it, of_another):
            assert (await gather(tables, a_principal(), UTC, asked)).known.position == asked.position
    finally:
        await tables.pool.execute("DELETE FROM parked")


@pytest.mark.parametrize("kind", [Kind.HISTORY, Kind.RESULTS, Kind.PROGRAMME, Kind.DIAGNOSIS, Kind.CHANGES, Kind.AID])
async def test_a_report_that_would_hold_too_much_is_refused_and_told_how_to_ask(large_pool, kind):
    asked = Asked(kind, date(2011, 1, 1), date(2020, 12, 31), known=moment_of(1), position=LARGE)
    if kind is Kind.CHANGES:
        asked = replace(asked, compare_known=await read_moment(large_pool, 2_000))
    with pytest.raises(Fault) as refused:
        await gather_at(large_pool, a_principal(), UTC, asked)

    assert (refused.value.problem.status, refused.value.problem.kind) == (422, "too-much")
    assert "partnership" in refused.value.problem.remedy


LARGE = 23_000


@pytest.fixture(scope="module")
async def large_pool(postgres):
    """Tables with more activities than a report lists."""
    async with (
        fresh_database(postgres) as dsn,
        await open_pool(Settings(postgres_dsn=dsn, postgres_connections=2), "reports") as pool,
    ):
        await make_tables(pool, LARGE)
        yield pool


def test_the_bytes_are_the_same_in_another_time_zone_language_and_order_of_hashes():
    here = every_hash()
    assert {name.split(".")[1] for name in here} == set(Format)
    in_words = [found for name, found in here.items() if ".csv." not in name]
    assert len(set(in_words)) == len(in_words)

    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.report_log"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **elsewhere},
            stdout=subprocess.PIPE,
            text=True,
        )
        for elsewhere in ELSEWHERE
    ]

    assert [json.loads(each.communicate(timeout=100)[0]) for each in running] == [here] * len(ELSEWHERE)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_question_reads_back_from_its_document_and_asks_for_the_same_bytes(kind):
    chance = random.Random(9)
    asked, after = drawn(kind, chance)
    if kind is Kind.CHANGES:
        asked = compared(asked, after, chance)

    again = asked_again(json.loads(json.dumps(asked.document())))

    assert again == asked
    reports = [compose(material_of_the_log(EVENTS, each, after)) for each in (asked, again)]
    assert render(reports[0], Format.JSON) == render(reports[1], Format.JSON)
