"""What stands in the project's files, and what must not."""

import re
import tomllib

import pytest

from tests.house.project import ROOT, all_files

# Put together here, so that this file does not hold what it looks for.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("proxy", "golang"))]
FOREIGN = re.compile(
    "|".join(
        [
            *map(re.escape, HOSTS),
            r"--(?:extra-)?index-" + r"url",
            r"(?<![\w.])/(?:home|Users)/[\w.-]+",
            r"(?<![\w.])/" + r"root\b",
        ]
    )
)
OTHER_LOCKS = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"}


def foreign_lines(text: str) -> list[str]:
    """Return what names a package registry's host or somebody's home folder."""
    return FOREIGN.findall(text)


def requirements(lock: str) -> dict[str, int]:
    """Return the number of hashes of each requirement of a lock file."""
    logical = lock.replace("\\\n", " ")
    lines = [line for line in logical.splitlines() if line.strip() and not line.strip().startswith("#")]
    return {normalised(line.split("==")[0]): line.count("--hash=sha256:") for line in lines}


def normalised(name: str) -> str:
    """Return a distribution's name in its one form."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", name.strip(), maxsplit=1)[0]).lower()


@pytest.mark.parametrize(
    "text",
    [
        f"https://files.{HOSTS[1]}/packages/a.whl",
        f"index = https://{HOSTS[0]}/simple",
        "open('/" + "home/ani/kembar')",
        "cd /" + "Users/ani",
        "/" + "root/.cache",
    ],
)
def test_a_foreign_name_is_noticed(text: str):
    assert foreign_lines(text)


@pytest.mark.parametrize("text", ["/homes/jakarta", "the home/partner", "data/home/x", "in the root folder"])
def test_what_only_looks_like_one_is_left_alone(text: str):
    assert not foreign_lines(text)


def test_no_file_names_a_registry_host_or_a_home_folder():
    found = {}
    for path in all_files():
        lines = foreign_lines(path.read_bytes().decode("utf-8", "replace"))
        if lines:
            found[str(path.relative_to(ROOT))] = lines
    assert found == {}


def test_there_is_one_lock_file():
    names = {path.name for path in all_files()}
    assert "requirements.lock" in names
    assert names & OTHER_LOCKS == set()


def test_a_requirement_without_a_hash_is_noticed():
    lock = "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via b\nB_c==2 ; sys_platform == 'linux'\n"
    assert requirements(lock) == {"a": 2, "b-c": 0}


def test_every_requirement_has_a_hash():
    lock = requirements((ROOT / "requirements.lock").read_text("utf-8"))
    assert lock
    assert [name for name, hashes in lock.items() if hashes == 0] == []


def test_the_lock_holds_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = (each for extra in project["optional-dependencies"].values() for each in extra)
    named = {normalised(each) for each in (*project["dependencies"], *extras)} - {normalised(project["name"])}
    assert named - requirements((ROOT / "requirements.lock").read_text("utf-8")).keys() == set()
