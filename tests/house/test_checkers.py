"""What ruff and mypy say of the whole project."""

import pytest

from tests.house.project import run_python


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("ruff", "check", "--no-cache", "."), id="ruff check"),
        pytest.param(("ruff", "format", "--no-cache", "--check", "."), id="ruff format"),
        pytest.param(("mypy",), id="mypy"),
    ],
)
def test_the_checker_has_nothing_to_say(arguments: tuple[str, ...]):
    status, said = run_python("-m", *arguments)
    assert status == 0, said


def test_ruff_notices_a_blind_except():
    status, said = run_python("-c", RUN_ON_A_BLIND_EXCEPT)
    assert status == 1, said
    assert "BLE001" in said


RUN_ON_A_BLIND_EXCEPT = """
import subprocess, sys
bad = b"try:\\n    print(1)\\nexcept Exception:\\n    print(2)\\n"
ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--stdin-filename", "shared/bad.py", "-"]
sys.exit(subprocess.run(ruff, input=bad).returncode)
"""
