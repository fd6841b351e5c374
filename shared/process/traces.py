"""Traces: an event can be followed from its request to the alert that it raised, through every process that had it in hand.

Off unless `KEMBAR_OTLP_ENDPOINT` is set: then nothing of it is loaded, and every step below does nothing. A step says what was
done, how long it took and whether it succeeded; never who asked, nor what stood in it. Between processes a step travels
as the `traceparent` of W3C Trace Context, beside the event and never in it.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

from shared.process.settings import Settings

if TYPE_CHECKING:
    from shared.process.otlp import Tracing

Kind = Literal["server", "client", "producer", "consumer"]
Value = str | int

_tracing: "Tracing | None" = None


class Step(Protocol):
    """Something that is being done, for as long as its context lasts; an exception that ends it is noted by its kind."""

    @property
    def traceparent(self) -> str | None:
        """What lets another process go on with the trace; None where nobody follows it."""

    def note(self, **said: Value) -> None:
        """Note something of it. Dots stand in the names of OpenTelemetry where underscores stand twice here."""

    def rename(self, name: str) -> None:
        """Give it the name that is only known now."""

    def fail(self, why: str) -> None:
        """Note that it did not succeed, in a word of ours."""

    def __enter__(self) -> "Step": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


class _Nothing:
    """A step that nobody follows."""

    traceparent: str | None = None

    def note(self, **said: Value) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self, why: str) -> None:
        pass

    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


NOTHING: Step = _Nothing()


def set_up_traces(settings: Settings, *, service: str) -> None:
    """Send this process's traces where the settings say, until `end_traces`; nowhere if they say nothing."""
    global _tracing
    if settings.otlp_endpoint is None:
        return
    from shared.process.otlp import Tracing

    _tracing = Tracing(settings.otlp_endpoint, service, settings.traced_share)


def end_traces() -> None:
    """Send what is left, for two seconds at most, and follow nothing any more."""
    global _tracing
    if _tracing is not None:
        _tracing.end()
        _tracing = None


def begin(name: str, kind: Kind, traceparent: str | None = None) -> Step:
    """Begin a step of a trace: of the one that whoever asked is in, else of a new one, which is followed by chance."""
    return NOTHING if _tracing is None else _tracing.begin(name, kind, traceparent)


def step(name: str, kind: Kind) -> Step:
    """Begin a step of what is being done; nothing where that is not followed."""
    return NOTHING if _tracing is None else _tracing.step(name, kind)


def go_on(name: str, kind: Kind, traceparent: str | None, since: datetime | None = None, **said: Value) -> Step:
    """Begin a step of the trace that came beside something; nothing where none came, or where it came long ago."""
    if _tracing is None or traceparent is None:
        return NOTHING
    return _tracing.go_on(name, kind, traceparent, said, since)


@contextmanager
def go_on_with_all(name: str, kind: Kind, came: Iterable[tuple[str | None, datetime, int]]) -> Iterator[None]:
    """Begin a step of each trace that came beside an entry of the ledger: its traceparent, moment and position."""
    if _tracing is None:
        yield
        return
    with ExitStack() as steps:
        for traceparent, since, position in came:
            if traceparent is not None:
                steps.enter_context(go_on(name, kind, traceparent, since, kembar__position=position))
        yield


def onward() -> dict[str, str]:
    """Return the headers by which another service of ours goes on with what is being done."""
    traceparent = _tracing.current() if _tracing is not None else None
    return {"traceparent": traceparent} if traceparent is not None else {}
