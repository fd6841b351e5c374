"""docker-compose.yml as a container is arranged by it: what it is given, and what is put in for variables."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from cli.serve import APPS
from tests.house.project import ROOT

OURS = {*APPS, "deliveries", "projections", "prepare"}
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*\}?[^}]*))?\}")


class OnceEach(yaml.SafeLoader):
    """Reads YAML as compose does, which takes no name twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; fails where a name stands in it twice."""
        names = [each.value for each, _ in node.value if each.value != "<<"]
        assert len(names) == len(set(names)), f"{node.start_mark}: a name stands there twice: {sorted(names)}"
        return super().construct_mapping(node, deep)


def read_compose(name: str) -> dict[str, Any]:
    """Return what a file of compose says, by its path from the root."""
    read: dict[str, Any] = yaml.load((ROOT / name).read_text("utf-8"), OnceEach)
    return read


COMPOSE = read_compose("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
FULL = dict(
    line.split("=", 1) for line in (ROOT / "deploy" / "full.env").read_text().splitlines() if line[:1].isupper()
)


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with the variables put in, their defaults where they have no value."""
    return VARIABLE.sub(lambda found: variables.get(found[1], found[2]), text)


def environment_of(service: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a service finds in its environment; a name without a value is passed on where there is one."""
    given = SERVICES[service].get("environment", {})
    put_in = {
        name: variables.get(name) if value is None else with_variables(value, variables)
        for name, value in given.items()
    }
    return {name: value for name, value in put_in.items() if value is not None}
