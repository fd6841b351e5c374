"""What the codes and the fields of events are called, in English; the catalogue has the Indonesian."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from shared.domain.codes import (
    Actor,
    Direction,
    Indicator,
    Initiator,
    Level,
    Milestone,
    Mode,
    Outcome,
    RatingCode,
    Requirement,
)
from shared.words.words import Words

RATING_WORDS = {
    RatingCode.AKTIF: "active",
    RatingCode.KURANG_AKTIF: "less active",
    RatingCode.TIDAK_AKTIF: "inactive",
}
INDICATOR_WORDS = {
    Indicator.CONTACT: "Contact",
    Indicator.DOCUMENT: "Document",
    Indicator.VISIT: "Visit",
    Indicator.AID: "Aid",
    Indicator.JOINT_EVENT: "Joint event",
}
DIRECTION_WORDS = {
    Direction.OUTBOUND: "outbound",
    Direction.INBOUND: "inbound",
    Direction.MUTUAL: "both ways",
}
OUTCOME_WORDS = {
    Outcome.HELD: "held",
    Outcome.DECLINED: "declined",
    Outcome.POSTPONED: "postponed",
    Outcome.PLANNED: "planned",
    Outcome.UNKNOWN: "outcome not known",
}
MODE_WORDS = {
    Mode.IN_PERSON: "in person",
    Mode.ONLINE: "over the network",
    Mode.UNKNOWN: "not known",
}
INITIATOR_WORDS = {
    Initiator.HOME: "home",
    Initiator.PARTNER: "partner",
    Initiator.MUTUAL: "both sides",
    Initiator.THIRD_PARTY: "third party",
}
ACTOR_WORDS = {
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
LEVEL_WORDS = {
    Level.CITY: "city",
    Level.PROVINCE: "province",
    Level.STATE: "state",
    Level.REGENCY: "regency",
}
MILESTONE_WORDS = {
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
REQUIREMENT_WORDS = {
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
ACTIVITY_WORDS = {
    (Indicator.CONTACT, Direction.OUTBOUND): "a letter to the partner",
    (Indicator.CONTACT, Direction.INBOUND): "a letter from the partner",
    (Indicator.CONTACT, Direction.MUTUAL): "letters both ways",
    (Indicator.DOCUMENT, Direction.OUTBOUND): "a document from us",
    (Indicator.DOCUMENT, Direction.INBOUND): "a document from the partner",
    (Indicator.DOCUMENT, Direction.MUTUAL): "a document signed by both",
    (Indicator.VISIT, Direction.OUTBOUND): "a visit there",
    (Indicator.VISIT, Direction.INBOUND): "a visit from the partner",
    (Indicator.VISIT, Direction.MUTUAL): "visits both ways",
    (Indicator.AID, Direction.OUTBOUND): "help for the partner",
    (Indicator.AID, Direction.INBOUND): "help from the partner",
    (Indicator.AID, Direction.MUTUAL): "help both ways",
    (Indicator.JOINT_EVENT, Direction.OUTBOUND): "a joint event there",
    (Indicator.JOINT_EVENT, Direction.INBOUND): "a joint event here",
    (Indicator.JOINT_EVENT, Direction.MUTUAL): "joint events on both sides",
}
"""An activity that would have to be held, by its indicator and direction."""
NUMBER_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
"""How many cells, as a newspaper writes it."""
WORDS_OF_CODES: Mapping[type[StrEnum], Mapping[Any, str]] = MappingProxyType(
    {
        RatingCode: RATING_WORDS,
        Indicator: INDICATOR_WORDS,
        Direction: DIRECTION_WORDS,
        Outcome: OUTCOME_WORDS,
        Mode: MODE_WORDS,
        Initiator: INITIATOR_WORDS,
        Actor: ACTOR_WORDS,
        Level: LEVEL_WORDS,
        Milestone: MILESTONE_WORDS,
        Requirement: REQUIREMENT_WORDS,
    }
)
FIELD_WORDS = {
    "partnership": "Partnership",
    "indicator": "Indicator",
    "occurred": "Date",
    "direction": "Direction",
    "outcome": "Outcome",
    "title": "Title",
    "title.id": "Title in Indonesian",
    "title.en": "Title in English",
    "initiator": "Whose idea it was",
    "mode": "Mode",
    "actors": "Who took part",
    "people_to_people": "Did residents meet?",
    "fields": "Fields of cooperation",
    "participants": "Number of participants",
    "value": "Value",
    "currency": "Currency",
    "description": "Description",
    "description.id": "Description in Indonesian",
    "description.en": "Description in English",
    "evidence": "Evidence",
    "evidence.title": "Title of the document",
    "evidence.hash": "Hash of the document (SHA-256)",
    "evidence.media_type": "Kind of file",
    "evidence.size": "Size in bytes",
    "place": "Place",
    "caused_by": "Follows from the activity",
    "source": "Source",
    "batch": "Import",
    "valid_until": "Valid until",
    "reason": "Reason",
    "milestone": "Step",
    "reached": "Date of the step",
    "note": "Note",
    "requirements": "Requirements found to be met",
    "year": "Year",
    "name": "Name",
    "name.id": "Name in Indonesian",
    "name.en": "Name in English",
    "level": "Kind of government",
    "country": "Country",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "mou_date": "Day of the founding memorandum",
    "issue_basis": "Issue that it serves",
    "ended_on": "Day on which it ended",
    "rating": "Official rating",
    "valid_from": "Holds from",
    "id": "Short name of the rubric",
    "version": "Version",
    "author": "Author",
    "legal_basis": "Legal basis",
    "window_months": "Window in months",
    "thresholds.aktif": "Least score for “active”",
    "thresholds.kurang_aktif": "Least score for “less active”",
    "provisional_months": "Months in which it is too new to judge",
    "dormant_months": "Months of silence until it is dormant",
    "travel": "Does a joint event held in person also count as a visit?",
    "judgement": "Official rating that is lifted",
    "activities": "Activities of the programme",
    "language": "Language",
    "letterhead": "Letterhead",
    "signature": "Signature of reports",
    "organisation": "Identifier of the organisation",
    "released": "May the public read?",
}
"""By the path in an event's data."""


def code_in_words(code: StrEnum, words: Words) -> str:
    """Return what a code is called."""
    return words.say(WORDS_OF_CODES[type(code)][code])
