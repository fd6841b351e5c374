"""`kembar sbom`: the software bill of materials of what the lock file installs, as CycloneDX 1.6; the same bytes each time."""

import json
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import fixup_id
from packageurl import PackageURL

from cli.lock import Locked, needed_to_run, normalised, project, read_lock
from cli.stop import CannotGoOn

CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What means one licence; “BSD License” means several, and stays a name."""
LONGEST_NAME = 80


def sbom() -> str:
    """Return the bill as JSON. It holds no clock and nothing drawn: the serial number comes from all the rest."""
    packages = read_lock()
    return as_text(bill(packages, needed_to_run(packages)))


def bill(packages: Sequence[Locked], to_run: set[str]) -> Bom:
    """Return the bill of these packages; those not in `to_run` are of scope `excluded`: only tests use them.

    The hashes stand beside where a package comes from, not beside the package: each is that of one file of several, of
    which a machine installs the one that fits.
    """
    name, version = project()
    itself = Component(name=name, version=version, type=ComponentType.APPLICATION, bom_ref=name)
    itself.licenses.add(LicenseFactory().make_from_string("Apache-2.0"))
    made = Bom(metadata=BomMetaData(component=itself))
    components = {each.name: _component(each, is_run=each.name in to_run) for each in packages}
    made.components.update(components.values())
    above = {normalised(name): itself, **components}
    for each in packages:
        for needs_it in each.needed_by & above.keys():
            made.register_dependency(above[needs_it], [components[each.name]])
    return made


def write_bill(text: str, file: Path | None) -> None:
    """Write the bill into a file, whole or not at all, or to standard output. Raises `CannotGoOn` where it cannot."""
    if file is None:
        sys.stdout.write(text)
        return
    unfinished = file.with_name(f"{file.name}.new")
    try:
        unfinished.write_text(text, "utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise CannotGoOn(f"{file} cannot be written: {error.strerror}.", "Name a file that you may write.") from error


def as_text(made: Bom) -> str:
    """Return a bill as JSON, numbered by its content."""
    made.serial_number = UUID(int=0)
    made.metadata.timestamp = None  # type: ignore[assignment]
    unnumbered = _written(made)
    made.serial_number = uuid5(NAMESPACE_OID, unnumbered)
    return _written(made)


def _written(made: Bom) -> str:
    document = json.loads(JsonV1Dot6(made).output_as_string())
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _component(package: Locked, *, is_run: bool) -> Component:
    address = PackageURL("pypi", name=package.name, version=package.version)
    component = Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(address),
        purl=address,
        scope=ComponentScope.REQUIRED if is_run else ComponentScope.EXCLUDED,
    )
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes]
    component.external_references.add(
        ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(address)), hashes=hashes)
    )
    if package.marker:
        component.properties.add(Property(name="kembar:installed-where", value=package.marker))
    if licence := _licence(package):
        component.licenses.add(licence)
    return component


def _release(version: str) -> list[str]:
    """Return a version as it is compared: 2.012 is 2.12."""
    return [part.lstrip("0") or "0" for part in version.split(".")]


def _licence(package: Locked) -> License | None:
    """Return the licence that the installed package names, in its metadata or at the head of its licence's text.

    None where it is not installed here, or names none.
    """
    try:
        said = metadata(package.name)
    except PackageNotFoundError:
        return None
    if _release(said["Version"]) != _release(package.version):
        return None
    classified = [each.split(" :: ")[-1] for each in said.get_all("Classifier", []) if each.startswith("License :: ")]
    short = [each for each in (said["License"] or "", *classified) if each and len(each) <= LONGEST_NAME]
    known = [each for each in (fixup_id(CLASSIFIED.get(each, each)) for each in short) if each]
    named = [said["License-Expression"] or "", *known, *short, _head_of_licence(package.name)]
    first = next((each for each in named if each), None)
    return (
        LicenseFactory().make_from_string(first, license_acknowledgement=LicenseAcknowledgement.DECLARED)
        if first
        else None
    )


def _head_of_licence(package: str) -> str:
    """Return the licence that the first line of its text names, such as “MIT License”; nothing where that is none we know."""
    files = (each for each in distribution(package).files or () if each.name.startswith(("LICENSE", "LICENCE")))
    heads = (each.read_text().strip().partition("\n")[0] for each in files)
    return next((CLASSIFIED[each] for each in heads if each in CLASSIFIED), "")
