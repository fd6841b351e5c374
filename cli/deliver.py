"""`kembar serve deliveries`: tell of alerts, and nothing else.

It loads and holds as little as that needs; so it is up at once, and nobody who projects or answers makes it wait.
"""

import asyncio
import signal

from services.scoring.delivery.deliver import keep_delivering
from services.scoring.delivery.measurements import DeliveryMeasurements
from shared.process.collector import collect_seldom
from shared.process.logs import set_up_logs
from shared.process.metrics import new_metrics
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.process.traces import end_traces, set_up_traces
from shared.web.worker_port import answering_on_worker_port


def serve_deliveries(settings: Settings) -> None:
    """Tell of alerts until told to stop; the tables must be there."""
    set_up_logs(settings.log_level, service="deliveries")
    set_up_traces(settings, service="deliveries")
    collect_seldom()
    try:
        asyncio.run(_serve_deliveries(settings))
    finally:
        end_traces()


async def _serve_deliveries(settings: Settings) -> None:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    metrics = new_metrics()
    measured = DeliveryMeasurements(metrics)
    async with answering_on_worker_port(settings, metrics, lambda: measured.trouble):
        delivering = asyncio.create_task(keep_delivering(settings, measurements=measured))
        stopping = asyncio.create_task(asked_to_stop.wait())
        try:
            await asyncio.wait({delivering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if delivering.done():  # it never ends but by what nobody foresaw
                delivering.result()
        finally:
            await end(delivering, stopping)
