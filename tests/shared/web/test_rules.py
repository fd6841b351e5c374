"""Every route has a rule, and the rules are asked before anything of it is done."""

import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts

from cli.serve import APPS
from shared.domain.access import Action
from shared.process.settings import Settings
from shared.web.rules import open_to_all, requires, rule_of

OPEN = {
    *(f"GET /{service}/{name}" for service in APPS for name in ("healthz", "readyz", "metrics", "v1/openapi.json")),
    "GET /static/{name}",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-in/again",
    "POST /sign-out",
    "GET /sign-in/link",
    "POST /sign-in/link",
    "GET /sign-in/provider",
    "GET /sign-in/provider/return",
    "GET /subscriptions/confirm",
    "POST /subscriptions/confirm",
    "GET /subscriptions/end",
    "POST /subscriptions/end",
}
PAGES = (
    "/partnerships/{partnership}",
    "/partnerships/{partnership}/why",
    "/activities",
    "/search",
    "/audit/events",
    "/audit/events/{event_id}",
    "/status",
    "/help",
)
RULES = {
    "POST /ingest/v1/events": Action.POST,
    "POST /ingest/v1/batches": Action.POST,
    "POST /ingest/v1/imports": Action.IMPORT,
    "GET /ingest/v1/imports": Action.READ_IMPORTS,
    "GET /ingest/v1/imports/{import_id}": Action.READ_IMPORTS,
    "POST /ingest/v1/imports/{import_id}/load": Action.IMPORT,
    "DELETE /ingest/v1/imports/{import_id}": Action.IMPORT,
    "PUT /ingest/v1/mappings/{name}": Action.IMPORT,
    "GET /ingest/v1/mappings": Action.READ_IMPORTS,
    "GET /ingest/v1/mappings/{name}": Action.READ_IMPORTS,
    "POST /ingest/v1/homes": Action.OPEN_HOME,
    "GET /ingest/v1/homes": Action.READ,
    "GET /ingest/v1/status": Action.READ_STATUS,
    "GET /scoring/v1/status": Action.READ_STATUS,
    "GET /reports/v1/status": Action.READ_STATUS,
    "GET /scoring/v1/ratings": Action.READ,
    "GET /scoring/v1/ratings/{partnership}": Action.READ,
    "GET /reports/v1/ratings": Action.READ,
    "GET /reports/v1/activities": Action.READ,
    "GET /reports/v1/rubrics": Action.READ,
    "GET /reports/v1/foresight": Action.READ,
    "POST /reports/v1/whatif": Action.READ,
    "POST /reports/v1/backtest": Action.READ,
    "GET /reports/v1/diagnosis": Action.READ,
    "GET /reports/v1/partnerships/{partnership}/life": Action.READ,
    "GET /reports/v1/reports/{kind}.{form}": Action.READ,
    "POST /reports/v1/issued": Action.ISSUE_REPORT,
    "GET /reports/v1/issued": Action.READ_ISSUED,
    "GET /reports/v1/issued/touched-by": Action.READ_ISSUED,
    "POST /reports/v1/issued/touched": Action.READ_ISSUED,
    "GET /reports/v1/issued/{event_id}": Action.READ_ISSUED,
    "GET /reports/v1/issued/{event_id}/bytes": Action.READ_ISSUED,
    "POST /reports/v1/issued/{event_id}/again": Action.READ_ISSUED,
    "GET /reports/issued": Action.READ_ISSUED,
    "GET /reports/issued/{event_id}": Action.READ_ISSUED,
    "GET /reports/issued.json": Action.READ_ISSUED,
    "GET /reports/issued.csv": Action.READ_ISSUED,
    "GET /reports/issued/{event_id}.json": Action.READ_ISSUED,
    "GET /reports/issued/{event_id}.csv": Action.READ_ISSUED,
    "POST /reports/issued/{event_id}/again": Action.READ_ISSUED,
    "POST /reports/{kind}/issue": Action.ISSUE_REPORT,
    "POST /reports/v1/jobs": Action.ORDER_REPORT,
    "GET /reports/v1/jobs": Action.ORDER_REPORT,
    "GET /reports/v1/jobs/{job}": Action.ORDER_REPORT,
    "DELETE /reports/v1/jobs/{job}": Action.ORDER_REPORT,
    "GET /reports/v1/jobs/{job}/events": Action.ORDER_REPORT,
    "GET /reports/v1/jobs/{job}/result": Action.ORDER_REPORT,
    "POST /reports/v1/jobs/{job}/issued": Action.ISSUE_REPORT,
    "GET /scoring/v1/ratings/{partnership}/history": Action.READ,
    "GET /scoring/v1/alerts": Action.READ,
    "GET /scoring/v1/alerts/{alert}": Action.READ,
    "GET /scoring/v1/alerts/stream": Action.READ,
    "GET /feeds/{home}/alerts.atom": Action.READ,
    "GET /feeds/{home}/partnerships/{partnership}.atom": Action.READ,
    "GET /feeds/{home}/calendar.ics": Action.READ,
    "GET /alerts": Action.READ,
    "GET /scoring/v1/alerts.json": Action.READ,
    "GET /scoring/v1/alerts.csv": Action.READ,
    "POST /alerts/acknowledge": Action.ACKNOWLEDGE,
    "GET /subscriptions": Action.SUBSCRIBE,
    "POST /subscriptions": Action.SUBSCRIBE,
    "GET /subscriptions/{subscription}": Action.SUBSCRIBE,
    **{
        f"POST /subscriptions/{{subscription}}/{each}": Action.SUBSCRIBE
        for each in ("change", "pause", "sample", "secret", "snooze", "end", "again")
    },
    **dict.fromkeys(
        (
            "POST /scoring/v1/subscriptions",
            "GET /scoring/v1/subscriptions",
            "GET /scoring/v1/subscriptions/{subscription}",
            "PATCH /scoring/v1/subscriptions/{subscription}",
            "DELETE /scoring/v1/subscriptions/{subscription}",
            "POST /scoring/v1/subscriptions/{subscription}/sample",
            "POST /scoring/v1/subscriptions/{subscription}/secret",
            "POST /scoring/v1/subscriptions/{subscription}/pause",
            "POST /scoring/v1/subscriptions/{subscription}/resume",
            "POST /scoring/v1/subscriptions/{subscription}/snooze",
            "GET /scoring/v1/subscriptions/{subscription}/deliveries",
            "GET /scoring/v1/deliveries",
            "POST /scoring/v1/deliveries/{delivery}/again",
            "GET /scoring/v1/acknowledgements",
        ),
        Action.SUBSCRIBE,
    ),
    "POST /scoring/v1/subscriptions/by-email": Action.READ,
    "POST /scoring/v1/alerts/{alert}/acknowledgement": Action.ACKNOWLEDGE,
    "DELETE /scoring/v1/alerts/{alert}/acknowledgement": Action.ACKNOWLEDGE,
    "GET /": Action.READ,
    "GET /reports": Action.READ,
    "GET /reports.json": Action.READ,
    "GET /reports.csv": Action.READ,
    "GET /reports/{kind}": Action.READ,
    "GET /reports/{kind}.json": Action.READ,
    "GET /reports/{kind}.csv": Action.READ,
    "GET /reports/v1/stream": Action.READ,
    "GET /index.json": Action.READ,
    "GET /index.csv": Action.READ,
    **{f"GET {page}{form}": Action.READ for page in PAGES for form in ("", ".json", ".csv")},
}

