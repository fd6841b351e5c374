"""The frame of a service's app: problem documents for every error, health, readiness, metrics, waiting for a position."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS, DISK_IS_FULL, QUERY_TOOK_TOO_LONG
from shared.process.metrics import new_metrics
from shared.process.settings import Settings
from shared.process.version import VERSION
from shared.projection.parking import Parked, read_parked
from shared.projection.progress import Progress
from shared.projection.reading import Reading
from shared.web.directory import Directory
from shared.web.guards import GUARDS, HEADERS, TOOK_TOO_LONG
from shared.web.homes import Zones
from shared.web.limits import Limits
from shared.web.measurements import MeasuredRequests, Measurements, new_request_seconds
from shared.web.problems import PROBLEMS, answer, documented
from shared.web.rules import Forbidden, keep_refusal, open_to_all, requires
from shared.web.traced_requests import TracedRequests
from shared.wire.problems import Fault, Finding, Problem, findings_in

WAIT_FOR_POSITION_SECONDS = 5.0
log = structlog.get_logger()


def make_app(
    service: str,
    title: str,
    settings: Settings,
    lifespan: Any,  # noqa: ANN401
    *,
    projects: bool = True,
) -> FastAPI:
    """Return an app with what every service answers: `/<service>/healthz`, `/readyz`, `/metrics`, OpenAPI, problems.

    `projects=False` is for a service that has no tables that follow the ledger: it has no status, and no position to wait
    for.
    """
    app = FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redirect_slashes=False,
        redoc_url=None,
        responses=PROBLEMS,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it looks for exporters at every request
    )
    app.state.settings = settings
    directory: Directory | None = None  # who is known, once the tables are open
    app.state.directory = directory
    app.state.zones = Zones(settings)
    app.state.limits_of_principals = Limits(settings.requests_per_second)
    app.state.limits_of_addresses = Limits(settings.open_requests_per_second)
    app.state.progress = Progress(service)
    app.state.runtime = None
    before_stopping: list[Callable[[], None]] = []  # what ends by itself only if it is told
    app.state.before_stopping = before_stopping
    app.state.metrics = new_metrics()
    app.state.measurements = Measurements(app.state.metrics)
    app.state.measurements.watch(app.state.progress, lambda: _trouble(app))
    app.state.refusals = Counter(
        "kembar_refusals", "What somebody was refused, by what it was", ["action"], registry=app.state.metrics
    )
    app.state.more_status = _nothing_more
    app.add_exception_handler(Fault, _problem_of_fault)
    app.add_exception_handler(Forbidden, _problem_of_refusal)
    app.add_exception_handler(RequestValidationError, _problem_of_question)
    app.add_exception_handler(HTTPException, _problem_of_http)
    app.add_exception_handler(DISK_IS_FULL, _problem_of_no_room)
    for unreachable in (*CONNECTION_ERRORS, *DATABASE_ERRORS):
        app.add_exception_handler(unreachable, _problem_of_unreachable)
    app.add_exception_handler(QUERY_TOOK_TOO_LONG, _problem_of_time)
    app.add_exception_handler(Exception, _problem_of_bug)
    if projects:
        app.add_middleware(WaitForPosition, progress=app.state.progress)
        _answer_status(app, service)
    app.add_middleware(HeadAsGet)
    for guard in GUARDS:
        app.add_middleware(guard)
    app.add_middleware(MeasuredRequests, seconds=new_request_seconds(app.state.metrics))
    if settings.otlp_endpoint is not None:
        app.add_middleware(TracedRequests)

    @app.get(f"/{service}/v1/openapi.json", include_in_schema=False, dependencies=[Depends(open_to_all)])
    async def openapi() -> JSONResponse:
        return JSONResponse(documented(app.openapi()))

    @app.get(f"/{service}/healthz", include_in_schema=False, dependencies=[Depends(open_to_all)])
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(f"/{service}/readyz", include_in_schema=False, dependencies=[Depends(open_to_all)])
    async def readyz() -> JSONResponse:
        trouble = _trouble(app)
        position = app.state.progress.checkpoint.position
        body = {"ready": trouble is None, "position": position, "trouble": trouble, **_standby(app)}
        return JSONResponse(body, status_code=200 if trouble is None else 503)

    @app.get(f"/{service}/metrics", include_in_schema=False, dependencies=[Depends(open_to_all)])
    async def metrics() -> Response:
        return Response(generate_latest(app.state.metrics), media_type=CONTENT_TYPE_LATEST)

    return app


def _answer_status(app: FastAPI, service: str) -> None:
    @app.get(f"/{service}/v1/status", tags=[service])
    async def status(reader: Annotated[Principal, requires(Action.READ_STATUS)]) -> dict[str, Any]:
        """Answer how far the tables have come, how far the ledger goes, and what of one's own is parked and why."""
        checkpoint = app.state.progress.checkpoint
        end = await app.state.runtime.ledger.end()
        return {
            "position": checkpoint.position,
            "ledger_ends_at": end,
            "behind": end - checkpoint.position,
            "trouble": _trouble(app),
            "version": VERSION,
            **await app.state.more_status(reader.home),
            "parked": [asdict(each) for each in await read_parked(app.state.runtime.pool) if _may_see(reader, each)],
        }


async def _nothing_more(home: str) -> dict[str, Any]:
    """A service may have more to say of a home's status."""
    return {}


def _may_see(reader: Principal, parked: Parked) -> bool:
    subject = Subject(parked.home, parked.partnership or None)
    return isinstance(may(reader, Action.READ_PARKED, subject), Allowed)


