"""What is kept of ratings is what would be worked out anew, whatever is posted in between."""

import random
from datetime import UTC, date

import pytest

from services.reports import kept_ratings
from services.reports.kept_ratings import KeptRatings
from services.reports.question import Question
from shared.domain.access import Principal, Role
from shared.postgres.pool import open_pool
from tests.system.test_api import BEIJING, a_letter

ON = date(2021, 6, 30)
SLUGS = [f"kota-{number}" for number in range(6)]
READER = Principal("jakarta/viewer", "jakarta", Role.VIEWER)


@pytest.fixture
async def tables(installation):
    pool = await open_pool(installation.settings, "reports")
    yield installation, pool
    await pool.close()


def a_posting(chance: random.Random) -> tuple[str, dict]:
    slug, year = chance.choice(SLUGS), chance.randint(2015, 2021)
    match chance.randrange(8):
        case 0:
            return "rating.set", {
                "partnership": slug,
                "rating": "aktif",
                "reason": "Baru",
                "valid_from": f"{year}-01-01",
            }
        case 1:
            return "partnership.changed", {
                "partnership": slug,
                "changes": {"mou_date": f"{year}-02-03"},
                "reason": "Salah",
            }
        case _:
            indicator, direction = chance.choice(["contact", "visit", "aid"]), chance.choice(["outbound", "mutual"])
            return "activity.recorded", a_letter(
                partnership=slug, indicator=indicator, direction=direction, occurred=str(year)
            )


async def anew(pool, question, position):
    return await KeptRatings().of(pool, "jakarta", question, position, UTC)


@pytest.mark.parametrize(
    "question", [Question(ON, None, None, None, None), Question(None, date(2016, 1, 1), ON, None, None)]
)
async def test_what_is_kept_is_what_would_be_worked_out_anew(tables, question):
    installation, pool = tables
    chance, kept = random.Random(7), KeptRatings()
    for slug in SLUGS:
        await installation.post("partnership.registered", {**BEIJING, "partnership": slug, "name": {"id": slug}})

    for number in range(14):
        for _ in range(chance.randint(0, 3)):
            assert (await installation.post(*a_posting(chance))).status_code == 201
        if number == 9:
            await adopt_a_stricter_rubric(installation)
        await installation.get("/reports/v1/ratings")
        position = installation.last_position
        found, wanted = await kept.of(pool, "jakarta", question, position, UTC), await anew(pool, question, position)

        assert found.document(READER) == wanted.document(READER)
        assert found.registered == wanted.registered


async def adopt_a_stricter_rubric(installation) -> None:
    """What concerns the whole home makes all anew."""
    posted = await installation.post(
        "rubric.adopted",
        {
            "rubric": {
                "id": "stricter",
                "version": 1,
                "author": "Biro",
                "legal_basis": "SK",
                "window_months": 24,
                "thresholds": {"aktif": 5, "kurang_aktif": 2},
                "provisional_months": 12,
                "dormant_months": 24,
                "travel": True,
            },
            "valid_from": "2020-01-01",
        },
    )
    assert posted.status_code == 201, posted.text


async def test_only_what_was_posted_about_is_worked_out_anew(tables):
    installation, pool = tables
    for slug in SLUGS:
        await installation.post("partnership.registered", {**BEIJING, "partnership": slug, "name": {"id": slug}})
    await installation.get("/reports/v1/ratings")
    kept, question = KeptRatings(), Question(ON, None, None, None, None)
    first = await kept.of(pool, "jakarta", question, installation.last_position, UTC)
    await installation.post("activity.recorded", a_letter(partnership="kota-3", occurred="2020"))
    await installation.get("/reports/v1/ratings")
    second = await kept.of(pool, "jakarta", question, installation.last_position, UTC)

    assert {slug for slug in SLUGS if second.items[slug] is not first.items[slug]} == {"kota-3"}


async def test_a_past_moment_is_kept_apart_from_what_stands_now(tables):
    installation, pool = tables
    await installation.post("partnership.registered", {**BEIJING, "partnership": "kota-0", "name": {"id": "kota-0"}})
    before = installation.last_position
    await installation.post("activity.recorded", a_letter(partnership="kota-0", occurred="2020"))
    moment = (await installation.get("/reports/v1/activities")).json()["items"][0]["recorded_at"]
    kept = KeptRatings()
    now = await kept.of(pool, "jakarta", Question(ON, None, None, None, None), installation.last_position, UTC)
    past = await kept.of(pool, "jakarta", Question(ON, None, None, installation.clock(), moment), before, UTC)

    assert (now.items["kota-0"]["score"], past.items["kota-0"]["score"]) == (1, 0)


async def test_no_more_questions_are_kept_than_there_is_room_for(tables):
    _, pool = tables
    kept = KeptRatings(most=3)
    for year in range(2010, 2020):
        await kept.of(pool, "jakarta", Question(date(year, 1, 1), None, None, None, None), 0, UTC)

    assert len(kept._kept) == 3
    assert kept_ratings.MOST_KEPT < 100


def test_a_reader_of_some_partnerships_is_shown_these_only():
    whole = kept_ratings.Standings(
        1, "", {}, {slug: {"partnership": slug} for slug in SLUGS}, {}, frozenset({"kota-x"})
    )
    embassy = Principal("jakarta/embassy", "jakarta", Role.EMBASSY, frozenset({"kota-1"}))
    nobody = Principal("jakarta/embassy", "jakarta", Role.EMBASSY, None)

    assert set(whole.held_to(embassy).items) == {"kota-1"}
    assert whole.held_to(embassy).not_in_force == frozenset()
    assert whole.held_to(nobody).items == {}
    assert whole.held_to(READER) is whole
