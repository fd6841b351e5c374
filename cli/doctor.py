"""`kembar doctor`: is the installation what it must be, and where it is not, what is to be done?

Every check is a question of its own and is asked whatever the others found, so that one look tells all.
"""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from rich.text import Text

from cli.bar import bar
from cli.embedded.folder import FORMAT, format_in
from cli.embedded.reach import Reached, open_ledger, reach
from cli.rebuild import PROJECTIONS
from cli.say import out
from cli.stop import CannotGoOn
from shared.ledger.archive import ArchiveBroken, last_position, read_archive, segments_in
from shared.ledger.copying import first_difference
from shared.ledger.follow import Checkpoint, LedgerBroken, check_what_was_read
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, Stored
from shared.ledger.stream import LedgerMisconfigured, LedgerMissing, check_fsync, check_stream
from shared.postgres.pool import DATABASE_ERRORS, Pool, open_pool_of_owner
from shared.projection.progress import read_checkpoint, read_checkpoints

PRIVATE_FILES = ("demo-tokens.json", "running.json", "run/addresses.json", "run/nats.conf")
PRIVATE_FOLDERS = ("nats", "postgres", "archive", "logs", "run", "secrets")
KEEPS_UP_SECONDS = 10.0
"""A projection that lags must have moved within this time; the archive writes four times a second."""
LOOK_AGAIN_SECONDS = 0.1

RESTORE = (
    "Stop Kembar, post nothing, and keep this data folder. Then `kembar restore {archive} --data <new folder>`, and start "
    "Kembar on the new folder."
)
REBUILD = "Compare with `kembar rebuild {name}`, then put the rebuilt tables in their place with `--swap`."
NEW_ARCHIVE = "Move {archive} away and restart Kembar: the ledger is copied anew. Keep the old one until `kembar doctor` is content."


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `remedy` says what to do; it is empty where all is well."""

    check: str
    ok: bool
    found: str
    remedy: str = ""


def doctor(data: Path) -> list[Finding]:
    """Check an installation, running or stopped; without a data folder, the one that the settings name."""
    data = data.expanduser().resolve()
    findings = list(check_folder(data)) if (data / "kembar.json").exists() else []
    for tables in (True, False):
        try:
            with reach(data, tables=tables) as reached:
                return [*findings, *asyncio.run(_check_engines(reached, tables=tables))]
        except CannotGoOn as stop:
            if not findings:
                raise
            findings.append(Finding("engines", False, stop.what, stop.remedy))
    return findings


def print_findings(findings: list[Finding]) -> None:
    """Print one line per check, and under each that failed what to do."""
    for each in findings:
        word, style = ("ok      ", "green") if each.ok else ("not ok  ", "bold red")
        out.print(Text.assemble((word, style), f"{each.check}: {each.found}"), soft_wrap=True)
        if each.remedy:
            out.print(Text(f"        {each.remedy}"), soft_wrap=True)


def as_json(findings: list[Finding]) -> dict[str, object]:
    """Return the findings as a program reads them."""
    return {"ok": all(each.ok for each in findings), "checks": [asdict(each) for each in findings]}


def check_folder(data: Path) -> Iterator[Finding]:
    """Check the data folder's format, and that nobody else can read what is private in it."""
    written = format_in(data / "kembar.json")
    yield Finding(
        "folder format",
        written == FORMAT,
        f"{data} says format {written}; this program writes {FORMAT}",
        "" if written == FORMAT else "Run the Kembar that wrote it, or put `kembar.json` back from a copy.",
    )
    open_to_others = [name for name in PRIVATE_FILES if _mode(data / name) & 0o077]
    open_to_others += [name for name in PRIVATE_FOLDERS if _mode(data / name) & 0o066]
    named = ", ".join(open_to_others)
    yield Finding(
        "folder permissions",
        not open_to_others,
        f"others can read {named}" if named else "only the owner can read what is private",
        f"In {data}: chmod go-rwx {named.replace(',', '')}. Then make new tokens if others may have read them."
        if named
        else "",
    )


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


async def _check_engines(reached: Reached, *, tables: bool) -> list[Finding]:
    async with open_ledger(reached.settings) as ledger:
        look = Look(ledger, reached)
        findings = [await look.answer(check) for check in (look.stream, look.fsync, look.archive, look.ledger)]
        if tables:
            findings += await asyncio.gather(*(look.projection(name) for name in PROJECTIONS))
    return findings


