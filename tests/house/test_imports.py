"""The walls between the parts, as `.importlinter` draws them."""

from pathlib import Path

from tests.house.project import ROOT, run_python

RUN = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True, no_logo=True))"


def test_every_import_contract_is_kept():
    status, said = run_python("-c", RUN, str(ROOT / ".importlinter"))
    assert status == 0, said


def test_a_broken_contract_is_noticed(tmp_path: Path):
    contract = tmp_path / "contracts.ini"
    contract.write_text(
        "[importlinter]\nroot_package = shared\n"
        "[importlinter:contract:wrong]\nname = the wire knows no domain\ntype = forbidden\n"
        "source_modules = shared.wire\nforbidden_modules = shared.domain\n"
    )
    status, said = run_python("-c", RUN, str(contract))
    assert status == 1, said
    assert "the wire knows no domain BROKEN" in said
