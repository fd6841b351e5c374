"""A process that does nothing but deliver, for tests that kill it: its settings come from the environment."""

import asyncio

from services.scoring.delivery.deliver import keep_delivering
from shared.process.logs import set_up_logs
from shared.process.settings import Settings

if __name__ == "__main__":
    set_up_logs("error", service="deliverer")
    asyncio.run(keep_delivering(Settings()))
