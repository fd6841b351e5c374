"""Secrets are read from files, one per secret, so that each process can be given its own and no others."""

from pathlib import Path


class SecretMissing(Exception):
    """A secret that is needed is not there; the message names the file."""


def read_secret(folder: Path | None, name: str) -> str | None:
    """Return the secret of this name; None where the installation keeps no secrets.

    Raises `SecretMissing` where there is a folder for secrets and this one is not in it.
    """
    if folder is None:
        return None
    try:
        return (folder / name).read_text("utf-8").strip()
    except OSError as error:
        raise SecretMissing(f"The secret {folder / name} cannot be read: {error.strerror}.") from error
