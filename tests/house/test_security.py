"""docs/security.md answers every item of ASVS 5.0 up to level 2 once, and names tests that are there."""

import ast
import re
from collections import Counter

from tests.house.project import ROOT, document, table_rows

# The levels of the items of each section of OWASP ASVS 5.0.0, in order.
SECTIONS = {
    "V1": ("22", "1111122223", "112222222223", "222", "123"),
    "V2": ("122", "112", "12223", "23"),
    "V3": ("3", "113", "12223", "11222233", "11122333", "3", "22333"),
    "V4": ("12233", "23333", "22", "1222"),
    "V5": ("2", "112333", "113", "222"),
    "V6": ("122", "111111112222", "11223333", "112233", "22222333", "2223", "33", "2222"),
    "V7": ("222", "1111", "22", "11222", "223", "22"),
    "V8": ("1233", "1123", "133", "23"),
    "V9": ("111", "1222"),
    "V10": ("22", "223", "22223", "1111122222233333", "22222", "22", "222"),
    "V11": ("2233", "22233", "11233", "1222", "23", "23", "33"),
    "V12": ("12233", "11", "22223"),
    "V13": ("2333", "222223", "2233", "1222233"),
    "V14": ("22", "12223333", "122"),
    "V15": ("12233", "12233", "1222222", "3333"),
    "V16": ("2", "22222", "2222", "222", "2223"),
    "V17": ("23", "22223333", "22"),
}
NAMED_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
NOT_APPLYING = re.compile(r"^Does not apply: (.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"\bV\d+(?:\.\d+){0,2}\b")


def items_up_to(level: int) -> set[str]:
    """Return the numbers of all items of ASVS up to this level."""
    return {
        f"{chapter}.{section}.{number}"
        for chapter, sections in SECTIONS.items()
        for section, levels in enumerate(sections, 1)
        for number, each in enumerate(levels, 1)
        if int(each) <= level
    }


def rows_of_items(markdown: str) -> list[list[str]]:
    """Return the rows of the tables that answer items."""
    return [row for row in table_rows(markdown) if re.match(r"V\d+\.", row[0])]


def answered(markdown: str) -> Counter[str]:
    """Count how often each item is answered; a section or chapter that does not apply stands for its items."""
    named = [name for row in rows_of_items(markdown) for name in ITEM.findall(row[0])]
    for paragraph in NOT_APPLYING.findall(markdown):
        for name in ITEM.findall(paragraph):
            named += [each for each in items_up_to(2) if f"{each}.".startswith(f"{name}.")]
    return Counter(named)


def missing_tests(markdown: str) -> list[str]:
    """Return the tests that are named and are not there."""
    missing = []
    for path, name in NAMED_TEST.findall(markdown):
        file = ROOT / "tests" / path
        tree = ast.parse(file.read_text("utf-8")) if file.exists() else ast.Module([], [])
        functions = (each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
        if name not in {each.name for each in functions}:
            missing.append(f"{path}::{name}")
    return missing


def test_the_standard_has_as_many_items_as_it_says():
    assert [len(items_up_to(level)) for level in (1, 2, 3)] == [70, 253, 345]


def test_a_test_that_is_not_there_is_noticed():
    here = "`house/test_security.py::test_a_test_that_is_not_there_is_noticed`"

    assert missing_tests(f"{here} `house/test_security.py::test_of_nothing` `nowhere/test_x.py::test_y`") == [
        "house/test_security.py::test_of_nothing",
        "nowhere/test_x.py::test_y",
    ]


def test_an_item_that_is_left_out_or_stands_twice_is_noticed():
    found = answered(
        "| V1.1.1, V1.1.2 | so | t |\n| V1.1.1 | so | t |\n\nDoes not apply: V4.3 (no\nGraphQL), V17 (none).\n"
    )

    assert (found["V1.1.1"], found["V1.1.2"], found["V1.2.1"], found["V4.3.2"], found["V17.2.4"]) == (2, 1, 0, 1, 1)


def test_every_item_is_answered_once():
    found = answered(document("docs/security.md"))

    assert sorted(items_up_to(2) - found.keys()) == []
    assert sorted(found.keys() - items_up_to(2)) == []
    assert [item for item, count in found.items() if count > 1] == []


def test_every_answer_names_a_test_or_says_that_there_is_none():
    rows = rows_of_items(document("docs/security.md"))

    assert len(rows) > 100
    assert [row[0] for row in rows if not (NAMED_TEST.search(row[2]) or row[2].startswith("no test"))] == []


def test_every_test_that_is_named_is_there():
    markdown = document("docs/security.md")

    assert len(NAMED_TEST.findall(markdown)) > 100
    assert missing_tests(markdown) == []
