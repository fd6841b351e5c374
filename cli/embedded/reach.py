"""Reach the engines of an installation as its services do: those that run, or a stopped folder's, started for the while."""

import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, NatsAddress, nats_part
from cli.embedded.part import end_what_was_left
from cli.embedded.postgres import postgres_part
from cli.secrets_folder import ensure_secrets
from cli.stop import CannotGoOn
from shared.ledger.ledger import Ledger
from shared.process.logs import set_up_logs
from shared.process.settings import Settings

ADDRESSES = "run/addresses.json"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the engines answer. `is_running` says whether the services run too."""

    settings: Settings
    is_running: bool


@contextmanager
def reach(data: Path | Settings, *, tables: bool = True) -> Iterator[Reached]:
    """Yield how to connect; `tables=False` leaves PostgreSQL stopped where it is.

    Without a data folder, the settings of the environment say where the engines are, as for `serve`; or those that are
    given instead. Raises `CannotGoOn` where there is neither.
    """
    if isinstance(data, Settings):
        yield Reached(data, is_running=True)
        return
    data = data.expanduser().resolve()
    if not (data / "kembar.json").exists():
        if "KEMBAR_NATS_URL" not in os.environ:
            raise CannotGoOn(
                f"{data} is no data folder of Kembar.",
                "Name it with --data; in production set the addresses in the environment, as for `kembar serve`.",
            )
        yield Reached(Settings(), is_running=True)
    elif is_in_use(data):
        yield Reached(settings_from(_read_addresses(data)), is_running=True)
    else:
        with _started(data, tables=tables) as environment:
            yield Reached(settings_from(environment), is_running=False)


@asynccontextmanager
async def open_ledger(settings: Settings, user: str = "archive") -> AsyncIterator[Ledger]:
    """Connect to the ledger that the settings name, as the user that may only read, or as another."""
    set_up_logs("warning", service="command")  # to standard error: a command's own output is its answer
    ledger = await Ledger.connect(settings.nats_url, user, settings.secrets_folder)
    try:
        yield ledger
    finally:
        await ledger.close()


def write_addresses(folder: DataFolder, environment: Mapping[str, str]) -> None:
    """Keep what the services are told about the engines, readable by the owner only."""
    folder.write_private(ADDRESSES, dict(environment))


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Return the settings that this environment gives, whatever stands in our own."""
    values: dict[str, object] = {name.removeprefix("KEMBAR_").lower(): value for name, value in environment.items()}
    for name in ("nats_monitor_urls", "trusted_proxies", "webhook_networks"):
        if name in values:
            values[name] = json.loads(str(values[name]))
    return Settings.model_validate({**Settings().model_dump(), **values})


def is_in_use(data: Path) -> bool:
    """Say whether a program holds the data folder."""
    try:
        with (data / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def engines_environment(address: NatsAddress, dsn: str | None, data: Path) -> dict[str, str]:
    """Return how a program connects to engines on this machine, as settings in the environment."""
    return {
        "KEMBAR_NATS_URL": address.url,
        "KEMBAR_SECRETS_FOLDER": str(data / SECRETS),
        "KEMBAR_NATS_MONITOR_URLS": json.dumps([address.monitor_url]),
        "KEMBAR_ARCHIVE_FOLDER": str(archive_of(data)),
        **({"KEMBAR_POSTGRES_DSN": dsn} if dsn else {}),
    }


def archive_of(data: Path) -> Path:
    """Return where the ledger of a data folder is copied to: where the environment says, else beside it in the folder."""
    return Settings().archive_folder or data / "archive"


def _read_addresses(data: Path) -> dict[str, str]:
    try:
        addresses: dict[str, str] = json.loads((data / ADDRESSES).read_text())
    except (OSError, ValueError) as error:
        raise CannotGoOn(
            f"Kembar holds {data}, but does not say where its parts are ({error}).",
            "It may be starting just now: try again in a moment. Otherwise restart it, or ask as its owner.",
        ) from error
    return addresses


@contextmanager
def _started(data: Path, *, tables: bool) -> Iterator[dict[str, str]]:
    folder = DataFolder.open(data)
    parts = []
    try:
        end_what_was_left(folder.path)
        ensure_secrets(folder.file(SECRETS))
        nats, address = nats_part(folder.path)
        parts.append(nats)
        dsn = None
        if tables:
            postgres, dsn = postgres_part(folder.path)
            parts.append(postgres)
        for part in parts:
            part.start()
        for part in parts:
            part.wait_until_ready(START_SECONDS)
        yield engines_environment(address, dsn, folder.path)
    finally:
        for part in parts:
            part.stop()
        folder.release()
