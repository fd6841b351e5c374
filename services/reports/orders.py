"""What is done in a process apart: make a report, or find which issued reports a change would let read otherwise."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from services.reports.asked import Asked, asked_again
from services.reports.issued import Made
from services.reports.making import compose, gather_settled
from services.reports.rendering import file_name_of, media_type_of, render
from services.reports.touched import Change, Touched, find_touched
from services.reports.versions import versions_of
from shared.domain.access import Principal
from shared.postgres.pool import Pool
from shared.wire.canonical import digest

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Make a report for a reader, in a format; its question says the moment and the position already."""

    reader: Principal
    zone: tzinfo
    asked: Asked
    format: str
    table: str | None = None


