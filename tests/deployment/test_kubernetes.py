"""The manifests hold together: every path is there, whatever is named is made, and no pod can do more than it must.

What kustomize would do is done here by hand for the three things that are used of it: resources, replicas, images. In the long
form kustomize itself is asked, and every resource is held to the schemas of Kubernetes.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.secrets_folder import ensure_secrets
from cli.serve import APPS
from shared.process.settings import Settings
from tests.deployment.compose import SERVICES
from tests.house.project import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("one-node", "full")
HOLD_PODS = {"Deployment", "StatefulSet", "Job"}
in_the_long_form = pytest.mark.skipif(
    os.environ.get("FAULTS") != "long", reason="kustomize and the schemas are asked with FAULTS=long"
)


def built(folder: Path) -> list[dict[str, Any]]:
    """Return the resources of an overlay."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert said.keys() <= {"apiVersion", "kind", "resources", "namespace", "replicas", "images"}
    resources: list[dict[str, Any]] = []
    for name in said["resources"]:
        path = folder / name
        resources += built(path) if path.is_dir() else [each for each in yaml.safe_load_all(path.read_text()) if each]
    counts = {each["name"]: each["count"] for each in said.get("replicas", [])}
    images = {each["name"]: f"{each['newName']}:{each['newTag']}" for each in said.get("images", [])}
    for each in resources:
        if "namespace" in said:
            each["metadata"]["namespace"] = said["namespace"]
        if each["kind"] in HOLD_PODS and each["metadata"]["name"] in counts:
            each["spec"]["replicas"] = counts[each["metadata"]["name"]]
        for container in pod_of(each).get("containers", []):
            container["image"] = images.get(container["image"], container["image"])
    return resources


