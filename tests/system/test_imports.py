"""A file is imported whole or not at all: what counts, when, after which kill, and how it is taken back."""

import asyncio
from typing import Any

import asyncpg
import pytest

from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.wire.envelope import encode
from tests.support.build import a_partnership, a_posting, an_id
from tests.support.installation import installed, running_installation
from tests.support.tables import HEADINGS, a_csv, a_row, a_sheet, an_xlsx, many_rows

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_BETWEEN = {"checking", "loading", "completing"}


async def send(
    running, method: str, path: str, *, role: str = "bureau", media_type: str = CSV, raw: bytes = b"", **asked
):
    headers = {"Authorization": f"Bearer {running.tokens[role]}", "Content-Type": media_type}
    return await running.http.request(method, f"/ingest/v1/{path}", content=raw, headers=headers, params=asked)


async def hand_in(running, raw: bytes, **asked: Any) -> dict[str, Any]:
    answer = await send(running, "POST", "imports", raw=raw, **asked)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def settled(running, handed_in: dict[str, Any]) -> dict[str, Any]:
    """The import once nothing moves it on any more."""
    async with asyncio.timeout(200):
        while True:
            answer = (await send(running, "GET", f"imports/{handed_in['import']}")).json()
            if answer["state"] not in IN_BETWEEN:
                running.last_position = max(running.last_position, answer["position"] or 0)
                return answer
            await asyncio.sleep(0.02)


async def imported(running, raw: bytes, **asked: Any) -> dict[str, Any]:
    return await settled(running, await hand_in(running, raw, **asked))


async def activities(running, **asked: str) -> list[dict[str, Any]]:
    items, cursor = [], {}
    while True:
        answer = await running.get("/reports/v1/activities", "viewer", limit="500", **asked, **cursor)
        if answer.status_code == 503:  # the tables are still on their way to the position
            continue
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


@pytest.fixture
async def hanoi(installation):
    """An installation that knows one partnership."""
    assert (await installation.post("partnership.registered", a_partnership())).status_code == 201
    return installation


@pytest.fixture(scope="module")
async def unchanged(postgres, tmp_path_factory):
    """Another that knows none, which starts once, for tests that add nothing to it."""
    async with installed(postgres, tmp_path_factory.mktemp("unchanged")) as running:
        yield running


async def test_five_thousand_rows_are_loaded_whole(hanoi):
    done = await imported(hanoi, a_csv(*many_rows(5_000)), name="riwayat-2019")

    assert (done["state"], done["rows"], done["done"], done["batch"]) == ("completed", 5_000, 5_000, "riwayat-2019")
    found = await activities(hanoi)
    assert len(found) == 5_000
    assert {each["batch"] for each in found} == {"riwayat-2019"}
    assert not any(each["corrected"] for each in found)
    assert (await hanoi.ratings(on="2019-12-31"))["hanoi"]["cells"]["visit"]["inbound"]


async def test_at_every_position_all_of_an_import_shows_or_nothing(hanoi, ledger, database):
    done = await imported(hanoi, a_csv(*many_rows(2_500)))
    await activities(hanoi)

    connection = await asyncpg.connect(database)
    try:
        counts = await connection.fetch(
            "SELECT position, (SELECT count(*) FROM reports.activity_version WHERE from_position <= event.position) AS known"
            " FROM reports.event ORDER BY position"
        )
    finally:
        await connection.close()
    assert {row["known"] for row in counts if row["position"] < done["position"]} == {0}
    assert {row["known"] for row in counts if row["position"] >= done["position"]} == {2_500}


async def test_an_import_that_is_not_completed_never_counts(hanoi, ledger):
    posting = a_posting(import_id=an_id(), id=an_id())
    entry = Entry("jakarta", posting.id, subject_of("jakarta", posting.id, "hanoi"), encode(posting))
    (stored,) = await ledger.append([entry])
    hanoi.last_position = stored.position

    assert await activities(hanoi) == []
    rating = (await hanoi.ratings(on="2020-12-31"))["hanoi"]
    assert (rating["score"], rating["coverage"]["last_posted_at"]) == (0, None)
    retraction = {"activity": str(posting.id), "reason": "Salah catat"}
    assert (await hanoi.post("activity.retracted", retraction)).status_code == 422


