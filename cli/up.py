"""`kembar up` and `kembar demo`: everything on one machine, until Ctrl-C."""

import signal
import threading
import time
from pathlib import Path
from types import FrameType

from cli.client import Client
from cli.embedded.folder import FOR_PEOPLE, DataFolder
from cli.embedded.stack import Stack
from cli.facts import JAKARTA, load_facts
from cli.people import first_administrator_link
from cli.say import out, say
from cli.show import print_differences, ratings_table

STUDY_ENDS_ON = "2020-12-31"
LOOK_EVERY_SECONDS = 0.5


def up(data: Path, port: int, *, with_facts: bool) -> None:
    """Start all parts, load the facts if asked, say where to look, and run until interrupted."""
    started = time.monotonic()
    asked_to_stop = _listen_for_the_end()
    folder = DataFolder.open(data)
    stack = Stack(folder, port, say)
    try:
        stack.start()
        say(f"All parts answer after {time.monotonic() - started:.1f} s.")
        if with_facts and not asked_to_stop.is_set():
            _show_the_main_job(stack)
            out.print(f"\nJakarta at the end of the study: [bold]{stack.url}/?on={STUDY_ENDS_ON}[/]", soft_wrap=True)
        if link := first_administrator_link(stack.settings):
            out.print(f"There is no administrator yet. Become it, once, within three days:\n{link}", soft_wrap=True)
        out.print(f"Tokens for programs, one per role: {folder.file(FOR_PEOPLE)}", soft_wrap=True)
        out.print(f"Kembar, today: [bold]{stack.url}/[/]   (Ctrl-C stops it)", soft_wrap=True)
        while not asked_to_stop.wait(LOOK_EVERY_SECONDS):
            stack.watch()
    finally:
        if stack.is_running:
            say("Stopping the services, nats-server and PostgreSQL ...")
            stack.stop()
        folder.release()
    say("Stopped; nothing is lost. The same command goes on from here.")


def _show_the_main_job(stack: Stack) -> None:
    """Post Jakarta's facts, then ask for the ratings on the last day of the study."""
    client = Client(stack.url, stack.tokens["bureau"])
    count, new, position = load_facts(client, JAKARTA)
    say(f"{count} facts posted, {new} of them new; the ledger stands at position {position} or later.")
    answer = client.get("/reports/v1/ratings", {"on": STUDY_ENDS_ON}, at_least=position)
    out.print(ratings_table(answer))
    print_differences(answer, JAKARTA)


def _listen_for_the_end() -> threading.Event:
    asked_to_stop = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked_to_stop.is_set():
            return
        asked_to_stop.set()
        if number == signal.SIGINT:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)  # the terminal was closed
    return asked_to_stop
