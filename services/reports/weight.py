"""How long a report takes to be made, by how much it holds and its format: what takes long is made as a job. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from services.reports.render.formats import Format

LONG_SECONDS = 2.0
MILLISECONDS_A_LINE: Mapping[Format, float] = MappingProxyType({Format.PDF: 2.0, Format.DOCX: 0.7, Format.XLSX: 0.2})
"""Measured with 22 to 1,000 partnerships and up to 5,000 activities: the slowest of them, for a partnership or an activity.
What is not named takes less than a tenth of a millisecond, and is made where it is asked for."""


def is_long(form: Format, partnerships: int, activities: int) -> bool:
    """Say whether a report on so many partnerships and activities takes longer than somebody should wait for."""
    return MILLISECONDS_A_LINE.get(form, 0.0) * (partnerships + activities) > 1_000 * LONG_SECONDS
