"""Imports as pages, without scripts: hand in, match columns, preview, load, take back."""

import asyncio
import re

import pytest

from tests.support.forms import Clerk, forms_on, text_of
from tests.support.homes import token_of
from tests.support.tables import a_csv, a_row, a_sheet, an_xlsx

HEADINGS = ("Kota", "Indikator", "Tanggal", "Arah", "Hasil", "Judul", "Tanggal pasti")


@pytest.fixture
def homes(office):
    """The installation that the tests of forms share."""
    return office


@pytest.fixture
def clerk(homes):
    """Somebody of the bureau."""
    return Clerk(homes.installation, token=token_of("bureau", "jakarta"))


async def hand_in(clerk, raw, name, file_name="riwayat.csv"):
    return await clerk.installation.http.post(
        "/imports?lang=en", data={"name": name}, files={"file": (file_name, raw)}, headers=clerk._headers()
    )


async def settled(clerk, address):
    """The page of an import once nothing moves it on by itself."""
    async with asyncio.timeout(200):
        while True:
            page = await clerk.get(address)
            assert page.status_code == 200, page.text
            if 'http-equiv="refresh"' not in page.text:
                return page
            await asyncio.sleep(0.05)


def rows(*dates):
    return [
        ("hanoi", "kunjungan", date, "masuk", "terlaksana", f"Kunjungan {date}", f"{1990 + at}")
        for at, date in enumerate(dates)
    ]


async def test_a_file_with_a_bad_row_is_mended_by_matching_its_columns_otherwise_loaded_and_taken_back(homes, clerk):
    handed_in = await hand_in(clerk, a_csv(*rows("2001", "awal 2002", "2003"), headings=HEADINGS), "mended")
    address = handed_in.headers["location"]
    refused = await settled(clerk, address)

    assert "awal 2002" in text_of(refused)
    assert "says only about when it was" in text_of(refused)
    form = next(each for each in forms_on(refused.text) if each.action.startswith(address.split("?")[0] + "/columns"))
    assert form.values["column.2"] == ["occurred"]
    number = forms_on(refused.text).index(form)
    await clerk.fill_in(refused, number, column__2="", column__6="occurred", save_as="dengan-tanggal-pasti")
    ready = await settled(clerk, address)

    assert "3 rows can be read" in text_of(ready)
    assert re.search(r"<code>1991</code> <small>1991</small>", ready.text)
    await clerk.fill_in(ready)
    done = await settled(clerk, address)
    assert "is loaded" in text_of(done)
    receipt = await clerk.get(re.search(r'href="(/receipts/[^"]+)"', done.text)[1].replace("&amp;", "&"))
    assert "Import completed" in text_of(receipt)
    items = (await clerk.get("/reports/v1/activities", partnership="hanoi")).json()["items"]
    assert {each["occurred"] for each in items if each.get("batch") == "mended"} == {"1990", "1991", "1992"}

    reversal = await clerk.get(re.search(r'href="(/reversals/[^"]+)"', done.text)[1])
    assert "3 activities that carry it count no more" in text_of(reversal)
    await clerk.store(await clerk.fill_in(reversal, reason="The wrong file"))
    items = (await clerk.get("/reports/v1/activities", partnership="hanoi")).json()["items"]
    assert [each for each in items if each.get("batch") == "mended"] == []
    assert "dengan-tanggal-pasti" in (await clerk.get("/imports")).text


async def test_the_effect_of_a_reversal_is_shown_before_it_is_sent(homes, clerk):
    row = a_row(Kota="beijing", Indikator="bantuan", Arah="keluar", Tanggal="2026-05", Judul="Baru")
    address = (await hand_in(clerk, a_csv(row), "with-effect")).headers["location"]
    await clerk.fill_in(await settled(clerk, address))
    await settled(clerk, address)

    page = await clerk.get("/reversals/with-effect", lang="en")

    before, after = re.search(r"Name-Mark-jakarta-beijing: (\d) → (\d) cells", text_of(page)).groups()
    assert int(before) == int(after) + 1


async def test_what_must_be_asked_is_asked_and_the_answer_loads(homes, clerk):
    raw = a_csv(a_row(Kota="hanoi", Tanggal="03/04/2019", Judul="Dua arti"))
    address = (await hand_in(clerk, raw, "asked")).headers["location"]
    asked = await settled(clerk, address)

    assert "can mean" in text_of(asked)
    assert forms_on(asked.text)[0].to_fill_in == ["day_first"]
    await clerk.fill_in(asked, day_first="yes")
    done = await settled(clerk, address)
    assert "is loaded" in text_of(done)


async def test_likely_duplicates_are_loaded_only_when_told_to(homes, clerk):
    row = a_row(Kota="hanoi", Tanggal="2011-05", Judul="Sekali")
    first = (await hand_in(clerk, a_csv(row), "first")).headers["location"]
    await clerk.fill_in(await settled(clerk, first))
    await settled(clerk, first)
    again = a_row(Kota="hanoi", Tanggal="12 Mei 2011", Judul="Dua kali")
    page = await settled(clerk, (await hand_in(clerk, a_csv(again), "again")).headers["location"])

    assert "stands already, perhaps: 1" in text_of(page)
    assert "duplicates" in forms_on(page.text)[0].required
    assert re.search(r'href="/activities/[0-9a-f-]{36}', page.text)


async def test_findings_are_said_in_indonesian_and_can_be_filtered(homes, clerk):
    raw = a_csv(a_row(Kota="Hanoy"), a_row(Kota="hanoi", Tanggal="03/04/2019"))
    address = (await hand_in(clerk, raw, "mixed")).headers["location"].split("?")[0]
    page = await settled(clerk, address)
    errors = await clerk.get(address, kind="error")

    assert "Tidak ada kemitraan “Hanoy”." in text_of(page)
    assert "dapat berarti" in text_of(page)
    assert "dapat berarti 2019" not in text_of(errors)
    assert "Hanoy" in text_of(errors)


@pytest.mark.parametrize(
    ("raw", "name", "file_name", "said"),
    [
        (b"", "x", "a.csv", "Choose a file first."),
        (b"x", "x", "a.pdf", "Only CSV, XLSX and JSON Lines"),
        (b"x", "Not A Name", "a.csv", "lower-case letters"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_beside_its_field(homes, clerk, raw, name, file_name, said):
    answer = await hand_in(clerk, raw, name, file_name)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "aria-invalid" in answer.text


async def test_a_workbook_goes_the_same_way_and_can_be_cancelled(homes, clerk):
    raw = an_xlsx(
        a_sheet(
            [
                ("Kota", "Indikator", "Tanggal", "Arah", "Hasil", "Judul"),
                ("hanoi", "kunjungan", "2012", "masuk", "terlaksana", "Buku kerja"),
            ]
        )
    )
    address = (await hand_in(clerk, raw, "workbook", "a.xlsx")).headers["location"]
    ready = await settled(clerk, address)

    assert "1 rows can be read" in text_of(ready)
    cancelled = await clerk.fill_in(ready, -1)
    assert cancelled.status_code == 303
    page = await clerk.get(address)
    assert "is cancelled" in text_of(page)
    assert forms_on(page.text) == []


async def test_an_auditor_looks_and_hands_nothing_in(homes):
    auditor = Clerk(homes.installation, token=token_of("auditor", "jakarta"))

    assert (await hand_in(auditor, b"x", "x")).status_code == 403
    page = await auditor.get("/imports")
    assert page.status_code == 200
    assert forms_on(page.text) == []
