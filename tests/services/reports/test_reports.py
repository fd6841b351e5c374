"""Reports over HTTP, on a running installation with Jakarta's facts."""

import csv
import io
import json
import random
import re

import pytest

from cli.facts import JAKARTA
from services.reports.asked import Kind
from services.reports.render.formats import Format
from shared.wire.canonical import digest
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.reports import STUDY, jakarta_with_the_study, made_as, post_marked, report_of, text_in

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


async def test_six_recommendations_of_the_study_are_compared_and_four_agree(jakarta):
    """The study would keep two for political support, which nothing that was posted tells; the rules do not know it."""
    advice = {each["partnership"]: each["advice"] for each in (await asked(jakarta, "recommendation"))["data"]["items"]}
    as_said = {"end": "end", "maintain": "keep"}

    named = {row["slug"]: as_said.get(row["published_recommendation"]) for row in rows_of_the_study()}
    agreeing = [slug for slug, wanted in named.items() if wanted is not None and advice[slug] == wanted]

    assert sorted(agreeing) == ["arkansas", "islamabad", "jeddah", "maputo"]
    assert {slug: advice[slug] for slug, wanted in named.items() if wanted == "keep"} == {
        "al-quds": "end",
        "pyongyang": "review",
    }
    assert [slug for slug, each in advice.items() if each == "end" and named[slug] is None] == []


async def test_the_history_tells_every_activity_of_the_period_under_its_year(jakarta):
    rows = await table(jakarta, "history", "activities", lang="en")
    years = {row["year"]: row for row in await table(jakarta, "history", "years")}

    with (JAKARTA / "activities.csv").open(encoding="utf-8", newline="") as file:
        last_year = {row["source_id"]: row["occurred"].split("/")[-1][:4] for row in csv.DictReader(file)}
    wanted = sorted(source for source, year in last_year.items() if "2017" <= year <= "2020")
    assert sorted(re.search(r", ([a-z-]+-\d\d)(?:$|:)", row["source"])[1] for row in rows) == wanted
    assert sum(int(each["held"]) + int(each["not_held"]) for each in years.values()) == len(rows)


async def test_a_yearly_programme_is_told_line_by_line_with_what_carried_it_out(jakarta):
    planned = {
        "partnership": "rotterdam",
        "year": 2023,
        "activities": [{"title": {"en": "Water week"}}, {"title": {"en": "Youth camp"}}],
    }
    held = {
        "partnership": "rotterdam",
        "indicator": "visit",
        "occurred": "2023-05-04",
        "direction": "inbound",
        "outcome": "held",
        "title": {"en": "Water week"},
    }
    assert (await jakarta.post("programme.agreed", planned)).status_code == 201
    posted = (await jakarta.post("activity.recorded", held)).json()
    period = {"from": "2023-02-01", "to": "2023-12-31"}

    made = await asked(jakarta, "programme", **period, partnership="rotterdam")
    early = await asked(jakarta, "programme", **{**period, "to": "2023-05-03"}, partnership="rotterdam")

    assert [each["carried_out_by"] for each in made["data"]["lines"]] == [posted["event_id"], None]
    assert [each["carried_out_by"] for each in early["data"]["lines"]] == [None, None]
    assert ["rotterdam", 2023] not in made["data"]["without"]
    assert ["tokyo", 2023] in (await asked(jakarta, "programme", **period))["data"]["without"]


async def test_the_report_of_results_has_its_nine_parts_and_marks_what_nobody_posted(jakarta):
    page = (await report_of(jakarta, "results", "html", partnership="beijing")).text
    made = await asked(jakarta, "results", partnership="beijing")

    places = [page.index(f'id="part-{part}"') for part in NINE_PARTS]
    assert places == sorted(places)
    assert {each["id"] for each in made["to_fill"]} >= {"background", "aim", "beneficiaries", "funding", "follow_up"}
    assert len(made["data"]["items"][0]["held"]) == 9


NINE_PARTS = ["title", "background", "aim", "scope", "results", "beneficiaries", "funding", "obstacles", "follow_up"]


async def test_what_changed_tells_a_late_posting_with_what_it_did_to_the_rating(jakarta):
    before = (await report_of(jakarta, "ratings")).headers["Kembar-Known"]
    visit = {
        "partnership": "maputo",
        "indicator": "visit",
        "occurred": "2019-05-22",
        "direction": "inbound",
        "outcome": "held",
        "title": {"id": "Kunjungan"},
    }
    late = (await jakarta.post("activity.recorded", visit)).json()
    slip = {"activity": late["event_id"], "reason": "Salah catat"}
    taken_back = (await jakarta.post("activity.retracted", slip)).json()

    items = (await asked(jakarta, "changes", compare_known=before))["data"]["items"]
    rows = await table(jakarta, "changes", "changes", compare_known=before)

    assert [(each["position"], each["change"]) for each in items] == [
        (late["position"], "recorded_late"),
        (taken_back["position"], "retracted"),
    ]
    effects = [(each["effects"][0]["before"]["rating"], each["effects"][0]["after"]["rating"]) for each in items]
    assert effects == [("tidak_aktif", "kurang_aktif"), ("kurang_aktif", "tidak_aktif")]
    assert [row["reason"] for row in rows] == ["", "Salah catat"]
    assert (await asked(jakarta, "changes", compare_known=before))["data"]["ratings"] == []


