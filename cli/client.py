"""Talk to a running Kembar over HTTP, as any other program would."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from cli.embedded.folder import FOR_PEOPLE, where_running
from cli.stop import CannotGoOn

DEFAULT_URL = "http://127.0.0.1:8080"


class LineCut(Exception):
    """The line of a stream was cut; listen again, and hear how it stands."""


class Client:
    """A connection to the APIs."""

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url
        self._http = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)

    def get(self, path: str, parameters: dict[str, str | None], at_least: int | None = None) -> Any:  # noqa: ANN401
        """Ask; `at_least` waits until that position can be seen. Raises `CannotGoOn` with the problem's remedy."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        headers = {"Kembar-Min-Position": str(at_least)} if at_least is not None else {}
        return self._answer("GET", path, params=asked, headers=headers)[1]

    def post(self, path: str, body: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Post; return the status and the answer."""
        return self._answer("POST", path, json=body)

    def send(self, method: str, path: str, raw: bytes, parameters: dict[str, str | None]) -> Any:  # noqa: ANN401
        """Send bytes as they are; return the answer."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        return self._answer(method, path, content=raw, params=asked)[1]

    def fetch(self, path: str, parameters: dict[str, str | None]) -> httpx.Response:
        """Ask for a file; return the whole answer, its headers among it."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        return self._request("GET", path, params=asked)

    def listen(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the data of each event of a stream, until it ends. Raises `LineCut` where the line is cut before."""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise CannotGoOn(*_complaint(answer))
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "data":
                        yield json.loads(value)
        except httpx.TransportError as error:
            raise LineCut(str(error)) from error

    def _answer(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:  # noqa: ANN401
        answer = self._request(method, path, **arguments)
        return answer.status_code, answer.json()

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise CannotGoOn(
                f"No Kembar answers at {self.url} ({error}).",
                "Start one with `./kembar demo`, or say where it is with --url or KEMBAR_URL.",
            ) from error
        if answer.is_success:
            return answer
        raise CannotGoOn(*_complaint(answer))


def find_client(url: str | None, token: str | None, data: Path, role: str = "bureau") -> Client:
    """Return a client: where it is told, else where the data folder says, else at the default address.

    The token is the one given, else KEMBAR_TOKEN, else that of a role of the data folder, the bureau's unless another is
    needed.
    """
    address = url or os.environ.get("KEMBAR_URL") or where_running(data) or DEFAULT_URL
    return Client(address, token or os.environ.get("KEMBAR_TOKEN") or _kept_token(data, role))


def _kept_token(data: Path, role: str) -> str | None:
    try:
        tokens: dict[str, str] = json.loads((data / FOR_PEOPLE).read_text())
    except (OSError, ValueError):
        return None
    return tokens.get(role)


def _complaint(answer: httpx.Response) -> tuple[str, str]:
    try:
        problem = answer.json()
        lines = [f"{each['field']}: {each['problem']} {each['remedy']}" for each in problem.get("errors", [])]
        return "\n".join([problem["title"], *lines]), problem["remedy"]
    except (ValueError, KeyError):
        return f"The answer was {answer.status_code}: {answer.text[:200]}", "Look at the server's log."
