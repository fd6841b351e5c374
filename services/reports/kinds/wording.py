"""How the codes that reports show are said in words; English here, Indonesian in the catalogue."""

from collections.abc import Mapping

from shared.domain.codes import Actor, Initiator, Milestone, Mode, Requirement

ACTOR_WORDS: Mapping[Actor, str] = {
    Actor.HOME_GOVERNMENT: "home government",
    Actor.PARTNER_GOVERNMENT: "partner government",
    Actor.CITY_GOVERNMENT: "city government",
    Actor.NATIONAL_GOVERNMENT: "national government",
    Actor.EMBASSY: "embassy",
    Actor.CITY_COUNCIL: "city council",
    Actor.BUSINESS: "business",
    Actor.SCHOOL: "school",
    Actor.COMMUNITY: "community",
    Actor.INTERCITY_ORGANISATION: "organisation of cities",
    Actor.INTERNATIONAL_DONOR: "international donor",
}
INITIATOR_WORDS: Mapping[Initiator, str] = {
    Initiator.HOME: "home",
    Initiator.PARTNER: "partner",
    Initiator.MUTUAL: "both sides",
    Initiator.THIRD_PARTY: "third party",
}
MODE_WORDS: Mapping[Mode, str] = {Mode.IN_PERSON: "in person", Mode.ONLINE: "over the network"}
MILESTONE_WORDS: Mapping[Milestone, str] = {
    Milestone.INITIATIVE: "Initiative",
    Milestone.EXPLORATION: "Exploration",
    Milestone.LETTER_OF_INTENT: "Letter of intent",
    Milestone.STUDY_OF_BENEFITS: "Study of benefits",
    Milestone.DRAFT_MEMORANDUM: "Draft memorandum",
    Milestone.COUNCIL_APPROVAL: "Approval of the city council",
    Milestone.INTERMINISTERIAL_MEETING: "Interministerial meeting",
    Milestone.FOREIGN_MINISTRY: "Foreign ministry",
    Milestone.CONFIRMATION: "Confirmation",
    Milestone.MINISTER_APPROVAL: "Approval of the minister",
    Milestone.FULL_POWERS: "Full powers",
    Milestone.SIGNING: "Signing of the memorandum",
    Milestone.YEARLY_PROGRAMME: "Yearly programme",
    Milestone.REPORT_OF_RESULTS: "Report of results",
    Milestone.RENEWAL: "Renewal",
    Milestone.SUSPENSION: "Suspension",
    Milestone.END: "Ending",
}
REQUIREMENT_WORDS: Mapping[Requirement, str] = {
    Requirement.DIPLOMATIC_RELATIONS: "diplomatic relations",
    Requirement.LOCAL_COMPETENCE: "within local competence",
    Requirement.NO_OFFICE_ABROAD: "no office abroad",
    Requirement.NO_INTERFERENCE: "no interference",
    Requirement.FITS_THE_PLANS: "fits the national and local plans",
    Requirement.SCIENCE_TRANSFERABLE: "science can be transferred",
    Requirement.EQUAL_STATUS: "equal administrative status",
    Requirement.COMPLEMENTARY: "complementary",
    Requirement.TIES_BETWEEN_PEOPLES: "ties between peoples",
}
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