async def test_all_services_see_the_same_after_an_import(hanoi):
    await imported(hanoi, a_csv(*[a_row(Tanggal=day) for day in ("20 November 2025", "2 s.d. 4 November 2025")]))

    now = (await hanoi.get("/scoring/v1/ratings/hanoi")).json()
    reported = (await hanoi.ratings(on=now["on"]))["hanoi"]
    assert now["score"] == reported["score"] == 1
    assert sorted(now["cells"]["visit"]["inbound"]) == sorted(reported["cells"]["visit"]["inbound"])


async def test_an_imported_activity_can_be_corrected_and_the_import_reversed(hanoi):
    done = await imported(hanoi, a_csv(*many_rows(1_200)))
    first = (await activities(hanoi))[0]

    assert (
        await hanoi.post(
            "activity.corrected", {"activity": first["id"], "changes": {"mode": "online"}, "reason": "Daring"}
        )
    ).status_code == 201
    answer = await hanoi.post("import.reversed", {"batch": done["batch"], "reason": "Berkas lama"})

    assert answer.status_code == 201, answer.text
    assert await activities(hanoi) == []
    assert len(await activities(hanoi, withdrawn="true")) == 1_200


async def test_a_dry_run_stores_nothing_until_it_is_loaded(hanoi, ledger):
    before = await ledger.end()
    ready = await imported(hanoi, a_csv(*many_rows(20)), dry_run=True)

    assert (ready["state"], ready["rows"], await ledger.end()) == ("ready", 20, before)

    assert (await send(hanoi, "POST", f"imports/{ready['import']}/load")).status_code == 202
    assert (await settled(hanoi, ready))["state"] == "completed"
    assert len(await activities(hanoi)) == 20


async def test_one_bad_row_keeps_the_whole_file_out_and_is_named(hanoi, ledger):
    before = await ledger.end()

    refused = await imported(hanoi, a_csv(a_row(), a_row(Tanggal="awal 2019"), a_row(Kota="Hanoy")))

    assert (refused["state"], await ledger.end()) == ("refused", before)
    assert [(each["row"], each["column"], each["text"]) for each in refused["findings"]] == [
        (3, "Tanggal", "awal 2019"),
        (4, "Kota", "Hanoy"),
    ]


async def test_findings_come_in_pages(hanoi):
    refused = await imported(hanoi, a_csv(*[a_row(Kota=f"Kota {number}") for number in range(25)]))
    seen, cursor = [], 0

    while cursor is not None:
        page = (await send(hanoi, "GET", f"imports/{refused['import']}", cursor=cursor, limit=10)).json()
        seen += [each["row"] for each in page["findings"]]
        cursor = page["next"]

    assert seen == list(range(2, 27))


async def test_an_ambiguous_date_is_asked_about_and_the_answer_loads(hanoi):
    asked = await imported(hanoi, a_csv(a_row(Tanggal="03/04/2019")))

    assert asked["state"] == "asked"
    assert asked["findings"][0]["readings"] == ["2019-04-03", "2019-03-04"]

    await send(hanoi, "POST", f"imports/{asked['import']}/load", day_first=True)
    assert (await settled(hanoi, asked))["state"] == "completed"
    assert [each["occurred"] for each in await activities(hanoi)] == ["2019-04-03"]


async def test_a_likely_duplicate_is_shown_and_loaded_only_when_told_to(hanoi):
    await imported(hanoi, a_csv(a_row(Tanggal="22 Mei 2019")))
    (first,) = await activities(hanoi)

    asked = await imported(hanoi, a_csv(a_row(Tanggal="Mei 2019"), a_row(Tanggal="2010")))
    assert asked["state"] == "asked"
    assert [(each["row"], each["kind"], each["resembles"]) for each in asked["findings"]] == [
        (2, "duplicate", first["id"])
    ]

    await send(hanoi, "POST", f"imports/{asked['import']}/load", duplicates="keep")
    assert (await settled(hanoi, asked))["state"] == "completed"
    assert len(await activities(hanoi)) == 3


async def test_the_same_file_sent_again_is_the_same_import(hanoi):
    raw = a_csv(*many_rows(30))
    first = await imported(hanoi, raw)

    again = await hand_in(hanoi, raw)

    assert (again["import"], again["state"]) == (first["import"], "completed")
    assert len(await activities(hanoi)) == 30


