"""Traces by OpenTelemetry, sent to a collector by OTLP over HTTP; loaded only where one is set.

What is left to send waits in memory, 2,048 steps at most; a collector that is away costs those, and keeps nobody waiting.
"""

import re
import threading
from collections.abc import Mapping
from contextvars import Token
from datetime import datetime, timedelta
from types import TracebackType

import requests
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.process.clock import now
from shared.process.metrics import VERSION
from shared.process.traces import NOTHING, Kind, Step, Value

SEND_EVERY_SECONDS = 1.0
LONGEST_SECONDS = 2.0
MOST_WAITING = 2_048
GOES_ON_FOR = timedelta(hours=1)
"""What is read of the ledger later than that is read again, such as for new tables: its trace was told long ago."""
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class Tracing:
    """What makes and sends the steps of this process; `share` of the traces that begin here are followed."""

    def __init__(self, endpoint: str, service: str, share: float) -> None:
        about = {"service.name": f"kembar-{service}", "service.namespace": "kembar", "service.version": VERSION}
        session = requests.Session()
        session.trust_env = False
        self._exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=LONGEST_SECONDS, session=session)
        waiting = BatchSpanProcessor(
            self._exporter, max_queue_size=MOST_WAITING, schedule_delay_millis=SEND_EVERY_SECONDS * 1_000
        )
        sampler = ParentBased(TraceIdRatioBased(share))
        provider = TracerProvider(sampler=sampler, resource=Resource.create(about), shutdown_on_exit=False)
        provider.add_span_processor(waiting)
        self._tracer = provider.get_tracer("kembar", VERSION)
        self._provider = provider

    def begin(self, name: str, kind: Kind, traceparent: str | None) -> Step:
        """Begin a step of a trace that came, else of a new one."""
        return self._open(name, kind, _context_of(traceparent) or Context())

    def step(self, name: str, kind: Kind) -> Step:
        """Begin a step of what is being done here; nothing where that is not followed."""
        followed = trace.get_current_span().is_recording()
        return self._open(name, kind, context.get_current()) if followed else NOTHING

    def go_on(
        self, name: str, kind: Kind, traceparent: str, said: Mapping[str, Value], since: datetime | None = None
    ) -> Step:
        """Begin a step of a trace that came; nothing where it cannot be read, or came long ago."""
        came = _context_of(traceparent) if since is None or now() - since <= GOES_ON_FOR else None
        opened = self._open(name, kind, came) if came is not None else NOTHING
        opened.note(**said)
        return opened

    def current(self) -> str | None:
        """Return what lets another go on with what is being done here; None where it is not followed."""
        return _traceparent_of(trace.get_current_span())

    def send(self) -> None:
        """Send what waits, now."""
        self._provider.force_flush()

    def end(self) -> None:
        """Send what waits, for two seconds at most, and follow nothing any more."""
        giving_up = threading.Timer(LONGEST_SECONDS, self._exporter.shutdown)
        giving_up.daemon = True
        giving_up.start()
        self._provider.shutdown()
        giving_up.cancel()

    def _open(self, name: str, kind: Kind, under: Context) -> Step:
        return _Opened(self._tracer.start_span(name, under, KINDS[kind]))


class _Opened:
    """A step that is followed, or was left out by chance."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    @property
    def traceparent(self) -> str | None:
        return _traceparent_of(self._span)

    def note(self, **said: Value) -> None:
        for name, value in said.items():
            self._span.set_attribute(name.replace("__", "."), value)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))

    def __enter__(self) -> Step:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self.fail(kind.__name__)  # what an exception says can hold what was sent
        assert self._token is not None
        context.detach(self._token)
        self._span.end()


def _context_of(traceparent: str | None) -> Context | None:
    """Return the context of a trace that came; None where that is no traceparent."""
    read = TRACEPARENT.fullmatch(traceparent or "")
    if read is None:
        return None
    trace_id, span_id, flags = (int(each, 16) for each in read.groups())
    came = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(came), Context()) if came.is_valid else None


def _traceparent_of(span: Span) -> str | None:
    at = span.get_span_context()
    if not span.is_recording():
        return None
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"
