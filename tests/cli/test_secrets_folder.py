"""Secrets are drawn once, and renewed in steps that each fit the one before and the one after."""

import re
from pathlib import Path

import pytest

from cli.secrets_folder import NEXT, PASSWORDS, ensure_secrets, renew_secrets, take_renewed_secrets
from cli.stop import CannotGoOn
from shared.ledger.rights import USERS
from shared.postgres.roles import OWNER, SERVICES, password_name, role_of


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def admitted(folder: Path) -> list[str]:
    """The public keys that nats-server would let in."""
    return re.findall(r"nkey: (\w+)", (folder / "nats-users.conf").read_text())


@pytest.fixture
def secrets(tmp_path):
    folder = tmp_path / "secrets"
    ensure_secrets(folder)
    return folder


def test_drawing_again_changes_nothing(secrets):
    before = contents(secrets)
    ensure_secrets(secrets)
    assert contents(secrets) == before


def test_while_secrets_are_renewed_both_keys_of_each_user_are_good(secrets):
    before, former = contents(secrets), admitted(secrets)

    renew_secrets(secrets)

    kept = {name: text for name, text in contents(secrets).items() if name != "nats-users.conf"}
    assert kept == {name: text for name, text in before.items() if name != "nats-users.conf"}
    assert len(set(admitted(secrets))) == 2 * len(USERS)
    assert admitted(secrets)[: len(USERS)] == former


def test_renewing_twice_draws_once(secrets):
    renew_secrets(secrets)
    drawn = contents(secrets / NEXT)
    renew_secrets(secrets)
    assert contents(secrets / NEXT) == drawn


def test_the_statements_give_every_role_its_new_password_at_once(secrets):
    renew_secrets(secrets)
    drawn = contents(secrets / NEXT)
    lines = drawn[PASSWORDS].split("\n")
    assert (lines[0], lines[-2]) == ("BEGIN;", "COMMIT;")
    assert lines[1:-2] == [
        f"ALTER ROLE {role_of(role)} PASSWORD '{drawn[password_name(role)].strip()}';" for role in (OWNER, *SERVICES)
    ]


def test_secrets_that_are_taken_stand_in_the_same_files_and_former_keys_go_at_the_end(secrets):
    before, former = contents(secrets), set(admitted(secrets))
    files = {path.name: path.stat().st_ino for path in secrets.iterdir()}
    renew_secrets(secrets)
    drawn = contents(secrets / NEXT)

    take_renewed_secrets(secrets)

    taken = contents(secrets)
    assert all(taken[name] == drawn[name] != before[name] for name in before if name != "nats-users.conf")
    assert {path.name: path.stat().st_ino for path in secrets.iterdir()} == files
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets.iterdir())
    assert former < set(admitted(secrets))
    ensure_secrets(secrets)
    assert not former & set(admitted(secrets))
    assert len(admitted(secrets)) == len(USERS)


def test_nothing_is_taken_that_was_not_renewed_and_nothing_renewed_where_there_is_nothing(secrets, tmp_path):
    with pytest.raises(CannotGoOn, match="No secrets were renewed"):
        take_renewed_secrets(secrets)
    with pytest.raises(CannotGoOn, match="holds no secrets"):
        renew_secrets(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