class Look:
    """One look at a ledger, its archive and its projections; what an earlier check found helps the later ones."""

    def __init__(self, ledger: Ledger, reached: Reached) -> None:
        self._ledger = ledger
        self._settings = reached.settings
        self._is_running = reached.is_running
        self._archive = reached.settings.archive_folder
        self._archived = 0
        self._is_there = True
        self._ledger_is_whole = False
        self._restore = RESTORE.format(archive=self._archive or "<a backup>")

    async def answer(self, check: Callable[[], Awaitable[Finding]]) -> Finding:
        """Ask; that nobody answers is a finding too."""
        try:
            return await check()
        except (*CONNECTION_ERRORS, httpx.HTTPError) as error:
            return Finding(check.__name__, False, f"no answer: {error!r}", "See the end of nats-server's log.")

    async def stream(self) -> Finding:
        """Check how the stream is configured."""
        try:
            await check_stream(self._ledger.client)
        except LedgerMisconfigured as error:
            self._is_there = not isinstance(error, LedgerMissing)
            return _of_configuration("ledger configuration", error)
        return Finding("ledger configuration", True, "write-once, unlimited, nothing can be deleted")

    async def fsync(self) -> Finding:
        """Check that every server syncs."""
        try:
            await check_fsync(self._settings.nats_monitor_urls)
        except LedgerMisconfigured as error:
            return _of_configuration("fsync", error)
        return Finding("fsync", True, "every write is on the disk before it is acknowledged")

    async def archive(self) -> Finding:
        """Read the whole archive, and see whether it keeps up with the ledger."""
        if self._archive is None:
            remedy = (
                "Set KEMBAR_ARCHIVE_FOLDER and run `kembar serve archive`; here, name the folder to have it checked."
            )
            return Finding("archive", False, "no folder for it is named", remedy)
        end = await self._end()
        try:
            await self._keeps_up(end)
            self._archived = sum(1 for _ in read_archive(self._archive))
        except ArchiveBroken as error:
            return Finding("archive", False, str(error), NEW_ARCHIVE.format(archive=self._archive))
        held = f"{self._archived} events in {len(segments_in(self._archive))} segments, all as they were written"
        if self._is_running and self._archived < end:
            remedy = "See the log of the services, or of `kembar serve archive`: a full disk, or nobody copies."
            return Finding("archive", False, f"{held}, but the ledger ends at {end}", remedy)
        return Finding("archive", True, held)

    async def _end(self) -> int:
        return await self._ledger.end() if self._is_there else 0

    async def _keeps_up(self, end: int) -> None:
        """Give who copies a moment, where somebody does."""
        assert self._archive is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(KEEPS_UP_SECONDS if self._is_running else 0):
                while last_position(self._archive) < end:  # noqa: ASYNC110 - another program writes it
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def ledger(self) -> Finding:
        """Read the whole ledger: no position left out, and the bytes that the archive has."""
        end = await self._end()
        try:
            if end < self._archived:
                raise LedgerBroken(f"the ledger ends at position {end}, but the archive holds {self._archived}")
            with bar("Reading the ledger", end) as advanced:
                difference = await first_difference(self._ledger, self._copies(), end, advanced)
        except LedgerBroken as error:
            return Finding("ledger", False, str(error), self._restore)
        if difference is not None:
            return Finding("ledger", False, difference, self._restore)
        self._ledger_is_whole = True
        compared = min(self._archived, end)
        return Finding("ledger", True, f"positions 1 to {end}, none left out; {compared} compared with the archive")

    def _copies(self) -> Iterator[Stored]:
        """Yield what the archive holds as far as it is intact."""
        if self._archive is not None:
            with suppress(ArchiveBroken):
                yield from read_archive(self._archive)

    async def projection(self, name: str) -> Finding:
        """Check that what a projection read last stands in the ledger, and that it keeps up."""
        check = f"projection {name}"
        try:
            pool = await open_pool_of_owner(self._settings, name)
        except (*DATABASE_ERRORS, OSError) as error:
            return Finding(check, False, f"no answer: {error!r}", "See the end of PostgreSQL's log.")
        async with pool:
            try:
                return await self._projection(check, name, pool)
            except DATABASE_ERRORS as error:
                if not self._is_running:
                    return Finding(check, True, "no tables yet; they are made at the first start")
                return Finding(check, False, f"its tables cannot be read: {error}", "Restart Kembar: it makes them.")
            except CONNECTION_ERRORS as error:
                return Finding(check, False, f"no answer: {error!r}", "See the ends of the engines' logs.")

    async def _projection(self, check: str, name: str, pool: Pool) -> Finding:
        projection = PROJECTIONS[name].projector.name
        try:
            for each in set(await read_checkpoints(pool, projection)):
                await check_what_was_read(self._ledger, each)
        except LedgerBroken as error:
            remedy = REBUILD.format(name=name) if self._ledger_is_whole else self._restore
            return Finding(check, False, str(error).split(". ")[0], remedy)
        checkpoint = await read_checkpoint(pool, projection) or Checkpoint()
        end = await self._end()
        if self._is_running:
            began, checkpoint = checkpoint, await self._catches_up(pool, projection, end)
            if checkpoint.position < end and checkpoint == began:
                remedy = f"See /{name}/readyz and the log of whoever projects; restart Kembar."
                return Finding(check, False, f"stands still at position {checkpoint.position} of {end}", remedy)
        behind = max(0, end - checkpoint.position)
        return Finding(
            check, True, f"at position {checkpoint.position}, {behind} behind; its last event is the ledger's"
        )

    async def _catches_up(self, pool: Pool, projection: str, end: int) -> Checkpoint:
        checkpoint = await read_checkpoint(pool, projection) or Checkpoint()
        with suppress(TimeoutError):
            async with asyncio.timeout(KEEPS_UP_SECONDS):
                while checkpoint.position < end:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                    checkpoint = await read_checkpoint(pool, projection) or Checkpoint()
        return checkpoint


def _of_configuration(check: str, error: LedgerMisconfigured) -> Finding:
    found, _, remedy = str(error).partition(". ")
    return Finding(check, False, found, remedy or "Set it back, and find out who changed it.")
