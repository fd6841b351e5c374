"""The built-in help: one page, a part for each page of the site, in both languages."""

from collections.abc import Mapping, Sequence

from services.reports.frame import Framed, Page, table_of

PARTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "start": (
        "What Kembar is",
        (
            "Kembar keeps what happened between this government and its partners abroad, and tells from it how active each "
            "partnership is, on any day.",
            "What was recorded is never changed. A correction or a retraction is recorded too, so that everybody can see what "
            "was known when.",
        ),
    ),
    "begin": (
        "How to begin",
        (
            "First register the partnerships: name, country, and the day of the memorandum where there is one.",
            "Then post what happened, one activity at a time or a whole spreadsheet by an import. Of a date only the year is "
            "needed; nothing is made more precise than it was written.",
            "Open the dashboard: each activity that was held lights its cells at once.",
        ),
    ),
    "cells": (
        "The ten cells",
        (
            "Five indicators stand in columns: contact, document, visit, aid, joint event. Above is what went from here to the "
            "partner, below what came from the partner.",
            "A cell is lit while an activity of that kind and direction lies within the window of the rubric, 48 months unless "
            "the bureau has adopted another. What went both ways lights both cells. Forty letters light no more than one.",
            "The number of lit cells is the score. From three on a partnership is active, from one on less active, otherwise "
            "inactive, unless the rubric says otherwise.",
        ),
    ),
    "dashboard": (
        "The dashboard",
        (
            "The numbers at the top count the partnerships of each rating; choose one to list them. Headings of the list sort "
            "it, and the address keeps what was chosen, so that it can be sent to somebody.",
            "“Will fall” names the partnerships whose rating falls within a year if nothing happens, with the days that are left.",
        ),
    ),
    "partnership": (
        "One partnership",
        (
            "The page shows how it stands, what would keep or raise its rating, how it stood from day to day, what happened "
            "year by year with its evidence, its agreements and programmes, and a diagnosis.",
            "Print the page: it is laid out for paper.",
        ),
    ),
    "why": (
        "Why it is rated so",
        (
            "Behind each lit cell stand the activities that light it and the day on which it goes dark if nothing else happens. "
            "Below stands what was not counted, and why.",
            "Where the bureau has set an official rating, it stands beside the computed one and never replaces it.",
        ),
    ),
    "time": (
        "Another day, another moment",
        (
            "Every page can be shown as of another day, and as it was known at another moment. The bar at the top says so "
            "whenever it is not today, and all links stay in that past until you go back to today.",
            "“On the day” is the day in the world; “as known on” is the day in the ledger: nothing recorded later is shown.",
        ),
    ),
    "activities": (
        "Lists of activities",
        (
            "Filters stand in the address. Every number on another page that counts activities opens them here.",
            "A dash means not reported; it is never a zero.",
        ),
    ),
    "record": (
        "Recording, correcting, taking back",
        (
            "A letter needs its partnership, a date, a direction and a title; the year is enough of a date. Before anything is "
            "stored a page says in words what was understood, what stands already that is like it, and what it will change.",
            "What you type is kept in this browser until the receipt comes, for each tab by itself. A form can be sent as often "
            "as you like: it is stored once. Where the line breaks it is sent again by itself; where you were signed out, you "
            "sign in and go on with it.",
            "To correct something, open the activity, choose “Correct it”, change what is wrong and say why. A retraction is for "
            "what should never have been posted. Both show their effect before they are sent, on ratings and on issued reports, "
            "and the activity's page keeps all versions.",
            "Steps of the procedure, programmes, official ratings, changes of the entry and the end of a partnership are on its "
            "page under “Record, note, change”; a new partnership, and what the home says of itself, above the form of an activity.",
        ),
    ),
    "imports": (
        "Importing a table",
        (
            "Choose a CSV or XLSX file and look at how it is read: each cell beside its reading, and what was found row by row. Where a "
            "column is taken for the wrong thing, match it and check again. Nothing is stored before you load it, and then all "
            "of it or nothing.",
            "The whole import can be taken back by its name; the page shows first which ratings that changes.",
        ),
    ),
    "alerts": (
        "Alerts and subscriptions",
        (
            "The list shows what was told: a partnership that fell silent or revived, a rating that rose or fell or will fall. "
            "Each entry leads to the page as it stood at that moment, and whoever sees to it can say so.",
            "To subscribe, choose where alerts go, what they are about and how often: by e-mail or to a program, about one "
            "partnership, a country, an issue or all, at once or as a digest. Send yourself a sample; pause or end it at any time. "
            "Feeds for readers and calendars need no subscription; their addresses stand on the page of alerts.",
        ),
    ),
    "reports": (
        "Reports",
        (
            "Choose a kind, a period, and the day whose knowledge is to count. The files below a report name that moment, so "
            "the same address gives the same bytes for ever.",
            "Whoever issues reports has a button for it on its page. An issued report is fixed in the ledger with its hash. "
            "It can be made again at any time and compared.",
        ),
    ),
    "account": (
        "Your account",
        (
            "The page shows your tokens and where you are signed in; both can be ended there. An administrator looks after "
            "people and programs, and after the audit trail.",
        ),
    ),
    "rules": (
        "The rules",
        (
            "The rubric is the law by which ratings are computed. It can be tried with other values without changing anything; "
            "adopting one makes it law from a day on, and past days keep the law of their day.",
        ),
    ),
    "search": (
        "Search",
        (
            "Words are found in titles in either language by their stems: “kunjungan” finds “berkunjung” too. "
            "Words in quotation marks must stand together, and a word after a minus sign must not be there.",
        ),
    ),
    "ledger": (
        "The ledger",
        (
            "The list shows every event as it was recorded: who, what, when. One event is shown with its bytes and its hash, "
            "and compared with the ledger itself.",
        ),
    ),
    "status": (
        "Status",
        (
            "The page tells how far the tables are behind the ledger, and which events wait because they could not be read.",
        ),
    ),
    "data": (
        "The same as data",
        (
            "Every page has its data beside it: write .json or .csv behind its path, before the question mark. The API is "
            "described under OpenAPI on the status page.",
        ),
    ),
    "keys": (
        "Keys",
        (
            "/ goes to the search, ? opens this help at the part that explains the page. All else is reached by the tab key.",
        ),
    ),
}
"""By topic: a heading, and its paragraphs."""
SENTENCES: Mapping[str, str] = {
    f"{topic}/{number}": said
    for topic, (heading, paragraphs) in PARTS.items()
    for number, said in enumerate((heading, *paragraphs))
}


async def help_(frame: Framed) -> Page:
    """Show the help."""
    say = frame.words.say
    parts = [
        (topic, say(heading), [say(each) for each in paragraphs]) for topic, (heading, paragraphs) in PARTS.items()
    ]
    return Page(
        frame=frame,
        template="help.html",
        shown={"parts": parts},
        document=lambda: {
            "parts": [{"topic": topic, "heading": heading, "paragraphs": said} for topic, heading, said in parts]
        },
        table=lambda: table_of(
            "help", ("topic", "heading", "text"), [(topic, heading, " ".join(said)) for topic, heading, said in parts]
        ),
        topic="start",
    )
