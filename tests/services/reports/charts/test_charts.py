"""Charts: the same bytes for the same values, readable without colour, harmless wherever they stand."""

import base64
import re
import zlib
from datetime import date
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services.reports.charts
from services.reports.charts.draw import draw
from services.reports.charts.land import COLUMNS, ROWS, along, down, land_runs
from services.reports.charts.svg import THEMES, number, width_of
from services.reports.charts.values import Grid, Grids, HeatStrip, Map, Place, RatingLine, ReciprocityBars
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.words.words import LANGUAGES
from tests.support.report_values import DRAWINGS

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert(1)</script>" onload="x" #read("/x") $a$ \\ ] {{7*7}} \u202e\x07\x00\ud800'
RATINGS = st.sampled_from(RatingCode)


def drawn(drawing, language="id", theme="print", title="Judul", description="Uraian"):
    return draw(drawing, title=title, description=description, language=language, theme=theme)


def tree_of(drawing, **how):
    return ElementTree.fromstring(drawn(drawing, **how))


def texts_of(drawing, **how):
    return ["".join(each.itertext()) for each in tree_of(drawing, **how).iter(f"{SVG}text")]


def squares(path):
    return path.get("d").count("M")


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("theme", THEMES)
def test_a_chart_says_its_title_and_description_and_holds_nothing_that_a_strict_page_forbids(drawing, theme):
    for language in LANGUAGES:
        svg = drawn(drawing, language, theme, title="Peta & kota", description="Dua mitra")
        tree = ElementTree.fromstring(svg)
        assert svg == drawn(drawing, language, theme, title="Peta & kota", description="Dua mitra")
        assert tree.get("role") in ("img", "group")
        assert [tree[0].text, tree[1].text] == ["Peta & kota", "Dua mitra"]
        assert not re.search(r"<style|<script|style=|\bid=|href|url\(", svg)
        assert ("var(" in svg) is (theme == "page" and "fill=" in svg)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rating_is_a_shape_and_a_word_in_the_language(language):
    ratings = Grids([("kota", Grid(frozenset(), code)) for code in RatingCode])
    words = {"id": ["aktif", "kurang aktif", "tidak aktif"], "en": ["active", "less active", "inactive"]}[language]
    assert [each for each in texts_of(ratings, language=language) if each in words] == words
    lines = [drawn(Grids([("x", Grid(frozenset(), code))]), theme="print") for code in RatingCode]
    shapes = [(each.count("<circle"), each.count("<path"), each.count('<rect x="2')) for each in lines]
    assert len(set(shapes)) == 3


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    brighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("name", "paper"), [("print", "#ffffff"), ("dark", "#10151c")])
def test_colours_have_contrast_and_shades_grow_steadily_in_grey_too(name, paper):
    theme = THEMES[name]
    for text in (theme.ink, theme.quiet, *theme.ratings.values()):
        assert contrast(text, paper) >= 4.5
    against_paper = [contrast(each, paper) for each in theme.shades]
    assert against_paper == sorted(against_paper)
    assert against_paper[-1] >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_what_somebody_wrote_stays_text(theme):
    for drawing in (
        Grids([(HOSTILE, Grid(frozenset(), RatingCode.AKTIF))]),
        Map(None, [Place(HOSTILE, 0, 0, RatingCode.AKTIF)]),
        HeatStrip(["2020-01"], [(HOSTILE, [1])]),
        ReciprocityBars([(HOSTILE, 1, 1)]),
    ):
        svg = drawn(drawing, theme=theme, title=HOSTILE, description=HOSTILE)
        tree = ElementTree.fromstring(svg.encode())
        assert not list(tree.iter(f"{SVG}script"))
        assert not any("on" in name for each in tree.iter() for name in each.attrib if name.startswith("on"))
        assert not set(svg) & {"\u202e", "\x07", "\x00", "\ud800"}


