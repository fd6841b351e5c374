"""Any chart as an SVG that stands alone: its title and description inside, the same bytes for the same values."""

from html import escape
from typing import assert_never

from services.reports.charts.grid import draw_grid, draw_grids
from services.reports.charts.heat_strip import draw_heat_strip
from services.reports.charts.map import draw_map
from services.reports.charts.rating_line import draw_rating_line
from services.reports.charts.reciprocity_bars import draw_reciprocity_bars
from services.reports.charts.svg import FAMILY, TEXT_SIZE, THEMES, Picture, Theme, ThemeName, number
from services.reports.charts.values import Drawing, Grid, Grids, HeatStrip, Map, RatingLine, ReciprocityBars
from services.reports.visible import one_line
from shared.words.words import Language, Words


def draw(drawing: Drawing, *, title: str, description: str, language: Language, theme: ThemeName = "print") -> str:
    """Return a chart as SVG, with its title and a description for whoever cannot see it.

    It holds no style, no script and no id, so it may stand in a page of a strict policy, more than once.
    """
    picture = _picture(drawing, Words(language), THEMES[theme])
    width, height = number(picture.width), number(picture.height)
    named, described = escape(one_line(title)), escape(one_line(description), quote=False)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="{picture.role}" aria-label="{named}" lang="{language}" font-family="{FAMILY}" font-size="{TEXT_SIZE}">'
        f"<title>{named}</title><desc>{described}</desc>{picture.body}</svg>"
    )


def _picture(drawing: Drawing, words: Words, theme: Theme) -> Picture:
    match drawing:
        case Grid():
            return draw_grid(drawing, words, theme)
        case Grids():
            return draw_grids(drawing, words, theme)
        case Map():
            return draw_map(drawing, words, theme)
        case HeatStrip():
            return draw_heat_strip(drawing, words, theme)
        case RatingLine():
            return draw_rating_line(drawing, words, theme)
        case ReciprocityBars():
            return draw_reciprocity_bars(drawing, words, theme)
        case _:
            assert_never(drawing)