RULES |= {
    "GET /reports/v1/dates": Action.READ,
    "GET /reports/v1/likenesses": Action.READ,
    **{f"GET /activities/{{activity}}{twin}": Action.READ for twin in ("", ".json", ".csv")},
    **{f"GET /receipts/{{event_id}}{twin}": Action.READ for twin in ("", ".json", ".csv")},
    **{f"GET /rubric{twin}": Action.READ for twin in ("", ".json", ".csv")},
    "GET /rubric/whatif": Action.READ,
    **{
        f"{method} {path}": action
        for path, action in {
            "/record": Action.POST,
            "/activities/{activity}/correct": Action.POST,
            "/activities/{activity}/retract": Action.POST,
            "/register": Action.KEEP_REGISTRY,
            "/home": Action.CHANGE_HOME,
            "/partnerships/{partnership}/change": Action.KEEP_REGISTRY,
            "/partnerships/{partnership}/end": Action.KEEP_REGISTRY,
            "/partnerships/{partnership}/milestone": Action.NOTE_MILESTONE,
            "/partnerships/{partnership}/programme": Action.AGREE_PROGRAMME,
            "/partnerships/{partnership}/judgement": Action.JUDGE,
            "/partnerships/{partnership}/judgement/{judgement}/lift": Action.JUDGE,
            "/reversals/{batch}": Action.REVERSE_IMPORT,
            "/rubric/adopt": Action.ADOPT_RUBRIC,
        }.items()
        for method in ("GET", "POST")
    },
    "GET /ingest/post": Action.POST,
    "POST /ingest/post": Action.POST,
    "GET /imports": Action.READ_IMPORTS,
    "POST /imports": Action.IMPORT,
    "GET /imports/{import_id}": Action.READ_IMPORTS,
    **{f"POST /imports/{{import_id}}/{name}": Action.IMPORT for name in ("columns", "load", "cancel")},
}
"""The pages that write, and what is asked while somebody types. Further in they ask for which partnership."""


def rules_of(app: FastAPI) -> dict[str, object]:
    """Return the rule of every route, by method and path; None where it has none."""
    return {
        f"{method} {route.path}": rule_of(route.original_route)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or {"?"}
    }


@pytest.mark.parametrize("service", APPS)
def test_every_route_has_a_rule(service: str):
    rules = rules_of(APPS[service](Settings()))

    assert rules
    assert [route for route, rule in rules.items() if rule is None] == []


def test_the_rules_are_the_ones_meant():
    services = APPS.keys() - {"access"}
    rules = {route: rule for service in services for route, rule in rules_of(APPS[service](Settings())).items()}

    assert {route: rule for route, rule in rules.items() if rule is not open_to_all} == RULES
    rules |= rules_of(APPS["access"](Settings()))
    assert {route for route, rule in rules.items() if rule is open_to_all} == OPEN


def test_only_an_account_gets_to_what_access_keeps():
    """Further in, access asks `may` whether one may look after people or read the trail."""
    rules = rules_of(APPS["access"](Settings()))

    assert {rule for rule in rules.values() if rule is not open_to_all} == {Action.KEEP_OWN_ACCESS}


def test_a_route_without_a_rule_is_noticed():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/forgotten")
    async def forgotten() -> None: ...

    @app.get("/ruled", dependencies=[requires(Action.READ)])
    async def ruled() -> None: ...

    @app.get("/open", dependencies=[Depends(open_to_all)])
    async def open_() -> None: ...

    assert rules_of(app) == {"GET /forgotten": None, "GET /ruled": Action.READ, "GET /open": open_to_all}
