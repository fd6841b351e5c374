"""docker-compose.yml is a compose file, and what it names is there."""

import importlib.resources
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cli.embedded.postgres import ORDER, programs
from cli.secrets_folder import ensure_secrets
from cli.serve import APPS
from services.access.provider import SECRET
from services.scoring.delivery.mail import PASSWORD_NAME
from shared.process.settings import Settings
from tests.deployment.compose import COMPOSE, FULL, OURS, SERVICES, environment_of, read_compose, with_variables
from tests.deployment.dockerfile import read_stages
from tests.house.project import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
OF_THE_DEPLOYMENT = {
    "KEMBAR_DOMAIN",
    "KEMBAR_UID",
    "KEMBAR_REPLICAS",
    "KEMBAR_NATS_CONFIGURATION",
    *(f"KEMBAR_AT_{name}" for name in ("INGEST", "SCORING", "REPORTS", "ACCESS")),
}
"""Names that the containers are arranged by, and that no program of Kembar reads."""


@pytest.fixture(scope="module")
def compose_file() -> Draft202012Validator:
    """What the specification of compose says of a file."""
    schemas = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return Draft202012Validator(json.loads((schemas / "compose-spec.json").read_text()))


@pytest.mark.parametrize("name", ["docker-compose.yml", "deploy/mail.yml", "deploy/identity-provider.yml"])
def test_it_is_a_compose_file(name, compose_file):
    said = read_compose(name)

    problems = [f"{'/'.join(map(str, each.path))}: {each.message}" for each in compose_file.iter_errors(said)]

    assert problems == []
    assert list(compose_file.iter_errors({**said, "services": {"ingest": {"imagine": "kembar"}}}))


@pytest.mark.parametrize(
    ("name", "service", "secret"),
    [("mail", "deliveries", PASSWORD_NAME), ("identity-provider", "access", SECRET)],
)
def test_a_secret_of_others_is_given_to_whoever_reads_it(name, service, secret):
    more = read_compose(f"deploy/{name}.yml")

    assert more["services"] == {service: {"secrets": [secret]}}
    assert more["secrets"] == {secret: {"file": f"./deploy/secrets/{secret}"}}


def test_every_setting_is_one_or_arranges_the_containers():
    known = {f"KEMBAR_{name.upper()}" for name in Settings.model_fields} | OF_THE_DEPLOYMENT

    named = set(re.findall(r"\bKEMBAR_[A-Z_]+\b", TEXT))

    assert named <= known
    assert named >= OF_THE_DEPLOYMENT
    assert {name for name in FULL if name != "COMPOSE_PROFILES"} <= known


OF_THE_IMAGE = {"KEMBAR_HOST", "KEMBAR_PORT"}
NEEDS_A_FOLDER = {"KEMBAR_REPORT_TEMPLATES"}


def test_every_setting_is_arranged_or_taken_from_the_environment():
    taken = {name for service in OURS for name in SERVICES[service]["environment"]}

    assert {f"KEMBAR_{name.upper()}" for name in Settings.model_fields} == taken | OF_THE_IMAGE | NEEDS_A_FOLDER


@pytest.mark.parametrize("service", sorted(OURS))
@pytest.mark.parametrize("variables", [{}, FULL], ids=["one node", "full"])
def test_the_settings_of_each_service_are_accepted(service, variables, monkeypatch):
    for name, value in environment_of(service, variables).items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.ledger_replicas == len(settings.nats_monitor_urls) == (3 if variables else 1)
    assert settings.project is (service == "projections")
    assert settings.deliver is False  # whatever serves `deliveries` does so unasked
    assert settings.secrets_folder is not None
    assert settings.has_tls


