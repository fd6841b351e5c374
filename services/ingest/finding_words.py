"""What was found in a file, in the reader's language.

Findings are English sentences with what they are about filled in, for programs and people alike. Here each is known again
by its form, and said as the catalogue says it. Pure.
"""

import re
from functools import cache

from shared.words.words import Words

FINDING_WORDS = (
    "The table has %(count)s rows.",
    "The table has headings, but no rows.",
    "Send 1 to %(count)s rows.",
    "The row says the same as row %(row)s.",
    "Leave one out, or load both.",
    "There is no column for “%(field)s”.",
    "Add a column “%(field)s”, or save a mapping that says which column it is, or which value holds for all.",
    "Add a column “judul” (Indonesian) or “title” (English).",
    "There is no column for the title.",
    "“%(field)s” means the same as another column.",
    "Remove one, or tell them apart by a mapping.",
    "The column “%(field)s” is not known and is left out.",
    "Rename it, or say in a mapping what it is.",
    "%(place)s holds a formula; what it gives can change.",
    "Copy the table and paste it as values.",
    "The cells %(place)s are merged, so it cannot be told to which row their text belongs.",
    "Unmerge them, fill in every row.",
    "The sheet “%(name)s” is not read.",
    "Import it by itself.",
    "“%(field)s” is no field of an activity.",
    "Correct the mapping.",
    "“%(text)s” can mean %(first)s or %(second)s.",
    "Say which is meant (day_first), for all such dates of the file.",
    "“%(text)s” lies in the future, so it cannot have been held yet.",
    "Correct the date, or give the outcome “planned”.",
    "The row has %(count)s bytes.",
    "Shorten its texts.",
    "%(partnership)s has a %(indicator)s of %(date)s already.",
    "Leave the row out if it is the same one, or load it all the same.",
    "“%(text)s” is not known for “%(field)s”.",
    "Use %(codes)s, or the Indonesian word.",
    "“%(text)s” is the name of more than one partnership.",
    "Use one of %(names)s.",
    "There is no partnership “%(text)s”.",
    "Use its short or its registered name, or register it first.",
    "“%(text)s” cannot be read as a date.",
    "Write it as 22 Oktober 2019.",
    "Write it as 22 Oktober 2019, 22 s.d. 28 Oktober 2019, Oktober 2019, 2019, or 2019-10-22.",
    "The number %(text)s is no year.",
    "Format the cell as a date, or write a date.",
    "“%(text)s” is neither yes nor no.",
    "Write ya or tidak, yes or no.",
    "“%(text)s” is no whole number.",
    "Write digits only, without signs between them.",
    "“%(text)s” says only about when it was.",
    "Write the year, the month or the day that is certain, such as 2019.",
    "“%(text)s…” is too long for a date.",
    "“%(text)s” ends before it begins.",
    "Write the earlier date first.",
    "“%(text)s” is not a date that can be kept.",
    "The year in “%(text)s” is not between %(first)s and %(last)s.",
    "Correct the year.",
    "“%(text)s” has a month %(month)s; months are 01 to 12.",
    "“%(text)s” is not a day of the calendar: that month has %(count)s days.",
    "Correct the day.",
    "“%(field)s” is missing.",
    "Add “%(field)s”.",
    "`value` and `currency` go together.",
    "Give both or neither.",
    "The file is empty.",
    "Send a file with a row of headings and rows of activities.",
    "The file has %(count)s bytes; at most %(most)s are read.",
    "Row %(row)s has %(count)s columns.",
    "Keep to %(most)s.",
    "The file has more than %(most)s rows.",
    "Send it in parts.",
    "Row %(row)s is no row of a CSV file: %(error)s.",
    "Save the file anew as CSV; a quotation mark inside a text is doubled.",
    "The file is not text.",
    "Save it as CSV in UTF-8.",
    "Row %(row)s is no JSON object.",
    "Write one object per line.",
    "The objects have more than %(most)s different keys.",
    "Keep to fewer.",
    "The file is an old .xls or is protected by a password.",
    "Save it as .xlsx without a password.",
    "The file is not an .xlsx workbook, or is damaged.",
    "Save it anew as .xlsx.",
    "The workbook is protected by a password.",
    "Save it without a password.",
    "The workbook cannot be read.",
    "Save it anew as .xlsx, or as CSV.",
    "The workbook unpacks to %(size)s bytes in %(count)s parts.",
    "Copy the table into a new workbook, or save it as CSV.",
    "The workbook holds macros.",
    "Save it as .xlsx, without macros.",
    "The workbook has no sheet that can be seen.",
    "Put the table into the first sheet.",
    "The sheet reaches to row %(row)s and column %(column)s.",
    "Delete the rows and columns that are empty, or save the table as CSV.",
    "The file needs more memory than there is for a check.",
    "The file could not be checked within %(count)s seconds.",
    "Send it in parts, or save it as CSV.",
    "“%(field)s” is longer than %(most)s characters.",
    "Shorten it.",
    "“%(field)s” is too small.",
    "Use %(least)s or more.",
    "“%(field)s” is too large.",
    "Use %(most)s or less.",
    "“%(text)s” does not have the form of “%(field)s”.",
    "Use the three capital letters of ISO 4217, such as IDR.",
    "It has a character that cannot be seen (%(code)s).",
    "Remove it.",
)


def finding_in_words(said: str, words: Words) -> str:
    """Return a sentence of a finding in a language; as it is where its form is not known."""
    if words.language == "en":
        return said
    for form, sentence in _forms():
        if match := form.fullmatch(said):
            return words.say(sentence, **match.groupdict())
    return said


def is_known(said: str) -> bool:
    """Say whether a sentence can be said in other languages."""
    return any(form.fullmatch(said) for form, _ in _forms())


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Return the form of each sentence, those with the least left open first: a narrow form is the better reading."""
    return sorted(
        ((re.compile(_form(each), re.DOTALL), each) for each in FINDING_WORDS),
        key=lambda each: -len(re.sub(r"%\(\w+\)s", "", each[1])),
    )


def _form(sentence: str) -> str:
    parts = re.split(r"%\((\w+)\)s", sentence)
    return "".join(f"(?P<{part}>.*)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
