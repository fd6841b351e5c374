"""A collector of traces on this machine: takes what is sent by OTLP over HTTP, and reads it with the protocol's own messages."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Told:
    """A step as it came: of which process, in which trace, under which other step."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: str | None
    said: dict[str, Any]


@dataclass
class Collector:
    """What has come so far; `raw` are the very bytes."""

    url: str
    steps: list[Told] = field(default_factory=list)
    raw: bytes = b""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for of_process in request.resource_spans:
            (service,) = (
                each.value.string_value for each in of_process.resource.attributes if each.key == "service.name"
            )
            for scope in of_process.scope_spans:
                self.steps += [_told(service, span) for span in scope.spans]

    def of_trace(self, trace: str) -> list[Told]:
        return [each for each in self.steps if each.trace == trace]


def _told(service: str, span: Any) -> Told:
    said = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
    failed = span.status.message if span.status.code == 2 else None
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Told(service, span.name, *ids, span.kind, failed, said)


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """A collector for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
