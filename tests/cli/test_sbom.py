"""The bill of materials is valid CycloneDX, holds all that the lock installs, and is the same bytes each time."""

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion

from cli.lock import Locked, needed_to_run, read_lock
from cli.sbom import as_text, bill, sbom
from tests.support.program import run

ALLOWED = {
    *(
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "3-Clause BSD License",
        "BSD License",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "PSFL",
        "OFL-1.1",
    ),
    *("MPL-2.0", "LGPL-2.1-only"),
}
"""The last two bind whoever changes their files; ours only use them."""


@pytest.fixture(scope="module")
def written():
    return sbom()


@pytest.fixture(scope="module")
def validator():
    """What knows the schema of CycloneDX; to load it takes seconds, so only whoever runs these tests does."""
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)


def test_the_bill_is_valid_cyclonedx(written, validator):
    assert validator.validate_str(written) is None


def test_what_is_no_bill_is_not_valid(written, validator):
    assert validator.validate_str(written.replace('"CycloneDX"', '"Other"')) is not None


def test_the_bill_is_the_same_bytes_each_time_and_in_any_order(written):
    packages = read_lock()

    backwards = bill(packages[::-1], needed_to_run(packages))

    assert as_text(backwards) == sbom() == written
    assert "timestamp" not in written


def test_another_content_has_another_serial_number():
    def serial(*hashes):
        package = Locked("one", "1.0", None, hashes, frozenset({"kembar"}))
        return json.loads(as_text(bill([package], set())))["serialNumber"]

    assert serial("a" * 64) == serial("a" * 64) != serial("b" * 64)


def test_every_package_stands_in_it_with_its_hashes_and_its_licence(written):
    components = {each["name"]: each for each in json.loads(written)["components"]}

    assert components.keys() == {each.name for each in read_lock()}
    for package in read_lock():
        (where,) = components[package.name]["externalReferences"]
        assert {each["content"] for each in where["hashes"]} == set(package.hashes)
        assert components[package.name]["version"] == package.version
    assert components["fastapi"]["licenses"][0]["license"]["id"] == "MIT"
    without = [name for name, each in components.items() if not each.get("licenses")]
    assert set(without) <= {each.name for each in read_lock() if each.marker}


def test_no_licence_asks_more_than_that_its_own_files_stay_as_they_are(written):
    """Neither GPL nor AGPL: Kembar can be run and handed on by a government under its own licence."""
    components = {each["name"]: each for each in json.loads(written)["components"]}
    licences = {name: licence_of(each) for name, each in components.items() if each.get("licenses")}

    assert {name: said for name, said in licences.items() if not set(re.split(" AND | OR ", said)) <= ALLOWED} == {}
    assert licences["axe-playwright-python"] == "MIT", "its metadata name none, the text of its licence does"
    assert licences["playwright"] == licences["python-multipart"] == "Apache-2.0"


def licence_of(component):
    (said,) = component["licenses"]
    return said.get("expression") or said["license"].get("id") or said["license"]["name"]


def test_what_a_package_needs_and_what_is_for_tests_only_is_told(written):
    document = json.loads(written)
    needs = {each["ref"].split("@")[0]: each.get("dependsOn", []) for each in document["dependencies"]}
    scopes = {each["name"]: each["scope"] for each in document["components"]}

    assert any(each.startswith("pkg:pypi/starlette@") for each in needs["pkg:pypi/fastapi"])
    assert any(each.startswith("pkg:pypi/fastapi@") for each in needs["kembar"])
    assert (scopes["fastapi"], scopes["pytest"]) == ("required", "excluded")


def test_the_command_writes_it_to_a_file_or_to_standard_output(written, tmp_path):
    file = tmp_path / "kembar.cdx.json"

    assert run("sbom", "--out", str(file)).returncode == 0
    assert file.read_text() == run("sbom").stdout == written
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    done = run("sbom", "--out", str(tmp_path / "nowhere" / "bill.json"))

    assert done.returncode == 1
    assert "bill.json cannot be written" in done.stderr
