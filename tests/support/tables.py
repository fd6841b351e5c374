"""Files to import: CSV as text, and XLSX put together part by part, so that a test can spoil any of it."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence

from services.ingest.check import Checked, Context, check_share, whole
from services.ingest.files import Format

HEADINGS = ("Kota", "Indikator", "Tanggal", "Arah", "Hasil", "Judul")
WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Kegiatan" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="{id}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def a_row(**changes: str) -> list[str]:
    """Return a row that can be imported, under `HEADINGS`."""
    values = {
        "Kota": "Hanoi",
        "Indikator": "kunjungan",
        "Tanggal": "22 Mei 2019",
        "Arah": "masuk",
        "Hasil": "terlaksana",
        "Judul": "Kunjungan wali kota",
    }
    return list((values | changes).values())


def a_csv(*rows: Sequence[str], headings: Sequence[str] = HEADINGS, delimiter: str = ",") -> bytes:
    """Return a CSV file with these rows."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([headings, *rows])
    return text.getvalue().encode()


def many_rows(count: int) -> list[list[str]]:
    """Return that many rows, no two alike."""
    return [a_row(Tanggal=str(1990 + number % 30), Judul=f"Kunjungan {number}") for number in range(count)]


def a_sheet(rows: Iterable[Sequence[str]], after: str = "") -> str:
    """Return the XML of a sheet; a value that begins with `<` stands in the cell as it is."""
    written = []
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell(value, index, number) for index, value in enumerate(row))
        written.append(f'<row r="{number}">{cells}</row>')
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{''.join(written)}</sheetData>{after}</worksheet>"
    )


def an_xlsx(sheet: str, **more: bytes) -> bytes:
    """Return a workbook with this sheet; `more` are further parts, their names written with two underscores for /."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS.format(id="rId1", kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", WORKBOOK)
        relations = RELATIONS.format(id="rId1", kind="worksheet", target="worksheets/sheet1.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", relations)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_bin", ".bin"), content)
    return file.getvalue()


def _cell(value: str, index: int, row: int) -> str:
    place = f'r="{chr(65 + index)}{row}"'
    return (
        f"<c {place}>{value}</c>" if value.startswith("<") else f'<c {place} t="inlineStr"><is><t>{value}</t></is></c>'
    )


def check_file(raw: bytes, file_format: Format, context: Context) -> Checked:
    """Check a file as one share of itself."""
    return whole([check_share(raw, file_format, context)])
