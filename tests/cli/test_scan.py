"""`kembar scan` says what an advisory service knows, and never that all is well where it could not ask."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.embedded.nats_server import free_ports
from cli.lock import read_lock
from cli.scan import scan
from cli.stop import CannotGoOn
from tests.support.program import run

ADVISORY = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-0001"],
    "summary": "A made-up weakness\nin two \x1b[31mlines",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "fastapi", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.1"}, {"fixed": "9999.1"}]}],
        }
    ],
}
WITHOUT_A_FIX = {
    **ADVISORY,
    "id": "PYSEC-2026-1",
    "aliases": [],
    "affected": [{**ADVISORY["affected"][0], "ranges": []}],
}
GARBAGE = {
    "no JSON": b"<html>Sign in to the hotel's network</html>",
    "another document": b'{"detail": "not here"}',
    "a list": b'["vulns"]',
    "no list in it": b'{"vulns": 3}',
    "an advisory without an id": b'{"vulns": [{}]}',
    "an advisory of nothing": b'{"vulns": [{"id": "X-1"}]}',
    "an advisory of a later form": b'{"vulns": [{"id": "X-1", "schema_version": "2.0.0", "affected": []}]}',
    "a version that is none": json.dumps(
        {
            "vulns": [
                {
                    **ADVISORY,
                    "affected": [
                        {**ADVISORY["affected"][0], "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "?"}]}]}
                    ],
                }
            ]
        }
    ).encode(),
}


@contextmanager
def answering(answer, status=200):
    """Serve as the advisory service does: `answer` takes a package's name and version, and gives the body."""
    asked = []

    class Service(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # headers and body at once

        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((query["package"]["name"], query["version"]))
            body = answer(*asked[-1])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def knows_of_fastapi(name, version):
    return json.dumps({"vulns": [ADVISORY, WITHOUT_A_FIX]} if name == "fastapi" else {}).encode()


def test_every_locked_package_is_asked_about_and_nothing_known_is_zero():
    with answering(lambda name, version: b"{}") as (service, asked):
        done = run("scan", "--service", service)

    assert done.returncode == 0, done.stderr
    assert asked == [(each.name, each.version) for each in read_lock()]
    assert f"Nothing is known against the {len(asked)} packages" in done.stdout


def test_what_is_known_is_told_with_what_to_do_and_is_one():
    with answering(knows_of_fastapi) as (service, _):
        done = run("scan", "--service", service)
        told = run("scan", "--service", service, "--json")

    locked = next(each for each in read_lock() if each.name == "fastapi")
    assert (done.returncode, told.returncode) == (1, 1), done.stderr
    found = json.loads(told.stdout)
    assert [(each["package"], each["version"], each["id"], each["fixed_in"]) for each in found] == [
        ("fastapi", locked.version, "CVE-2026-0001", ["0.1", "9999.1"]),
        ("fastapi", locked.version, "PYSEC-2026-1", []),
    ]
    assert "Raise fastapi to 9999.1 or later (needed by kembar" in found[0]["remedy"]
    assert "Replace fastapi" in found[1]["remedy"]
    assert "CVE-2026-0001: A made-up weakness in two  [31mlines" in done.stdout
    assert "9999.1" in done.stdout


def test_where_the_service_cannot_be_reached_that_is_said_and_is_three():
    done = run("scan", "--service", f"http://127.0.0.1:{free_ports(1)[0]}/v1/query")

    assert done.returncode == 3
    assert "it is not known whether the packages are safe" in done.stderr
    assert "--service" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Nothing is known" not in done.stdout


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_an_answer_that_is_no_advisory_services_is_not_taken_for_all_is_well(body):
    with answering(lambda name, version: body) as (service, _), pytest.raises(CannotGoOn) as stopped:
        scan(service)

    assert stopped.value.code == 3
    assert "does not answer as an advisory service does" in stopped.value.what


@pytest.mark.parametrize("status", [404, 429, 500])
def test_an_error_of_the_service_is_not_taken_for_all_is_well(status):
    with answering(lambda name, version: b"{}", status) as (service, _), pytest.raises(CannotGoOn) as stopped:
        scan(service)

    assert stopped.value.code == 3
    assert str(status) in stopped.value.what


def test_an_address_that_is_none_is_said_to_be_none():
    with pytest.raises(CannotGoOn) as stopped:
        scan("nowhere")

    assert (stopped.value.code, "nowhere" in stopped.value.what) == (3, True)
