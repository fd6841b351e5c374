"""The codes that stand in events and answers: the bureau's terms, in ASCII."""

from enum import StrEnum


class Indicator(StrEnum):
    """The five indicators of activity, in the study's order."""

    CONTACT = "contact"
    DOCUMENT = "document"
    VISIT = "visit"
    AID = "aid"
    JOINT_EVENT = "joint_event"


class Direction(StrEnum):
    """Who goes, sends or gives: the home government, the partner, or both."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    MUTUAL = "mutual"


class Outcome(StrEnum):
    """What came of it; only `held` is activity, the others are facts worth keeping."""

    HELD = "held"
    DECLINED = "declined"
    POSTPONED = "postponed"
    PLANNED = "planned"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """Whether people met in one place."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    UNKNOWN = "unknown"


class Initiator(StrEnum):
    """Whose idea it was."""

    HOME = "home"
    PARTNER = "partner"
    MUTUAL = "mutual"
    THIRD_PARTY = "third_party"


class Actor(StrEnum):
    """Who took part; `city_government` where the source does not say whose."""

    HOME_GOVERNMENT = "home_government"
    PARTNER_GOVERNMENT = "partner_government"
    CITY_GOVERNMENT = "city_government"
    NATIONAL_GOVERNMENT = "national_government"
    EMBASSY = "embassy"
    CITY_COUNCIL = "city_council"
    BUSINESS = "business"
    SCHOOL = "school"
    COMMUNITY = "community"
    INTERCITY_ORGANISATION = "intercity_organisation"
    INTERNATIONAL_DONOR = "international_donor"


class RatingCode(StrEnum):
    """The activity rating (kategori keaktifan), best first."""

    AKTIF = "aktif"
    KURANG_AKTIF = "kurang_aktif"
    TIDAK_AKTIF = "tidak_aktif"


class Level(StrEnum):
    """What kind of government the partner is."""

    CITY = "city"
    PROVINCE = "province"
    STATE = "state"
    REGENCY = "regency"


class Requirement(StrEnum):
    """The nine requirements that a partnership must meet (PP 28/2018, Permendagri 25/2020), in order."""

    DIPLOMATIC_RELATIONS = "diplomatic_relations"
    LOCAL_COMPETENCE = "local_competence"
    NO_OFFICE_ABROAD = "no_office_abroad"
    NO_INTERFERENCE = "no_interference"
    FITS_THE_PLANS = "fits_the_plans"
    SCIENCE_TRANSFERABLE = "science_transferable"
    EQUAL_STATUS = "equal_status"
    COMPLEMENTARY = "complementary"
    TIES_BETWEEN_PEOPLES = "ties_between_peoples"


class Milestone(StrEnum):
    """The steps of a partnership's legal procedure (PP 28/2018, Permendagri 25/2020), in order."""

    INITIATIVE = "initiative"
    EXPLORATION = "exploration"
    LETTER_OF_INTENT = "letter_of_intent"
    STUDY_OF_BENEFITS = "study_of_benefits"
    DRAFT_MEMORANDUM = "draft_memorandum"
    COUNCIL_APPROVAL = "council_approval"
    INTERMINISTERIAL_MEETING = "interministerial_meeting"
    FOREIGN_MINISTRY = "foreign_ministry"
    CONFIRMATION = "confirmation"
    MINISTER_APPROVAL = "minister_approval"
    FULL_POWERS = "full_powers"
    SIGNING = "signing"
    YEARLY_PROGRAMME = "yearly_programme"
    REPORT_OF_RESULTS = "report_of_results"
    RENEWAL = "renewal"
    SUSPENSION = "suspension"
    END = "end"
