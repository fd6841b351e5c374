"""Whose tables there are, and how the ledger gets into them: for what looks after the tables of all services."""

from collections.abc import Mapping

import services.access.store
import services.ingest.store
import services.reports.project
import services.reports.store
import services.scoring.project
import services.scoring.store
from shared.projection.parking import Projector

PROJECTING_STORES = (services.ingest.store, services.scoring.store, services.reports.store)
STORES = (*PROJECTING_STORES, services.access.store)
"""Access comes last: it grants the roles of the others what they need to know who asks."""
PROJECTORS: Mapping[str, Projector] = {
    services.ingest.store.SCHEMA: services.ingest.store.BookProjector(),
    services.scoring.store.SCHEMA: services.scoring.project.RatingProjector(),
    services.reports.store.SCHEMA: services.reports.project.EventProjector(),
}