def test_every_secret_is_drawn_and_each_service_is_given_its_own_only(tmp_path):
    ensure_secrets(tmp_path)
    drawn = {each.name for each in tmp_path.iterdir()}

    assert set(re.findall(r"deploy/secrets/([\w.-]+)", TEXT)) == drawn
    for service in APPS:
        assert {re.split(r"[-.]", each)[1] for each in SERVICES[service]["secrets"]} == {service}
    assert SERVICES["deliveries"]["secrets"] == ["postgres-scoring.password"]
    assert {each for each in SERVICES["projections"]["secrets"] if "access" in each or "owner" in each} == set()
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()


def test_every_volume_network_and_file_is_there():
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = with_variables(volume, {}).split(":")[0]
            if source.startswith("./deploy/secrets/") or source == "/":
                continue
            there = (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert there, f"{name}: {source}"
        assert set(service.get("networks", [])) <= COMPOSE["networks"].keys(), name
        assert set(service.get("depends_on", [])) <= SERVICES.keys(), name
    assert (ROOT / "deploy" / "nats" / FULL["KEMBAR_NATS_CONFIGURATION"]).exists()


def test_the_database_sorts_as_on_one_machine():
    assert tuple(SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split())[: len(ORDER)] == ORDER


def test_every_service_is_built_from_its_own_target():
    targets = read_stages((ROOT / "deploy" / "Dockerfile").read_text())
    for name in OURS:
        assert SERVICES[name]["build"]["target"] == name
        assert name in targets


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_container_can_do_more_than_it_must(name: str):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {
        "postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
        "proxy": {"NET_BIND_SERVICE"},
        "mail-pages": {"NET_BIND_SERVICE"},
        "nats": {"DAC_READ_SEARCH"},
    }.get(re.sub(r"-\d$", "", name), set())
    assert "privileged" not in service
    assert service["stop_grace_period"] in ("30s", "60s")
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    assert name == "prepare" or {"cpus", "memory", "pids"} <= limits.keys()


def test_only_the_proxy_is_reached_from_outside_and_the_engines_cannot_leave():
    outside = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}

    assert outside.pop("proxy") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in outside.values() for port in ports)
    leads_out = [name for name, network in COMPOSE["networks"].items() if not (network or {}).get("internal")]
    assert leads_out == ["outgoing", "mail"]
    for name in ("nats-1", "nats-2", "nats-3", "postgres", "prepare", "ingest", "reports", "archive", "projections"):
        assert not set(leads_out) & set(SERVICES[name]["networks"]), name
    assert not {"front", "ledger"} & set(SERVICES["deliveries"]["networks"])
    routes = [name for name, each in SERVICES.items() if "cluster" in each.get("networks", [])]
    assert routes == ["nats-1", "nats-2", "nats-3"]


def test_every_image_is_pinned_by_a_version():
    built = {f"kembar-{name}" for name in OURS}
    for name, service in SERVICES.items():
        image = service["image"]
        assert image in built or re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?", image), f"{name}: {image}"


@pytest.mark.parametrize(
    ("name", "program"),
    [("nats-1", Path(sys.executable).with_name("nats-server")), ("postgres", programs() / "postgres")],
)
def test_the_engines_are_of_the_versions_that_are_tested(name, program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout

    (version,) = re.findall(r"\d+\.\d+(?:\.\d+)?", said)
    assert re.fullmatch(rf"\w+:{re.escape(version)}-\w+", SERVICES[name]["image"])


def test_what_is_started_without_a_profile_is_one_node_and_the_full_set_has_three():
    by_profile = {name: each.get("profiles", []) for name, each in SERVICES.items()}

    assert {name for name, profiles in by_profile.items() if not profiles} == {*OURS, "nats-1", "postgres", "proxy"}
    assert {name for name, profiles in by_profile.items() if "full" in profiles} == {"nats-2", "nats-3"}
    assert {name for profiles in by_profile.values() for name in profiles} == {"full", "trying", "observe"}
    for name in ("ingest", "scoring", "reports", "access"):
        replicas = [f"kembar-{name}-{number}:8080" for number in range(1, int(FULL["KEMBAR_REPLICAS"]) + 1)]
        assert FULL[f"KEMBAR_AT_{name.upper()}"].split() == replicas