SLOW = (Format.PDF, Format.DOCX)
"""They are made of the same report as the others, so two kinds show what all would."""


async def test_nothing_recorded_later_shows_in_any_kind_or_format_and_the_bytes_stay(jakarta):
    chance = random.Random(3)
    marked = await post_marked(jakarta, chance, 40)
    moments = [moment for moment, _ in marked.posted]
    year = {"from": "2021-01-01", "to": "2021-12-31"}
    asked_before = []
    for kind in Kind:
        for form in [each for each in made_as(kind) if each not in SLOW or kind in (Kind.HISTORY, Kind.CHANGES)]:
            at = chance.randrange(1, len(moments) - 1)
            more = {"compare_known": moments[chance.randrange(at)]} if kind is Kind.CHANGES else {}
            question = {**year, "known": moments[at], **more}
            content = (await report_of(jakarta, kind, form, **question)).content
            asked_before.append((kind, form, question, content))
            text = text_in(content)
            assert [each for each in marked.later_than(moments[at]) if each in text] == []
            if kind is Kind.HISTORY:
                assert any(each in text for _, each in marked.posted)

    more = await post_marked(jakarta, chance, 5)

    assert more.posted[0][0] > moments[-1]
    for kind, form, question, content in asked_before:
        assert (await report_of(jakarta, kind, form, **question)).content == content


async def test_a_report_says_which_moment_it_took_and_asked_again_for_that_is_the_same(jakarta):
    first = await report_of(jakarta, "ratings")
    again = await report_of(jakarta, "ratings", known=first.headers["Kembar-Known"])

    assert first.content == again.content
    assert json.loads(first.content)["question"]["known"] == first.headers["Kembar-Known"]
    assert first.headers["Kembar-Position"] == str(jakarta.last_position)


async def test_a_file_says_its_hash_its_position_and_its_name_and_is_not_sent_twice(jakarta):
    answer = await report_of(jakarta, "ratings", "csv", partnership="hanoi", known=await known_now(jakarta))
    etag = {"If-None-Match": answer.headers["ETag"], "Authorization": f"Bearer {jakarta.tokens['bureau']}"}
    again = await jakarta.http.get(answer.url, headers=etag)

    assert answer.headers["Kembar-Hash"] == digest(answer.content)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="jakarta_ratings_hanoi_2017-01-01_')
    assert (again.status_code, again.content) == (304, b"")


async def known_now(installation):
    return (await report_of(installation, "ratings")).headers["Kembar-Known"]


async def test_a_report_holds_what_its_reader_may_see_and_nothing_else(jakarta):
    own = await asked(jakarta, "history", role="embassy")

    assert {each["partnership"] for each in own["data"]["activities"]} == {"beijing"}
    assert (await report_of(jakarta, "history", role="embassy", partnership="tokyo")).status_code == 404
    assert (await report_of(jakarta, "ratings", role=None)).status_code == 200
    assert (await report_of(jakarta, "changes", role=None, compare_known="2020-01-01")).status_code == 401


@pytest.mark.parametrize("form", [Format.JSON, Format.HTML, Format.XLSX])
async def test_no_report_names_an_account(jakarta, form):
    for kind in Kind:
        more = {"compare_known": "2020-01-01"} if kind is Kind.CHANGES else {}
        assert "jakarta/bureau" not in text_in((await report_of(jakarta, kind, form, **more)).content)


NOT_YET = "2190-01-01"


@pytest.mark.parametrize(
    ("kind", "form", "parameters", "field"),
    [
        ("ratings", "json", {"from": "2020-12-31", "to": "2017-01-01"}, "to"),
        ("ratings", "json", {"from": "0001-01-01"}, "from"),
        ("ratings", "json", {"to": "2020-02-30"}, "to"),
        ("ratings", "json", {"to": ""}, "to"),
        ("ratings", "json", {"from": "", "to": ""}, "from"),
        ("ratings", "json", {"known": NOT_YET}, "known"),
        ("ratings", "json", {"known": "9999-12-31T23:59:59-12:00"}, "known"),
        ("ratings", "json", {"known": "yesterday"}, "known"),
        ("ratings", "json", {"lang": "fr"}, "lang"),
        ("ratings", "json", {"rubric": "of-nobody"}, "rubric"),
        ("ratings", "json", {"compare_known": "2020-01-01"}, "kind"),
        ("ratings", "json", {"table": "ratings"}, "table"),
        ("ratings", "csv", {"table": "=1+1"}, "table"),
        ("ratings", "odt", {}, "form"),
        ("verdicts", "json", {}, "kind"),
        ("changes", "json", {}, "compare_known"),
        ("changes", "json", {"compare_known": NOT_YET}, "compare_known"),
        ("changes", "json", {"compare_known": "2026-01-01", "known": "2025-01-01"}, "compare_known"),
        ("changes", "json", {"compare_known": "2020-01-01", "compare_from": "2020-01-01"}, "compare_known"),
        ("changes", "json", {"compare_from": "2020-01-01"}, "compare_to"),
        ("changes", "json", {"compare_from": "2020-01-01", "compare_to": "2019-01-01"}, "compare_to"),
    ],
)
async def test_a_question_that_makes_no_sense_is_told_what_to_do(jakarta, kind, form, parameters, field):
    answer = await report_of(jakarta, kind, form, **parameters)

    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["remedy"]


