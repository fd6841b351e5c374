"""Aid given and received over a period: technical cooperation, grants, humanitarian aid, scholarships."""

from typing import Any

from services.reports.kinds.activities import activities_table, activity_data
from services.reports.kinds.frame import framed
from services.reports.kinds.history import in_order
from services.reports.kinds.results import sums_table
from services.reports.material import Material
from services.reports.report import Report, Section
from shared.domain.codes import Indicator, Outcome


def compose(material: Material) -> Report:
    """Compose the report of aid: what is known of each, held or not, and the values by direction and currency."""
    words, partnerships = material.words, {each.slug: each for each in material.known.partnerships}
    entries = [each for each in in_order(material) if each.activity.facts.indicator is Indicator.AID]
    held = [each for each in entries if each.activity.facts.outcome is Outcome.HELD]
    listed = activities_table("aid", words.say("Aid given and received"), entries, partnerships, words)
    sections = [
        Section("values", words.say("Values"), [sums_table("values", held, words)]),
        Section("aid", words.say("Aid"), [listed]),
    ]
    data = {
        "home": _home(material),
        "activities": [activity_data(each) for each in entries],
        "partnerships": [
            {"partnership": each.slug, **each.facts.model_dump(mode="json", exclude_none=True)}
            for each in material.known.partnerships
        ],
    }
    return framed(material, words.say("Aid given and received"), sections, "aid", data)


def _home(material: Material) -> dict[str, Any]:
    """Return what whoever gathers aid data has to know of the home: its names, its country, its identifier."""
    if material.home is None:
        return {"name": {"en": material.reader.home}}
    return material.home.facts.model_dump(mode="json", include={"name", "country", "organisation"}, exclude_none=True)
