"""A receiver of alerts on this machine: it checks each signature as receivers do, and remembers what came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

UNFIT = 400


class Receiver(ThreadingHTTPServer):
    """Takes messages whose signature fits the secret it was told; counts those that do not."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secret = ""
        self.taken: list[str] = []
        self.unfit = 0

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_address[1]}/kembar"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            Webhook(self.server.secret).verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            self.server.unfit += 1
            self.send_response(UNFIT)
        else:
            self.server.taken.append(self.headers["webhook-id"])
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver while it runs."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, name="receiver")
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
