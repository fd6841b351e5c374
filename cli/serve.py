"""`kembar serve`: run one service, or all on one port, against a ledger and a database that run already."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from cli.stop import CannotGoOn
from shared.ledger.alert_stream import create_alert_stream
from shared.ledger.ledger import Ledger
from shared.ledger.stream import LedgerMisconfigured, create_stream
from shared.postgres.migrate import CannotMigrate, migrate_all
from shared.process.clock import now
from shared.process.collector import collect_seldom
from shared.process.logs import set_up_logs
from shared.process.metrics import new_metrics
from shared.process.secrets import SecretMissing
from shared.process.settings import Settings
from shared.process.traces import end_traces, set_up_traces
from shared.projection.progress import Progress
from shared.web.hosts import held_to_known_names
from shared.web.measurements import Measurements
from shared.web.one_port import OnePort
from shared.web.runtime import Runtime, open_runtime
from shared.web.serving import OrderlyServer, apps_in
from shared.web.worker_port import answering_on_worker_port


def _app_of(service: str) -> Callable[[Settings], FastAPI]:
    """Return how a service's app is made; its module is read only then, for a container holds the packages of one."""

    def create_app(settings: Settings) -> FastAPI:
        app: FastAPI = import_module(f"services.{service}.app").create_app(settings)
        return app

    return create_app


APPS: Mapping[str, Callable[[Settings], FastAPI]] = {
    service: _app_of(service) for service in ("ingest", "scoring", "reports", "access", "archive")
}


def serve(service: str, settings: Settings) -> None:
    """Serve one service, or `all`, until told to stop."""
    set_up_logs(settings.log_level, service=service)
    set_up_traces(settings, service=service)
    app: FastAPI | OnePort
    if service == "archive" and settings.archive_folder is None:
        raise CannotGoOn("There is no folder for the archive.", "Name one with KEMBAR_ARCHIVE_FOLDER, on another disk.")
    if service == "all":
        wanted = [name for name in APPS if name != "archive" or settings.archive_folder]
        apps = {name: APPS[name](settings) for name in wanted}
        app = on_one_port(apps)
    else:
        app = APPS[service](settings)
    collect_seldom()
    config = uvicorn.Config(held_to_known_names(app, settings), timeout_graceful_shutdown=10, **how_served(settings))
    server = OrderlyServer(config, apps_in(app))
    with suppress(KeyboardInterrupt):  # it has stopped in order by then
        server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILURE)


def how_served(settings: Settings) -> dict[str, Any]:
    """Return how uvicorn serves: addresses hold secrets now and then, so none is logged; and what a proxy says of where a
    request comes from is believed of those that are trusted only.
    """
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies,
    }


def on_one_port(apps: Mapping[str, FastAPI]) -> OnePort:
    """Return the services behind one port, each under its paths; reports takes the rest."""
    import services.access.app
    import services.ingest.app
    import services.scoring.app

    of_ingest = dict.fromkeys(services.ingest.app.PREFIXES, apps["ingest"])
    of_access = dict.fromkeys(services.access.app.PREFIXES, apps["access"])
    of_scoring = dict.fromkeys(services.scoring.app.PREFIXES, apps["scoring"])
    return OnePort({**apps, **of_ingest, **of_access, **of_scoring}, otherwise=apps["reports"])


def serve_projections(settings: Settings) -> None:
    """Follow the ledger into the tables of all services, without answering anybody, until told to stop."""
    set_up_logs(settings.log_level, service="projections")
    set_up_traces(settings, service="projections")
    collect_seldom()
    try:
        asyncio.run(_serve_projections(settings))
    finally:
        end_traces()


async def _serve_projections(settings: Settings) -> None:
    from cli.tables import PROJECTORS
    from services.scoring.delivery.deliver import keep_delivering
    from services.scoring.delivery.measurements import DeliveryMeasurements
    from services.scoring.feeds.publishing import keep_publishing
    from services.scoring.store import SCHEMA as SCORING

    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    metrics = new_metrics()
    measurements, runtimes = Measurements(metrics), list[Runtime]()
    async with AsyncExitStack() as opened:
        for schema, projector in PROJECTORS.items():
            opening = open_runtime(schema, projector, settings, Progress(projector.name), measurements)
            runtime = await opened.enter_async_context(opening)
            runtimes.append(runtime)
            if schema == SCORING:
                if settings.deliver:
                    runtime.start(keep_delivering(settings, measurements=DeliveryMeasurements(metrics)))
                runtime.start(keep_publishing(runtime.ledger, runtime.pool, runtime.progress, now))
        async with answering_on_worker_port(settings, metrics, lambda: trouble_of(runtimes)):
            await asked_to_stop.wait()


def trouble_of(runtimes: Sequence[Runtime]) -> str | None:
    """Return what keeps any of these services from its work, None where nothing does."""
    return next((runtime.trouble for runtime in runtimes if runtime.trouble is not None), None)


def prepare(settings: Settings) -> None:
    """Make the ledger's stream and that of the alerts where there are none, and bring every service's tables up to date."""
    try:
        asyncio.run(_prepare(settings))
    except (CannotMigrate, LedgerMisconfigured, SecretMissing) as error:
        problem, _, remedy = str(error).partition(". ")
        raise CannotGoOn(f"{problem}.", remedy) from error


async def _prepare(settings: Settings) -> None:
    from cli.tables import STORES

    ledger = await Ledger.connect(settings.nats_url, "prepare", settings.secrets_folder)
    try:
        await create_stream(ledger.client, settings.ledger_replicas)
        await create_alert_stream(ledger.client, settings.ledger_replicas)
    finally:
        await ledger.close()
    await migrate_all(settings, {store.SCHEMA: store.migrations() for store in STORES})
