"""Reports made by hand, for the formats: each holds every kind of block, and says what a test is about."""

from datetime import date

from services.reports.charts.values import Grid, Grids, HeatStrip, Map, Place, RatingLine, ReciprocityBars
from services.reports.report import (
    Block,
    Chart,
    Column,
    ColumnKind,
    Facts,
    Paragraph,
    Report,
    Section,
    Stands,
    Table,
    ToFill,
)
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.wire.sheet import Value
from shared.words.words import Language

COLUMNS = (
    Column("partnership", "Kemitraan"),
    Column("rating", "Kategori", ColumnKind.RATING),
    Column("score", "Skor", ColumnKind.NUMBER),
    Column("share", "Bagian", ColumnKind.SHARE),
    Column("mou_date", "Nota kesepahaman", ColumnKind.DAY),
    Column("id", "Kode", ColumnKind.CODE),
)
ROWS: list[list[Value]] = [
    ["Seoul", "aktif", 7, 0.5, date(1984, 7, 25), "seoul"],
    ["Hanoi", "kurang_aktif", 2, 0.125, None, "hanoi"],
    ["Paris", "tidak_aktif", 0, None, date(2003, 1, 2), "paris"],
]
DRAWINGS = (
    Grid(frozenset(CELLS[:4]), RatingCode.AKTIF),
    Grids([("Seoul", Grid(frozenset(CELLS[:4]), RatingCode.AKTIF)), ("Hanoi", Grid(frozenset(), RatingCode.AKTIF))]),
    Map(
        (-6.2, 106.8),
        [Place("Seoul", 37.6, 127.0, RatingCode.AKTIF), Place("Paris", 48.9, 2.4, RatingCode.TIDAK_AKTIF)],
    ),
    HeatStrip(["2020-11", "2020-12", "2021-01"], [("Seoul", [0, 3, 9]), ("Hanoi", [1, 0, 0])]),
    RatingLine(
        [(date(2018, 3, 1), 0), (date(2019, 2, 1), 4)],
        date(2020, 12, 31),
        {RatingCode.AKTIF: 3, RatingCode.KURANG_AKTIF: 1},
    ),
    ReciprocityBars([("Kunjungan", 12, 3), ("Bantuan", 0, 0)]),
)


def a_table(name: str = "ratings", rows: list[list[Value]] | None = None) -> Table:
    """Return a table with a column of each kind."""
    return Table(name, "Kategori keaktifan", COLUMNS, ROWS if rows is None else rows, ("Catatan di bawah tabel.",))


def charts() -> list[Block]:
    """Return a chart of each kind."""
    return [
        Chart(f"chart-{index}", f"Gambar {index}", "Seoul aktif, Hanoi kurang aktif.", each, a_table(f"drawn-{index}"))
        for index, each in enumerate(DRAWINGS)
    ]


def a_report(
    *blocks: Block, language: Language = "id", title: str = "Keaktifan kemitraan", known_on: date = date(2021, 3, 1)
) -> Report:
    """Return a report of these blocks after one of each kind."""
    every = [
        Paragraph("Dua puluh dua kemitraan.\n\nSebelas di antaranya aktif."),
        Facts([("Periode", "2017–2020"), ("Posisi", "137")]),
        a_table(),
        ToFill("aim", "Tujuan", "Tuliskan tujuan kerja sama."),
        *charts(),
    ]
    return Report(
        kind="ratings",
        language=language,
        home="jakarta",
        home_name="Jakarta",
        letterhead=("Pemerintah Provinsi DKI Jakarta", "Biro Kerja Sama Daerah", "Jalan Medan Merdeka Selatan 8–9"),
        signature=("Kepala Biro Kerja Sama Daerah",),
        title=title,
        subtitle="1 Januari 2017 – 31 Desember 2020",
        stands=Stands(date(2017, 1, 1), date(2020, 12, 31), f"{known_on}T16:59:59Z", known_on, 137, "jakarta-2020/1"),
        sections=[Section("all", "Semua kemitraan", every), Section("more", "Selebihnya", blocks)],
        main="ratings",
        data={"items": [{"partnership": "seoul", "score": 7}]},
        question={"kind": "ratings", "from": "2017-01-01", "to": "2020-12-31", "lang": language},
    )
