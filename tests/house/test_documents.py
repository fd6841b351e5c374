"""The documents say all there is, and nothing that is not."""

import ast
import csv
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import SecretStr

import shared.domain.codes
from shared.domain.events import EVENT_TYPES
from shared.process.settings import Settings
from tests.deployment.test_compose import OF_THE_DEPLOYMENT
from tests.house.project import PACKAGES, ROOT, document, parsed, table_rows

NAME_OF_A_SETTING = re.compile(r"\bKEMBAR_[A-Z_]+\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROW_OF_FACTS = re.compile(r"^\| `(\w+\.csv)` \| (\d+) \|", re.MULTILINE)


def names_of_settings() -> dict[str, object]:
    """Return every setting's name in the environment, with its default."""
    fields = Settings.model_fields.items()
    return {f"KEMBAR_{name.upper()}": field.default for name, field in fields}


def names_that_commands_read() -> set[str]:
    """Return the names that the command line reads beside the settings, such as where Kembar is."""
    found = {
        node.value
        for _, tree in parsed("cli")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME_OF_A_SETTING.fullmatch(node.value)
    }
    return found - names_of_settings().keys()


def as_written(default: object) -> str:
    """Return a setting's default as the table shows it."""
    match default:
        case None:
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case SecretStr():
            return f"`{default.get_secret_value()}`"
        case list():
            return "`[" + ", ".join(f'"{each}"' for each in default) + "]`"
        case _:
            return f"`{default}`"


def kinds_of_problems(tree: ast.Module) -> Iterator[str]:
    """Yield the `kind` of every problem that a module makes.

    A kind that is put together from a function's argument is followed to that function's calls in the same module.
    """
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for kind in _kinds_in(function):
            if isinstance(kind, ast.JoinedStr):
                yield from _filled_in(kind, function, tree)
    for kind in _kinds_in(tree):
        if isinstance(kind, ast.Constant):
            yield kind.value
        else:
            assert isinstance(kind, ast.JoinedStr), f"the kind in line {kind.lineno} cannot be read"


def _kinds_in(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Problem":
            named = [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
            yield named[0] if named else node.args[1]


def _filled_in(
    kind: ast.JoinedStr, function: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module
) -> Iterator[str]:
    parameters = [each.arg for each in function.args.args]
    program = compile(ast.Expression(kind), "kind", "eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == function.name:
            given = zip(parameters, node.args, strict=False)
            yield eval(program, {name: each.value for name, each in given if isinstance(each, ast.Constant)})


def broken_links(markdown: str, folder: Path) -> list[str]:
    """Return the links to files that are not there."""
    targets = [target.partition("#")[0] for target in LINK.findall(markdown) if "://" not in target]
    return [target for target in targets if target and not (folder / target).exists()]


def test_every_setting_is_documented_with_its_default():
    rows = {row[0].strip("`"): row[1] for row in table_rows(document("docs/operating.md")) if len(row) >= 3}
    wanted = {name: as_written(default) for name, default in names_of_settings().items()}
    assert {name: rows.get(name) for name in wanted} == wanted


def test_no_setting_is_documented_that_is_not_there():
    known = names_of_settings().keys() | names_that_commands_read()
    known |= OF_THE_DEPLOYMENT  # what the containers are arranged by
    assert set(NAME_OF_A_SETTING.findall(document("docs/operating.md"))) == known
    for name in ("README.md", "docs/api.md", "docs/architecture.md"):
        assert set(NAME_OF_A_SETTING.findall(document(name))) <= known


def test_every_event_type_is_in_the_glossary():
    first_cells = [row[0].strip("`") for row in table_rows(document("docs/glossary.md")) if row[0].startswith("`")]
    types = [cell for cell in first_cells if re.fullmatch(r"[a-z]+\.[a-z]+", cell)]
    assert sorted(types) == sorted(EVENT_TYPES)


@pytest.mark.parametrize(
    "codes",
    [each for each in vars(shared.domain.codes).values() if isinstance(each, type) and issubclass(each, StrEnum)],
    ids=lambda codes: codes.__name__,
)
def test_every_code_is_in_the_glossary(codes: type[StrEnum]):
    glossary = document("docs/glossary.md")
    assert [code.value for code in codes if f"`{code.value}`" not in glossary] == []


def test_the_kinds_of_problems_are_found():
    tree = ast.parse(
        'Problem(422, "plain", "")\nProblem(status=409, kind="named")\n'
        "def made(request, name):\n    return Problem(kind=f\"unknown-{name.replace('_', '-')}\")\n"
        'made(1, "caused_by")\n'
    )
    assert set(kinds_of_problems(tree)) == {"plain", "named", "unknown-caused-by"}


def test_every_kind_of_problem_is_documented_and_no_other():
    used = {kind for _, tree in parsed(*PACKAGES) for kind in kinds_of_problems(tree)}
    section = document("docs/api.md").partition("## Problems")[2].partition("\n## ")[0]
    documented = {row[0].strip("`") for row in table_rows(section) if row[0].startswith("`")}
    assert documented == used


def test_a_link_that_leads_nowhere_is_noticed():
    text = "[a](README.md) [b](nowhere.md) [c](https://example.org/x) [d](#here) [e](README.md#there)"
    assert broken_links(text, ROOT) == ["nowhere.md"]


def test_every_link_leads_to_a_file():
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
    assert len(pages) >= 10
    broken = {str(page.relative_to(ROOT)): broken_links(page.read_text("utf-8"), page.parent) for page in pages}
    assert {page: links for page, links in broken.items() if links} == {}


def test_every_decision_page_says_context_decision_and_consequences():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert pages
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], page.name


def test_every_defence_that_is_run_switched_off_is_documented_and_no_other():
    section = document("docs/faults.md").partition("## The defences")[2]
    documented = {row[3].strip("`") for row in table_rows(section) if len(row) == 4 and row[3].startswith("`")}
    tests = {
        node.name
        for path, tree in parsed("tests/faults")
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ("test_defences" in str(path) or node.name.startswith("test_without_these"))
    }
    assert documented == tests


def test_every_test_of_a_fault_that_is_named_is_there():
    named = re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)`", document("docs/faults.md"))
    assert named
    assert [each for each in named if not (ROOT / each).exists() and not (ROOT / "tests/faults" / each).exists()] == []


@pytest.mark.parametrize("page", sorted((ROOT / "facts").rglob("README.md")), ids=lambda page: page.parent.name)
def test_facts_have_the_rows_that_their_readme_says(page: Path):
    said = {name: int(count) for name, count in ROW_OF_FACTS.findall(page.read_text("utf-8"))}
    counted = {}
    for path in page.parent.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            counted[path.name] = len(list(csv.DictReader(file)))
    assert counted == said
    assert counted
