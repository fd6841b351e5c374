"""What the services need to know of a home to answer about it: when its days begin, whether the public may read."""

from zoneinfo import ZoneInfo

from starlette.requests import Request

from shared.domain.homes import Home
from shared.postgres.pool import Pool
from shared.process.settings import Settings
from shared.projection.homes import read_home


class Zones:
    """The time zones of homes. A home's is fixed for ever at its opening, so it is read once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, ZoneInfo] = {}

    async def of(self, pool: Pool, home: str) -> ZoneInfo:
        """Return a home's zone; the installation's for a home of which no opening is known."""
        if home not in self._known:
            found = await read_home(pool, home)
            if found is None:
                return self._settings.zone
            self._known[home] = found.zone
        return self._known[home]


async def is_released(request: Request, home: str) -> bool:
    """Say whether the public may read about a home: the installation answers the public, and the home lets it."""
    settings: Settings = request.app.state.settings
    if not settings.open_reading:
        return False
    return is_home_released(settings, home, await read_home(request.app.state.runtime.pool, home))


def is_home_released(settings: Settings, slug: str, home: Home | None) -> bool:
    """Say the same of a home as it stands; None where no opening is known of it."""
    return settings.open_reading and (home.facts.released if home is not None else slug == settings.home)


async def zone_of(request: Request, home: str) -> ZoneInfo:
    """Return the zone in which a home's days begin and end."""
    zones: Zones = request.app.state.zones
    zone: ZoneInfo = await zones.of(request.app.state.runtime.pool, home)
    return zone