class HeadAsGet:
    """Answer HEAD wherever GET is answered; the server itself leaves the body out. The scope says so: a stream then ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as a GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET", "kembar.head": True}

        async def send_with_route(message: Message) -> None:
            if "route" in as_get:
                scope["route"] = as_get["route"]
            await send(message)

        await self._app(as_get, receive, send_with_route)


def _trouble(app: FastAPI) -> str | None:
    """Return what keeps the service from doing its work; before it has started, that it has not."""
    trouble: str | None = (app.state.runtime or app.state.progress).trouble
    return trouble


def _standby(app: FastAPI) -> dict[str, Any]:
    """Return where answers are read from, if that could be a standby, and why it is not."""
    standby: Reading | None = getattr(app.state.runtime, "standby", None)
    if standby is None:
        return {}
    return {"reads_from": "standby" if standby.away is None else "primary", "standby_away": standby.away}


class WaitForPosition:
    """Read your own write: `Kembar-Min-Position: n` waits until position n is in the tables, or says 503."""

    def __init__(self, app: ASGIApp, progress: Progress) -> None:
        self._app = app
        self._progress = progress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once the tables have come that far."""
        refusal = await self._refuse(scope) if scope["type"] == "http" else None
        await (self._app if refusal is None else answer(refusal))(scope, receive, send)

    async def _refuse(self, scope: Scope) -> Problem | None:
        raw = next((value for name, value in scope["headers"] if name == b"kembar-min-position"), None)
        if raw is None:
            return None
        wanted = raw.decode("latin-1")
        if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
            return _bad_position(wanted)
        if not await self._progress.reach(int(wanted), WAIT_FOR_POSITION_SECONDS):
            return _not_there_yet(int(wanted), self._progress)
        return None


def _bad_position(wanted: str) -> Problem:
    finding = Finding("Kembar-Min-Position", f"“{wanted[:30]}” is not a position.", "Send the position of a receipt.")
    return Problem(422, "invalid", "The header is not a position.", "Correct the header.", (finding,))


def _not_there_yet(wanted: int, progress: Progress) -> Problem:
    return Problem(
        status=503,
        kind="not-there-yet",
        title=f"Position {wanted} is not in the tables yet; they stand at {progress.checkpoint.position}.",
        remedy=f"Ask again in a moment. If it stays so, look at /{progress.name}/readyz.",
        retry_after_seconds=1,
    )


async def _problem_of_fault(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Fault)
    return answer(error.problem)


async def _problem_of_refusal(request: Request, error: Exception) -> Response:
    """Keep what was refused, then answer as every other problem is answered, as a document or as a page."""
    assert isinstance(error, Forbidden)
    await keep_refusal(request, error)
    response: Response = await request.app.exception_handlers[Fault](request, error)
    return response


_NAME_JSON = "Send the header “Content-Type: application/json” with it."
UNNAMED_JSON = Problem(
    status=422,
    kind="invalid",
    title="The request does not say that its body is JSON.",
    remedy=_NAME_JSON,
    findings=(Finding("Content-Type", "The request does not say that its body is JSON.", _NAME_JSON),),
)


async def _problem_of_question(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        return answer(
            Problem(400, "not-json", "The body is not JSON.", "Send a JSON object, as the API's documents say.")
        )
    if any(each["loc"] == ("body",) for each in errors) and "json" not in request.headers.get("content-type", ""):
        return answer(UNNAMED_JSON)
    # Where the parameter was found, query, path or body, is no part of its name.
    findings = findings_in({**each, "loc": each["loc"][1:] or each["loc"]} for each in errors)
    return answer(
        Problem(422, "invalid", "The question cannot be answered as it stands.", "Correct the fields named.", findings)
    )


async def _problem_of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    remedies = {404: "Check the address; the API's addresses are in its OpenAPI document.", 405: "Use another method."}
    remedy = remedies.get(error.status_code, "See the API's documentation.")
    return answer(Problem(error.status_code, "http", f"{error.detail}.", remedy))


UNREACHABLE = Problem(
    status=503,
    kind="unreachable",
    title="A part of Kembar cannot be reached just now.",
    remedy="Try again in a moment; an event that was being posted is safe to send again under the same id.",
    retry_after_seconds=1,
)


async def _problem_of_unreachable(request: Request, error: Exception) -> JSONResponse:
    log.warning("a request found a part unreachable", path=request.url.path, error=repr(error))
    return answer(UNREACHABLE)


NO_ROOM = Problem(
    status=507,
    kind="no-room",
    title="The disk of the database is full. Nothing was stored.",
    remedy="Tell the administrator to make room; then send it again.",
)


async def _problem_of_no_room(request: Request, error: Exception) -> JSONResponse:
    log.error("a request found no room", path=request.url.path, error=repr(error))
    return answer(NO_ROOM)


async def _problem_of_time(request: Request, error: Exception) -> Response:
    log.warning("a query took too long and was ended", path=request.url.path)
    response: Response = await request.app.exception_handlers[Fault](request, Fault(TOOK_TOO_LONG))
    return response


async def _problem_of_bug(request: Request, error: Exception) -> JSONResponse:
    log.error("a request failed", path=request.url.path, exc_info=error)
    response = answer(
        Problem(
            500,
            "fault",
            "Something is wrong on our side.",
            "Try again; if it stays so, show the log to the administrator.",
        )
    )
    response.headers.update(HEADERS)  # this answer is given outside of all guards
    return response
