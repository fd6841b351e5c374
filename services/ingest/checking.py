"""Check a file in a process of its own, with a limit of time and of memory: no file can hold up the pages."""

import asyncio
import contextlib
import multiprocessing
import sys
from multiprocessing.connection import Connection

from services.ingest.check import Checked, Context, RowFinding, check_file
from services.ingest.files import Format

LONGEST_SECONDS = 60.0
MOST_MEMORY_BYTES = 4_000_000_000


async def check_apart(
    raw: bytes, file_format: Format, context: Context, longest_seconds: float = LONGEST_SECONDS
) -> Checked:
    """Check the file; one that takes too long or too much memory is refused."""
    spawning = multiprocessing.get_context("spawn")
    receiver, sender = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_check, args=(sender, raw, file_format, context), daemon=True)

    def run() -> Checked:
        process.start()
        sender.close()
        try:
            if not receiver.poll(longest_seconds):
                return _refusal(f"The file could not be checked within {longest_seconds:.0f} seconds.")
            found: Checked = receiver.recv()
            return found
        except EOFError:
            return _refusal("The file needs more memory than there is for a check.")
        finally:
            process.kill()
            process.join()
            receiver.close()

    try:
        return await asyncio.to_thread(run)
    except asyncio.CancelledError:
        with contextlib.suppress(ValueError, AttributeError):
            process.kill()
        raise


def _check(sender: Connection, raw: bytes, file_format: Format, context: Context) -> None:
    """Run in the process apart."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    try:
        checked = check_file(raw, file_format, context)
    except MemoryError:
        checked = _refusal("The file needs more memory than there is for a check.")
    sender.send(checked)


def _refusal(problem: str) -> Checked:
    checked = Checked()
    checked.note(RowFinding(0, "", "error", "", problem, "Send it in parts, or save it as CSV."))
    return checked
