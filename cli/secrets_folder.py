"""The secrets of an installation: a key per NATS user, a password per PostgreSQL role, drawn once, each in its own file."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import nkeys

from cli.stop import CannotGoOn
from shared.ledger.rights import USERS, routes_configuration, users_configuration
from shared.postgres.roles import OWNER, SERVICES, password_name, role_of

NATS_CONFIGURATION = "nats-users.conf"
NATS_ROUTES = "nats-routes.conf"
NEXT = "next"
"""The folder, within that of the secrets, of those that are to take their place."""
PASSWORDS = "postgres-passwords.sql"


def ensure_secrets(folder: Path) -> None:
    """Draw what is missing, and write the users' public keys and rights for nats-server beside it.

    Every file can be read by its owner only. Files that are there are kept, so that running it again changes nothing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for user in USERS:
            _draw(folder / seed_name(user), lambda: nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode())
        for role in (OWNER, *SERVICES):
            _draw(folder / password_name(role), lambda: secrets.token_urlsafe(24))
        _draw(folder / NATS_ROUTES, lambda: routes_configuration(secrets.token_hex(24)))
        following = [_public_keys(folder / NEXT)] if (folder / NEXT).exists() else []
        _write(folder / NATS_CONFIGURATION, users_configuration(_public_keys(folder), *following))
    except OSError as error:
        raise _not_writable(folder, error) from error


def renew_secrets(folder: Path) -> None:
    """Draw all anew beside those that are in use, and admit both keys of each NATS user. Safe to run again.

    Beside them stands a file of SQL that gives every PostgreSQL role its new password.
    """
    _refuse_a_folder_without_secrets(folder)
    ensure_secrets(folder / NEXT)
    statements = [
        f"ALTER ROLE {role_of(role)} PASSWORD '{(folder / NEXT / password_name(role)).read_text().strip()}';\n"
        for role in (OWNER, *SERVICES)
    ]
    _write(folder / NEXT / PASSWORDS, f"BEGIN;\n{''.join(statements)}COMMIT;")
    ensure_secrets(folder)


def take_renewed_secrets(folder: Path) -> None:
    """Put the secrets that were drawn anew in the place of those in use; NATS keys of before stay admitted.

    They are written into the same files: what hands single files over to containers goes on seeing them. The next
    `ensure_secrets` admits the keys of before no more.
    """
    renewed = folder / NEXT
    if not (renewed / PASSWORDS).exists():
        raise CannotGoOn(f"No secrets were renewed in {folder}.", "Run `kembar secrets <folder> --renew` first.")
    try:
        for path in sorted(renewed.iterdir()):
            if path.name not in (NATS_CONFIGURATION, PASSWORDS):
                _write(folder / path.name, path.read_text().removesuffix("\n"))
        shutil.rmtree(renewed)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _refuse_a_folder_without_secrets(folder: Path) -> None:
    if not (folder / password_name(OWNER)).exists():
        raise CannotGoOn(f"{folder} holds no secrets.", "Name the folder that `kembar secrets` made.")


def _not_writable(folder: Path, error: OSError) -> CannotGoOn:
    return CannotGoOn(
        f"The secrets cannot be written to {folder}: {error.strerror}.", "Make the folder writable for you."
    )


def seed_name(user: str) -> str:
    """Return the name of the file that holds a NATS user's key."""
    return f"nats-{user}.seed"


def _draw(path: Path, draw: Callable[[], str]) -> None:
    if not path.exists():
        _write(path, draw())


def _write(path: Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content + "\n")


def _public_keys(folder: Path) -> dict[str, str]:
    return {user: _public_key(folder / seed_name(user)) for user in USERS}


def _public_key(seed: Path) -> str:
    public_key: bytes = nkeys.from_seed(seed.read_text().strip().encode()).public_key
    return public_key.decode()
