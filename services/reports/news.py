"""Events in one line each, as the dashboard and the ledger's own list tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from services.reports.frame import Frame
from services.reports.page_store import News
from services.reports.views import INDICATOR_WORDS, said_in
from shared.domain.amend import Partnership
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Words

TYPE_WORDS = {
    "home.opened": "home opened",
    "home.changed": "home changed",
    "partnership.registered": "partnership registered",
    "partnership.changed": "entry in the registry changed",
    "partnership.ended": "partnership ended",
    "milestone.reached": "step of the procedure reached",
    "programme.agreed": "programme agreed",
    "activity.recorded": "activity recorded",
    "activity.corrected": "activity corrected",
    "activity.retracted": "activity retracted",
    "import.completed": "import completed",
    "import.reversed": "import reversed",
    "rating.set": "official rating set",
    "rating.lifted": "official rating lifted",
    "rubric.adopted": "rubric adopted",
    "day.closed": "day closed",
    "report.issued": "report issued",
}


@dataclass(frozen=True, slots=True)
class NewsLine:
    """Something that was recorded, in words. `slug` is its partnership, where it has one; `opens` is where it stands alone."""

    event_id: str
    when: str
    slug: str | None
    name: str | None
    said: str
    title: str | None
    opens: str


def news_lines(news: Sequence[News], registered: Mapping[str, Partnership], frame: Frame) -> list[NewsLine]:
    """Return news as a page lists them."""
    return [_line(each, registered, frame) for each in news]


def _line(news: News, registered: Mapping[str, Partnership], frame: Frame) -> NewsLine:
    words, facts = frame.words, news.facts
    title, said = None, words.say(TYPE_WORDS[news.type])
    if facts is not None:
        title = said_in(facts.title.model_dump(exclude_none=True), words.language)
        said = f"{words.say(INDICATOR_WORDS[facts.indicator])}, {occurred_in_words(facts.occurred, words.language)}"
    found = registered.get(news.partnership or "")
    name = said_in(found.facts.name.model_dump(exclude_none=True), words.language) if found else news.partnership
    when = moment_said(news.recorded_at, frame.zone, words)
    opens = f"/{'activities' if facts is not None else 'receipts'}/{news.event_id}"
    return NewsLine(str(news.event_id), when, news.partnership, name, said, title, opens)


def moment_said(moment: datetime, zone: tzinfo, words: Words) -> str:
    """Return a moment as people in the home write it, to the minute."""
    local = moment.astimezone(zone)
    return f"{date_in_words(local.date(), words.language)} {local:%H.%M}"
