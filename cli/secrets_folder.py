"""The secrets of an installation: a key per NATS user, a password per PostgreSQL role, drawn once, each in its own file."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import nkeys

from cli.stop import CannotGoOn
from shared.ledger.rights import USERS, routes_configuration, users_configuration
from shared.postgres.roles import OWNER, SERVICES, password_name

NATS_CONFIGURATION = "nats-users.conf"
NATS_ROUTES = "nats-routes.conf"


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
        keys = {user: _public_key(folder / seed_name(user)) for user in USERS}
        _write(folder / NATS_CONFIGURATION, users_configuration(keys))
    except OSError as error:
        raise CannotGoOn(
            f"The secrets cannot be written to {folder}: {error.strerror}.", "Make the folder writable for you."
        ) from error


def seed_name(user: str) -> str:
    """Return the name of the file that holds a NATS user's key."""
    return f"nats-{user}.seed"


def _draw(path: Path, draw: Callable[[], str]) -> None:
    if not path.exists():
        _write(path, draw())


def _write(path: Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content + "\n")


def _public_key(seed: Path) -> str:
    public_key: bytes = nkeys.from_seed(seed.read_text().strip().encode()).public_key
    return public_key.decode()