def test_the_land_is_what_the_file_says_bit_by_bit():
    packed = Path(services.reports.charts.__file__).with_name("land_mask_2deg.txt").read_text("ascii")
    bits = "".join(f"{byte:08b}" for byte in zlib.decompress(base64.b85decode(packed.strip())))
    wanted = set()
    for row in range(68):
        for column in range(180):
            if bits[row * 180 + column] == "1":
                latitude, longitude = 78 - 2 * row, -179 + 2 * column
                wanted.add((int(down(latitude)), int(along(longitude))))
    found = {(row, column + step) for row, column, length in land_runs() for step in range(length)}
    assert found == wanted
    assert (ROWS, COLUMNS) == (68, 180)


@pytest.mark.parametrize(
    ("latitude", "longitude", "is_land"),
    [(-24, 134, True), (40, 100, True), (60, -110, True), (0, -150, False), (30, -45, False), (-7, 107, True)],
)
def test_the_land_lies_where_it_is_and_the_pacific_in_the_middle(latitude, longitude, is_land):
    dots = {(row, column + step) for row, column, length in land_runs() for step in range(length)}
    assert ((int(down(latitude)), int(along(longitude))) in dots) is is_land
    assert 80 <= along(150) <= 100


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(
        st.builds(
            Place, st.text("abcdefgh ", min_size=1, max_size=30), st.floats(-90, 90), st.floats(-180, 180), RATINGS
        ),
        max_size=25,
    )
)
def test_no_name_on_the_map_touches_another_and_every_place_is_named_for_whoever_listens(places):
    tree = tree_of(Map((-6.2, 106.8), places))
    named = [each.find(f"{SVG}title").text for each in tree.iter(f"{SVG}g")]
    assert len(named) == len(places)
    boxes = []
    for each in tree.iter(f"{SVG}text"):
        if each.get("font-size") == "8":
            x, y = float(each.get("x")), float(each.get("y"))
            boxes.append((x, y - 7.8, x + width_of(each.text or "", 8), y + 2.2))
    for one, other in combinations(boxes, 2):
        assert (
            one[2] <= other[0] + 0.1 or other[2] <= one[0] + 0.1 or one[3] <= other[1] + 0.1 or other[3] <= one[1] + 0.1
        )


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), max_size=12))
def test_the_heat_strip_has_a_square_for_every_month_in_the_shade_of_its_count(counts):
    lines = [(f"kota {index}", each) for index, each in enumerate(counts)]
    tree = tree_of(HeatStrip(["2020-11", "2020-12", "2021-01"], lines))
    found = {each.get("fill"): squares(each) for each in tree.iter(f"{SVG}path")}
    wanted = {}
    for line in counts:
        for count in line:
            shade = THEMES["print"].shades[min(count, 4)]
            wanted[shade] = wanted.get(shade, 0) + 1
    assert found == wanted


@given(lit=st.frozensets(st.sampled_from(CELLS)), rating=RATINGS)
def test_as_many_cells_are_filled_as_are_lit(lit, rating):
    filled = THEMES["print"].shades[-1]
    for drawing in (Grid(lit, rating), Grids([("Hanoi", Grid(lit, rating))])):
        assert sum(each.get("fill") == filled for each in tree_of(drawing).iter(f"{SVG}rect")) == len(lit)


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.integers(0, 10), min_size=1, max_size=12),
    start=st.dates(date(1980, 1, 1), date(2020, 1, 1)),
)
def test_the_rating_line_holds_each_score_until_the_next(scores, start):
    points = [(date.fromordinal(start.toordinal() + 97 * index), score) for index, score in enumerate(scores)]
    thresholds = {RatingCode.AKTIF: 3, RatingCode.KURANG_AKTIF: 1}
    tree = tree_of(RatingLine(points, points[-1][0], thresholds))
    (line,) = [each for each in tree.iter(f"{SVG}path") if each.get("stroke-width") == "1.8"]
    heights = [float(each) for each in re.findall(r"(?:M[\d.]+ |V)([\d.]+)", line.get("d"))]
    assert heights == [float(number(12 + 150 * (1 - score / 10))) for score in scores]


def test_an_empty_drawing_is_drawn_too():
    for drawing in (
        Grids([]),
        Map(None, []),
        HeatStrip([], []),
        RatingLine([], date(2020, 1, 1), {}),
        ReciprocityBars([]),
    ):
        assert tree_of(drawing).get("viewBox")