def pod_of(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that a resource makes; empty where it makes none."""
    return resource["spec"]["template"]["spec"] if resource["kind"] in HOLD_PODS else {}


def of_kind(resources: list[dict[str, Any]], *kinds: str) -> dict[str, dict[str, Any]]:
    """Return the resources of these kinds by name."""
    return {each["metadata"]["name"]: each for each in resources if each["kind"] in kinds}


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request) -> tuple[str, list[dict[str, Any]]]:
    return request.param, built(FOLDER / request.param)


def test_nothing_is_made_twice_and_all_stands_in_one_namespace(overlay):
    names = [(each["kind"], each["metadata"]["name"]) for each in overlay[1]]

    assert len(names) == len(set(names)) >= 30
    assert {each["metadata"]["namespace"] for each in overlay[1]} == {"kembar"}


def test_every_configuration_volume_and_secret_that_a_pod_names_is_made(overlay):
    _, resources = overlay
    given = (FOLDER / "secrets.sh").read_text()
    secrets = set(re.findall(r"^give ([\w-]+) ", given, re.MULTILINE))
    named = json.dumps([pod_of(each) for each in resources])

    assert set(re.findall(r'"secretName": "([\w-]+)"', named)) | {"nats"} <= secrets
    configurations = set(re.findall(r'"(?:configMapRef|configMap)": {"name": "([\w-]+)"', named))
    assert configurations - of_kind(resources, "ConfigMap").keys() == {"outside"}  # optional, the installation's own
    claims = set(re.findall(r'"claimName": "([\w-]+)"', named))
    assert claims == of_kind(resources, "PersistentVolumeClaim").keys()
    for each in resources:
        templates = {made["metadata"]["name"] for made in each.get("spec", {}).get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in pod_of(each).get("volumes", [])} | templates
        for container in pod_of(each).get("containers", []):
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_secrets_are_those_that_are_drawn_and_each_service_has_its_own_only(tmp_path):
    ensure_secrets(tmp_path)
    text = (FOLDER / "secrets.sh").read_text().replace("\\\n", " ")
    text = re.sub(r" \$\(if_there \S+\)", "", text)
    given = {line.split()[1]: set(line.split()[2:]) for line in text.splitlines() if line.startswith("give ")}

    assert {name for names in given.values() for name in names} == {each.name for each in tmp_path.iterdir()} - {
        "nats-listener.seed"
    }
    assert given["deliveries"] == {"postgres-scoring.password"}
    for service in ("ingest", "scoring", "reports", "access", "archive"):
        assert {re.split(r"[-.]", each)[1] for each in given[service]} == {service}


def test_the_settings_are_accepted(overlay, monkeypatch):
    name, resources = overlay
    data = of_kind(resources, "ConfigMap")["settings"]["data"]
    for setting, value in data.items():
        monkeypatch.setenv(setting, value)

    settings = Settings()

    assert data.keys() <= {f"KEMBAR_{each.upper()}" for each in Settings.model_fields}
    servers = of_kind(resources, "StatefulSet")["nats"]["spec"]["replicas"]
    assert settings.ledger_replicas == len(settings.nats_monitor_urls) == servers == (3 if name == "full" else 1)


def test_the_configuration_of_nats_and_postgres_is_that_of_the_other_arrangement(overlay):
    name, resources = overlay
    as_compose_says = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    images = {container["image"] for each in resources for container in pod_of(each).get("containers", [])}
    of_others = {each for each in images if not each.startswith("registry.example.org/")}
    of_nats = of_kind(resources, "ConfigMap")["nats-configuration"]["data"]["nats.conf"]
    expected = (ROOT / "deploy" / "nats" / ("cluster.conf" if name == "full" else "nats.conf")).read_text()

    assert of_others <= {SERVICES["nats-1"]["image"], SERVICES["postgres"]["image"]}
    assert [line for line in of_nats.splitlines() if not line.startswith("pid_file")] == expected.splitlines()
    if name == "one-node":
        of_postgres = of_kind(resources, "ConfigMap")["postgres-configuration"]["data"]["postgresql.conf"]
        assert of_postgres == (ROOT / "deploy" / "postgres" / "postgresql.conf").read_text()
        (container,) = pod_of(of_kind(resources, "StatefulSet")["postgres"])["containers"]
        assert {"name": "POSTGRES_INITDB_ARGS", "value": as_compose_says} in container["env"]


def test_no_pod_can_do_more_than_it_must(overlay):
    for each in overlay[1]:
        pod = pod_of(each)
        if not pod:
            continue
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert {volume.get("hostPath") for volume in pod["volumes"]} == {None}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}
            assert re.search(r":\d+\.\d+", container["image"])


def test_what_selects_pods_finds_some_and_ports_are_there(overlay):
    _, resources = overlay
    pods = [(each["spec"]["template"]["metadata"]["labels"], pod_of(each)) for each in resources if pod_of(each)]
    apps = {labels["app"] for labels, _ in pods}
    for name, service in of_kind(resources, "Service").items():
        if "selector" not in service["spec"]:
            continue
        (found,) = [pod for labels, pod in pods if service["spec"]["selector"].items() <= labels.items()]
        ports = {port["name"] for container in found["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, name
    for budget in of_kind(resources, "PodDisruptionBudget").values():
        assert budget["spec"]["selector"]["matchLabels"]["app"] in apps
    policies = of_kind(resources, "NetworkPolicy")
    named = set(re.findall(r'"app": "([\w-]+)"', json.dumps(list(policies.values()))))
    for values in re.findall(
        r'"key": "app", "operator": "In", "values": \[([^\]]*)\]', json.dumps(list(policies.values()))
    ):
        named |= set(re.findall(r'"([\w-]+)"', values))
    assert named <= apps
    assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_paths_lead_where_the_proxy_leads_them():
    caddy = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text()
    ingress = of_kind(built(FOLDER / "one-node"), "Ingress")["kembar"]["spec"]["rules"][0]["http"]["paths"]
    led: dict[str, set[str]] = {}
    for path in ingress:
        led.setdefault(path["backend"]["service"]["name"], set()).add(path["path"])

    for service in ("ingest", "scoring", "access"):
        (said,) = re.findall(rf"@{service} path (.+)", caddy)
        assert {path.removesuffix("/*") for path in said.split()} == led[service]
    assert led["reports"] == {"/"}


@pytest.mark.parametrize("name", ["ingest", "scoring", "reports", "access"])
def test_an_upgrade_takes_no_replica_away_before_the_next_is_ready(name: str):
    deployment = of_kind(built(FOLDER / "full"), "Deployment")[name]["spec"]

    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    (container,) = deployment["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == f"/{name}/healthz"
    assert "preStop" in container["lifecycle"]


@in_the_long_form
def test_kustomize_makes_the_same(overlay):
    name, resources = overlay
    program = shutil.which("kubectl")
    assert program, "install kubectl"

    made = subprocess.run([program, "kustomize", FOLDER / name], capture_output=True, text=True, check=True).stdout

    def in_order(each: dict[str, Any]) -> str:
        return json.dumps(each, sort_keys=True)

    assert sorted(map(in_order, yaml.safe_load_all(made))) == sorted(map(in_order, resources))


@in_the_long_form
def test_each_secret_of_kubernetes_holds_what_is_drawn_and_what_is_there_besides(tmp_path):
    """The script runs as it is; what it would send to a cluster is looked at instead."""
    program = shutil.which("kubectl")
    assert program, "install kubectl"
    (tmp_path / "kubectl").write_text(
        f'#!/bin/sh\ncase "$*" in *apply*) cat; echo ---;; *) exec {program} "$@";; esac\n'
    )
    (tmp_path / "kubectl").chmod(0o755)
    ensure_secrets(tmp_path / "secrets")
    (tmp_path / "secrets" / "smtp.password").write_text("given by whoever keeps the mail server\n")

    said = subprocess.run(
        [FOLDER / "secrets.sh", tmp_path / "secrets"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    made = {each["metadata"]["name"]: each["data"].keys() for each in yaml.safe_load_all(said) if each}
    assert made["deliveries"] == {"postgres-scoring.password", "smtp.password"}
    assert made["access"] == {"postgres-access.password"}
    assert made.keys() == {"nats", "postgres", "deliveries", "projections", "prepare", *APPS}


@in_the_long_form
def test_every_resource_is_as_kubernetes_wants_it(overlay):
    program = shutil.which("kubernetes-validate")
    assert program, "install kubernetes-validate; it is not in the lock, for its schemas take 108 MB"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump_all(overlay[1], file)

        ended = subprocess.run([program, "--strict", file.name], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
