"""Reports over HTTP, on a running installation with Jakarta's facts."""

import csv
import io
import json

import pytest

from cli.facts import JAKARTA
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.reports import jakarta_with_the_study, report_of

DIFFERING = ["hanoi", "los-angeles", "paris"]


@pytest.fixture(scope="module")
async def jakarta(postgres, tmp_path_factory):
    """One installation for all tests here: what they post changes nothing that the others ask for."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            jakarta_with_the_study(server, dsn, tmp_path_factory.mktemp("reports")) as running,
        ):
            yield running


async def asked(installation, kind, **parameters):
    answer = await report_of(installation, kind, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def table(installation, kind, name, **parameters):
    answer = await report_of(installation, kind, "csv", table=name, **parameters)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def rows_of_the_study():
    with (JAKARTA / "partnerships.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("issue", ["education", "flood", "health", "tolerance", "traffic", "waste"])
async def test_the_tables_by_issue_are_those_of_the_study(jakarta, issue):
    rows = await table(jakarta, "ratings", f"issue-{issue}", lang="en")

    found = [[row["name"], row["country"], row["mou_date"], row["fields"], row["official"]] for row in rows]
    wanted = sorted(
        (row for row in rows_of_the_study() if row["issue_basis"] == issue), key=lambda row: row["mou_date"]
    )
    assert wanted
    assert found == [
        [
            row["name_en"],
            row["country"],
            row["mou_date"],
            row["fields"],
            row["published_rating_2020"].replace(" ", "_"),
        ]
        for row in wanted
    ]


async def test_the_tables_by_rating_are_those_of_the_study_but_for_three_that_are_marked(jakarta):
    differing = {row["partnership"]: row for row in await table(jakarta, "ratings", "differing")}
    found = {}
    for code in ("aktif", "kurang_aktif", "tidak_aktif"):
        for row in await table(jakarta, "ratings", f"rating-{code}"):
            assert bool(row["differs"]) == (row["partnership"] in differing)
            found[row["partnership"]] = row["official"] if row["differs"] else code

    assert sorted(differing) == DIFFERING
    assert found == {row["slug"]: row["published_rating_2020"].replace(" ", "_") for row in rows_of_the_study()}
    assert [sum(each == code for each in found.values()) for code in ("aktif", "kurang_aktif", "tidak_aktif")] == [
        11,
        5,
        6,
    ]


async def test_a_report_says_which_moment_it_took_and_asked_again_for_that_is_the_same(jakarta):
    first = await report_of(jakarta, "ratings")
    again = await report_of(jakarta, "ratings", known=first.headers["Kembar-Known"])

    assert first.content == again.content
    assert json.loads(first.content)["question"]["known"] == first.headers["Kembar-Known"]
    assert first.headers["Kembar-Position"] == str(jakarta.last_position)