async def test_a_partnership_that_was_not_known_then_is_told_so(jakarta):
    answer = await report_of(jakarta, "ratings", partnership="atlantis")
    early = await report_of(jakarta, "ratings", partnership="hanoi", known="2020-01-01")

    assert [(each.status_code, each.json()["type"]) for each in (answer, early)] == [
        (404, "/problems/unknown-partnership")
    ] * 2


async def test_before_anything_was_recorded_a_report_is_empty_and_no_error(jakarta):
    for kind in Kind:
        more = {"compare_known": "2020-01-01"} if kind is Kind.CHANGES else {}
        made = await asked(jakarta, kind, known="2020-12-31", **more)
        assert made["stands"]["position"] == 0


async def test_what_would_be_run_or_drawn_is_harmless_text(jakarta):
    title = "=cmd|' /C calc'!A0 <script>alert(1)</script> #read(\"/etc/passwd\") \\ ] $x$"
    fact = {
        "partnership": "tokyo",
        "indicator": "aid",
        "occurred": "2024-05-04",
        "direction": "inbound",
        "outcome": "held",
        "title": {"id": title, "en": title},
    }
    assert (await jakarta.post("activity.recorded", fact)).status_code == 201
    turned = await jakarta.post("activity.recorded", {**fact, "title": {"id": "Kunjungan \u202egnp.exe"}})
    year = {"from": "2024-01-01", "to": "2024-12-31"}

    (row,) = await table(jakarta, "aid", "aid", **year)
    page = (await report_of(jakarta, "aid", "html", **year)).text
    shown = (await jakarta.get("/reports/aid", "bureau", from_="2024-01-01", to="2024-12-31")).text
    (kept,) = (await asked(jakarta, "aid", **year))["data"]["activities"]

    assert turned.status_code == 422
    assert row["title"] == "'" + title
    assert kept["title"]["id"] == title
    for each in (page, shown):
        assert "<script>" not in each
        assert "&lt;script&gt;" in each


async def test_people_find_the_reports_fill_in_the_form_and_get_the_same_as_files(jakarta):
    index = (await jakarta.get("/reports", lang="en")).text
    form = (await jakarta.get("/reports/ratings", lang="en")).text
    page = (await jakarta.get("/reports/ratings", lang="en", from_=STUDY["from"], to=STUDY["to"])).text
    bad = await jakarta.get("/reports/ratings", lang="en", from_="2020-01-01", to="2019-01-01")

    assert all(f'href="/reports/{kind}?lang=en"' in index for kind in Kind)
    assert '<option value="hanoi">Hanoi</option>' in form
    assert "13 were active, 2 less active and 7 inactive" in page
    address = page.split(".json?")[1].split('"')[0].replace("&amp;", "&")
    made = await jakarta.http.get(f"/reports/v1/reports/ratings.json?{address}")
    assert made.json()["stands"]["known"] in page
    assert (bad.status_code, bad.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "The period ends before it begins." in bad.text
    assert (await jakarta.get("/reports/verdicts")).status_code == 404


async def test_a_letterhead_said_later_does_not_show_in_a_report_of_before(jakarta):
    before = await known_now(jakarta)
    changed = {"changes": {"letterhead": ["Biro Kerja Sama Daerah"]}, "reason": "Kop surat"}
    assert (await jakarta.post("home.changed", changed)).status_code == 201

    then = (await report_of(jakarta, "ratings", "html", known=before)).text
    now = (await report_of(jakarta, "ratings", "html")).text

    assert ["Biro Kerja Sama Daerah" in each for each in (then, now)] == [False, True]


async def test_the_map_has_lines_from_the_home_once_it_has_said_where_it_is(jakarta):
    before = await known_now(jakarta)
    changed = {"changes": {"latitude": -6.2, "longitude": 106.8}, "reason": "Peta"}
    assert (await jakarta.post("home.changed", changed)).status_code == 201

    then = (await report_of(jakarta, "ratings", "html", known=before)).text
    now = (await report_of(jakarta, "ratings", "html")).text

    assert ['stroke-opacity=".45"' in each for each in (then, now)] == [False, True]
