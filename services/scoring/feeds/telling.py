"""What an alert says to whoever reads it in a feed. Pure."""

import json

from services.scoring.feeds.atom import FeedEntry
from services.scoring.feeds.store import ToldAlert
from services.scoring.messages import message_of
from shared.words.words import Words


def entry_of(alert: ToldAlert, words: Words, site: str) -> FeedEntry:
    """Return an alert as an entry of a feed; whoever reads a feed ends it without a link."""
    document = json.loads(alert.json)
    message = message_of(document, words, site, None)
    return FeedEntry(
        alert=alert.place.alert,
        raised_at=alert.raised_at,
        kind=alert.kind,
        partnership=alert.partnership,
        title=message.subject,
        html=message.html,
        address=f"{site}{document['path']}",
    )
