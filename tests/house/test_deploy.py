"""What watches an installation measures what is there, and whatever alarms is in the handbook."""

import ast
import json
import re
from collections.abc import Iterator

import yaml

from tests.house.project import ROOT, document, parsed, table_rows

OBSERVE = ROOT / "deploy" / "observe"
RULES = [rule for group in yaml.safe_load((OBSERVE / "rules.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((OBSERVE / "grafana" / "dashboards" / "kembar.json").read_text())
OF_OTHERS = {
    "up",
    "probe_success",
    "probe_ssl_earliest_cert_expiry",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_timex_offset_seconds",
    "node_timex_sync_status",
    "caddy_http_request_duration_seconds_bucket",
    "caddy_http_request_duration_seconds_count",
}
"""What Prometheus, its exporters and the proxy measure."""
METRIC = re.compile(r"\b(?:kembar|node|probe|caddy)_\w+|\bup\b")


def metrics_of_the_program() -> Iterator[str]:
    """Yield the name of each metric that the services make, as Prometheus is told it."""
    for _, tree in parsed("shared", "services"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
                if isinstance(name, str) and name.startswith("kembar_"):
                    yield from _as_told(node.func.id, name)


def _as_told(kind: str, name: str) -> list[str]:
    match kind:
        case "Gauge":
            return [name]
        case "Counter":
            return [name.removesuffix("_total") + "_total"]
        case "Histogram":
            return [f"{name}_bucket", f"{name}_count", f"{name}_sum"]
    return []


def metrics_of_the_deployment() -> set[str]:
    """Return what the scripts of deploy/ write down for Prometheus."""
    return set(re.findall(r"printf '(kembar_\w+) ", (ROOT / "deploy" / "backup.sh").read_text()))


def asked() -> list[str]:
    """Return what is asked of Prometheus."""
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in RULES] + panels


def test_the_metrics_of_the_program_are_found():
    assert {"kembar_projection_position", "kembar_projection_ready", "kembar_deliveries"} <= set(
        metrics_of_the_program()
    )


def test_every_metric_that_is_asked_for_is_measured():
    named = {name for expression in asked() for name in METRIC.findall(expression)}

    assert named <= OF_OTHERS | set(metrics_of_the_program()) | metrics_of_the_deployment()
    assert named >= OF_OTHERS


def test_every_metric_stands_in_the_handbooks_one_table_and_no_other():
    section = document("docs/operating.md").partition("## Observe")[2].partition("\n## ")[0]
    told = {row[0].strip("`") for row in table_rows(section) if row[0].startswith("`kembar_")}
    ends = re.compile(r"_(total|bucket|count|sum)$")

    assert told == {ends.sub("", name) for name in metrics_of_the_program()}


def test_every_alarm_has_its_section_in_the_handbook_and_no_other():
    section = document("docs/operating.md").partition("## Alarms")[2].partition("\n## ")[0]
    described = re.findall(r"^### (\w+)$", section, re.MULTILINE)

    assert sorted(described) == sorted(rule["alert"] for rule in RULES)
    for rule in RULES:
        assert rule["annotations"]["handbook"] == f"docs/operating.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("urgent", "soon")
    for text in section.split("### ")[1:]:
        assert "What to do: " in text, text.partition("\n")[0]


def test_every_job_that_an_alarm_names_is_asked():
    jobs = {each["job_name"] for each in yaml.safe_load((OBSERVE / "prometheus.yml").read_text())["scrape_configs"]}
    named = {
        name
        for expression in asked()
        for said in re.findall(r'job=~?"([^"]+)"', expression)
        for name in said.split("|")
    }

    assert named <= jobs
