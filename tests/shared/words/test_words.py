"""Every string of the program stands in the Indonesian catalogue, and the catalogue holds nothing else."""

import ast
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.access import pages as access_pages
from services.access import views as access_views
from services.ingest import finding_words, form_routes, import_pages
from services.reports import help_page, news, partnership_pages, report_pages, views
from services.reports.kinds import changes, recommendation, wording
from services.reports.posting import activity, activity_pages, desk, fields, offers, others, rubric
from services.scoring.pages import routes as page_routes
from services.scoring.pages import views as page_views
from services.scoring.subscriptions import pages as subscription_pages
from shared.web import pages
from shared.words import codes
from shared.words.words import Words

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "shared" / "words" / "catalogue" / "id.po"
TABLES = (
    *codes.WORDS_OF_CODES.values(),
    codes.FIELD_WORDS,
    codes.ACTIVITY_WORDS,
    dict(enumerate(codes.NUMBER_WORDS)),
    fields.PROBLEM_WORDS,
    activity.HINTS,
    activity.EXPLAINED,
    activity_pages.VERSION_WORDS,
    others.HINTS,
    others.HINTS_OF_ENDING,
    others.HINTS_OF_HOME,
    rubric.HINTS,
    {path: said for path, (_, said) in offers.FORM_WORDS.items()},
    {path: said for path, (_, said) in offers.OTHER_FORM_WORDS.items()},
    desk.PROBLEMS_IN_WORDS,
    form_routes.PROBLEMS_IN_WORDS,
    import_pages.STATE_WORDS,
    import_pages.KIND_WORDS,
    {each: each for each in import_pages.STEP_WORDS},
    {each: each for each in finding_words.FINDING_WORDS},
    import_pages.UPLOAD_PROBLEMS,
    views.ISSUE_WORDS,
    wording.MODE_WORDS,
    wording.MEASURE_WORDS,
    wording.UNIT_WORDS,
    recommendation.ADVICE_WORDS,
    recommendation.REASON_WORDS,
    changes.CHANGE_WORDS,
    partnership_pages.STATE_WORDS,
    news.TYPE_WORDS,
    help_page.SENTENCES,
    pages.PLACES,
    report_pages.KIND_WORDS,
    report_pages.DESCRIPTION_WORDS,
    pages.PROBLEMS_IN_WORDS,
    access_pages.PROBLEMS_IN_WORDS,
    access_pages.LABELS,
    access_pages.REFUSALS_IN_WORDS,
    access_views.ROLE_WORDS,
    access_views.SCOPE_WORDS,
    access_views.KIND_WORDS,
    subscription_pages.SAID,
    subscription_pages.BUTTONS,
    page_routes.PROBLEMS_IN_WORDS,
    page_routes.PROBLEMS_AGAIN,
    page_views.LABELS,
    page_views.KIND_WORDS,
    page_views.STATE_WORDS,
    page_views.DIGEST_WORDS,
    page_views.MESSAGE_WORDS,
)


def said_in_templates():
    folders = [ROOT / "shared" / "web", *(ROOT / "services").iterdir()]
    found = [
        extract_from_dir(str(templates), [("**.html", "jinja2")], keywords={"say": None})
        for folder in folders
        for templates in folder.rglob("templates")
    ]
    return {message for each in found for _, _, message, _, _ in each}


def said_in_code():
    said = {text for table in TABLES for text in table.values()} | {
        "Something is wrong here. Try again in a moment."  # what a kind of problem without words of its own gets
    }
    for path in (ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                said |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
    return said | {"too new to judge", "dormant"}


def catalogue():
    with CATALOGUE.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="id") if message.id}


def test_every_string_is_in_the_catalogue_and_nothing_else():
    assert set(catalogue()) == said_in_templates() | said_in_code()


def test_every_string_is_translated_with_the_same_values():
    for english, indonesian in catalogue().items():
        assert indonesian
        assert sorted(re.findall(r"%\(\w+\)s", english)) == sorted(re.findall(r"%\(\w+\)s", indonesian)), english


def test_a_string_is_said_in_each_language():
    assert Words("id").say("%(score)s of 10 cells are lit.", score=3) == "3 dari 10 sel menyala."
    assert Words("en").say("%(score)s of 10 cells are lit.", score=3) == "3 of 10 cells are lit."
