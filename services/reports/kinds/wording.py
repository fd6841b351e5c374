"""How the codes that reports show are said in words; English here, Indonesian in the catalogue."""

from collections.abc import Mapping

from shared.domain.codes import Mode
from shared.words.codes import ACTOR_WORDS as ACTOR_WORDS
from shared.words.codes import INITIATOR_WORDS as INITIATOR_WORDS
from shared.words.codes import MILESTONE_WORDS as MILESTONE_WORDS
from shared.words.codes import REQUIREMENT_WORDS as REQUIREMENT_WORDS

MODE_WORDS: Mapping[Mode, str] = {Mode.IN_PERSON: "in person", Mode.ONLINE: "over the network"}
MEASURE_WORDS: Mapping[str, str] = {
    "balance_of_visits": "Balance of visits",
    "balance_of_aid": "Balance of aid",
    "balance_of_initiative": "Balance of initiative",
    "people_to_people": "Residents met",
    "breadth": "Fields of the memorandum touched",
    "actors": "Kinds of actors",
    "diversity_of_actors": "Diversity of actors",
    "carried_out": "Programme carried out",
    "home_not_taken_up": "Proposals of home not taken up",
    "partner_not_taken_up": "Proposals of the partner not taken up",
    "third_party": "Begun by a third party",
    "online": "Held over the network",
    "median_gap_days": "Median gap between activities",
    "longest_gap_days": "Longest gap between activities",
    "with_evidence": "With evidence",
    "median_days_to_posting": "Median time to posting",
    "chains_that_led_somewhere": "Chains that led to a document or joint event",
}
UNIT_WORDS: Mapping[str, str] = {"share": "share", "kinds": "kinds", "days": "days"}
UNITS: Mapping[str, str] = {
    "actors": "kinds",
    "median_gap_days": "days",
    "longest_gap_days": "days",
    "median_days_to_posting": "days",
}
"""What a measure counts in; all others are shares between 0 and 1."""
