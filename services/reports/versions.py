"""Which programs made a report: what an auditor needs to make the same bytes again, years later."""

import platform
from importlib.metadata import PackageNotFoundError, version

from shared.process.version import VERSION

OF_FORMATS = {
    "pdf": ("typst",),
    "xlsx": ("xlsxwriter",),
    "docx": ("docxtpl", "python-docx"),
    "html": ("jinja2",),
}
"""The packages that write a format; dates in words are written by babel in all of them."""


def versions_of(file_format: str) -> dict[str, str]:
    """Return the versions of what makes a report in a format."""
    packages = ("babel", *OF_FORMATS.get(file_format, ()))
    found = {name: said for name in packages if (said := _version(name)) is not None}
    return {"kembar": VERSION, "python": platform.python_version(), **found}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