async def test_a_batch_is_the_name_of_one_import(hanoi):
    await imported(hanoi, a_csv(*many_rows(3)), name="riwayat")

    answer = await send(hanoi, "POST", "imports", raw=a_csv(*many_rows(4)), name="riwayat")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/batch-taken")


async def test_a_cancelled_import_never_counts(hanoi):
    ready = await imported(hanoi, a_csv(*many_rows(3)), dry_run=True)

    assert (await send(hanoi, "DELETE", f"imports/{ready['import']}")).json()["state"] == "cancelled"

    assert (await send(hanoi, "POST", f"imports/{ready['import']}/load")).status_code == 409
    assert await activities(hanoi) == []


async def test_what_is_completed_cannot_be_cancelled(hanoi):
    done = await imported(hanoi, a_csv(*many_rows(3)))

    assert (await send(hanoi, "DELETE", f"imports/{done['import']}")).status_code == 409


async def test_a_saved_mapping_says_what_the_columns_are(hanoi):
    mapping = b'{"columns": {"Apa": "title.id", "Catatan": null}, "values": {"direction": "masuk"}, "day_first": true}'
    saved = await send(hanoi, "PUT", "mappings/lama", raw=mapping, media_type="application/json")
    assert saved.status_code == 200, saved.text
    assert (await send(hanoi, "GET", "mappings/lama")).json()["columns"] == {"Apa": "title.id", "Catatan": None}

    headings = ("Kota", "Indikator", "Tanggal", "Hasil", "Apa", "Catatan")
    row = ("Hanoi", "kunjungan", "03/04/2019", "terlaksana", "Kunjungan", "x")
    done = await imported(hanoi, a_csv(row, headings=headings), mapping="lama")

    assert (done["state"], done["counts"]) == ("completed", {})
    assert [(each["occurred"], each["direction"]) for each in await activities(hanoi)] == [("2019-04-03", "inbound")]


async def test_a_workbook_is_imported(hanoi):
    raw = an_xlsx(a_sheet([HEADINGS, a_row(), a_row(Tanggal="2018-2019", Judul="Yang lain")]))
    answer = await send(hanoi, "POST", "imports", raw=raw, media_type=XLSX)

    assert (await settled(hanoi, answer.json()))["state"] == "completed"
    assert {each["occurred"] for each in await activities(hanoi)} == {"2019-05-22", "2018/2019"}


@pytest.mark.parametrize(
    ("asked", "raw", "media_type", "status", "kind"),
    [
        ({}, b"x", "image/png", 415, "unknown-format"),
        ({}, b"", CSV, 422, "invalid"),
        ({"mapping": "nowhere"}, b"x", CSV, 422, "unknown-mapping"),
        ({}, b"x" * 20_000_001, CSV, 413, "file-too-large"),
        ({"duplicates": "drop"}, b"x", CSV, 422, "invalid"),
    ],
)
async def test_what_cannot_be_handed_in_is_refused_at_once(unchanged, asked, raw, media_type, status, kind):
    answer = await send(unchanged, "POST", "imports", raw=raw, media_type=media_type, **asked)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


async def test_another_home_or_nobody_sees_no_import(unchanged):
    assert (await send(unchanged, "GET", f"imports/{an_id()}")).json()["type"] == "/problems/unknown-import"
    assert (await unchanged.http.get(f"/ingest/v1/imports/{an_id()}")).status_code == 401


async def test_an_import_whose_process_was_killed_midway_goes_on_at_the_next_start(
    nats_server, ledger, database, tmp_path
):
    raw = a_csv(*many_rows(15_000))
    async with running_installation(nats_server, database, tmp_path) as first:
        await first.post("partnership.registered", a_partnership())
        handed_in = await hand_in(first, raw)
        async with asyncio.timeout(100):
            while await ledger.end() < 1_001:  # noqa: ASYNC110 - it is another process's doing in earnest
                await asyncio.sleep(0.001)
    stopped_at = await ledger.end()

    async with running_installation(nats_server, database, tmp_path) as again:
        done = await settled(again, handed_in)

        assert 1_001 <= stopped_at < 15_001
        assert stopped_at < done["position"]
        assert (done["state"], done["done"]) == ("completed", 15_000)
        assert len(await activities(again)) == 15_000
        assert await ledger.end() >= done["position"]
