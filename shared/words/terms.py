"""The codes of events and answers as people say them: English, which the catalogue says in Indonesian."""

from shared.domain.codes import Direction, Indicator, RatingCode

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
