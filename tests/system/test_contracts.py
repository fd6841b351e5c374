"""The OpenAPI documents are true for every role: no error of ours, nothing undocumented, nobody beyond the rules.

Cases are drawn from the documents themselves, right ones and wrong ones. `CONTRACTS=long` draws many more.
"""

import asyncio
import json
import os
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.domain.access import Role
from tests.shared.domain.test_access import RIGHTS
from tests.shared.web.test_rules import RULES
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.homes import MINISTRY, three_homes_on, token_of

CASES = 60 if os.environ.get("CONTRACTS") == "long" else 4
"""Of each operation as many right and as many wrong, each sent by every role."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REFUSED = (400, 401, 403, 404, 405, 422)
"""What somebody is answered who may not: also where the address of the drawn case is that of no route, or no address, and
where its body is no JSON, which is seen before anybody asks who sent it."""
SERVICES = ["ingest", "scoring", "reports"]
WITHOUT_AN_END = "/scoring/v1/alerts/stream"
"""An answer that goes on for ever is never whole; tests/system/test_streams.py asks for it."""


@pytest.fixture(scope="module")
async def homes(postgres, tmp_path_factory):
    """An installation of its own: whatever can be posted is posted to it."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            three_homes_on(server, dsn, tmp_path_factory.mktemp("contracts")) as running,
        ):
            yield running


@contextmanager
def sessions():
    """Yield who asks: a session for each role."""
    with ExitStack() as opened:
        yield {role: opened.enter_context(session_of(role)) for role in Role}


def session_of(role: Role) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    if role is not Role.PUBLIC:
        home = MINISTRY if role is Role.MINISTRY else "jakarta"
        session.headers["Authorization"] = f"Bearer {token_of(role.value, home)}"
    return session


def run_contracts(url: str, document: dict, answered: Counter) -> None:
    """Draw cases from a document, send each as every role, and check every answer."""
    schema = schemathesis.openapi.from_dict(document).exclude(path=WITHOUT_AN_END)
    with sessions() as by_role:
        for found in schema.get_all_operations():
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                check_cases(found.ok(), mode, url, by_role, answered)


def check_cases(operation, mode, url, by_role, answered) -> None:
    """Send the cases of one operation; for what takes nothing, nothing wrong can be drawn."""
    route = f"{operation.method.upper()} {operation.path}"
    action = RULES[route].value

    @seed(20261121)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        for role, session in by_role.items():
            response = case.call(base_url=url, session=session)
            answered[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            may = action in RIGHTS[role.value]
            assert may or response.status_code in REFUSED, f"{role} {route}: {response.status_code} {response.text}"

    with suppress(Unsatisfiable):
        check()


@pytest.mark.timeout(900)
async def test_the_documents_are_true_for_every_role(homes, capsys):
    url, answered = homes.installation.url, Counter()
    for service in SERVICES:
        document = (await homes.installation.http.get(f"/{service}/v1/openapi.json")).json()
        await asyncio.to_thread(run_contracts, url, document, answered)

    assert sum(answered.values()) > len(RULES) * len(Role)
    with capsys.disabled():
        print(f"\ncontracts: {sum(answered.values())} cases, answered {json.dumps(dict(sorted(answered.items())))}")
