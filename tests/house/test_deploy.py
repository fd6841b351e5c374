"""What deploys the program names settings, commands and files that are there."""

import re

from cli.secrets_folder import ensure_secrets
from cli.serve import APPS
from shared.process.settings import Settings
from tests.house.project import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text()
OF_THE_DEPLOYMENT = {"KEMBAR_DOMAIN"}


def test_every_setting_that_is_set_is_one():
    set_there = set(re.findall(r"\bKEMBAR_[A-Z_]+\b", COMPOSE + (ROOT / "deploy" / "Dockerfile").read_text()))

    assert set_there - OF_THE_DEPLOYMENT <= {f"KEMBAR_{name.upper()}" for name in Settings.model_fields}


def test_every_service_is_served():
    assert set(re.findall(r"command: \[serve, (\w+)\]", COMPOSE)) == {*APPS, "deliveries"}


def test_every_file_that_is_mounted_or_built_from_is_there():
    mounted = re.findall(r"- \./([^:]+):", COMPOSE) + re.findall(r"dockerfile: (\S+)", COMPOSE)
    copied = re.findall(r"^COPY (\S+)", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)

    assert len(mounted) >= 3
    there = [path for path in mounted + copied if not path.startswith("deploy/secrets/")]
    assert [path for path in there if not (ROOT / path).exists()] == []


def test_browsers_are_told_to_come_back_by_tls_only():
    proxy = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text()

    (said,) = re.findall(r'Strict-Transport-Security "max-age=(\d+); includeSubDomains"', proxy)
    assert int(said) >= 31_536_000


def test_no_service_runs_as_root_in_its_container():
    users = re.findall(r"^USER (\S+)", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)

    assert users == ["kembar"]


def test_every_secret_that_is_mounted_is_one_that_is_drawn(tmp_path):
    ensure_secrets(tmp_path)

    named = set(re.findall(r"deploy/secrets/([\w.-]+)", COMPOSE))

    assert named == {each.name for each in tmp_path.iterdir()}
