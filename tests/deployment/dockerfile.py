"""A Dockerfile as its stages and their steps; what is needed to check it, and to carry it out without an engine."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """An instruction: `keyword` in capitals, `rest` with the lines that it goes on in joined."""

    keyword: str
    rest: str

    @property
    def list_form(self) -> list[str]:
        """The arguments of an instruction that is written as a JSON list."""
        arguments: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return arguments


@dataclass
class Stage:
    """What stands between one FROM and the next; `base` is an image or an earlier stage."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)

    def of(self, keyword: str) -> list[Step]:
        """Return its own instructions with this keyword, in order."""
        return [each for each in self.steps if each.keyword == keyword]


def read_stages(text: str) -> dict[str, Stage]:
    """Return the stages of a Dockerfile by name, in order."""
    stages: dict[str, Stage] = {}
    for line in _logical_lines(text):
        keyword, _, rest = line.partition(" ")
        if keyword.upper() == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = stages.setdefault(name, Stage(name, base))
        else:
            stage.steps.append(Step(keyword.upper(), rest.strip()))
    return stages


def _logical_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [re.sub(r"\s+", " ", line).strip() for line in joined.splitlines() if line.strip()]


def lineage(stages: Mapping[str, Stage], name: str) -> list[Stage]:
    """Return a stage after those that it is built on, the first of them first."""
    stage = stages[name]
    return [*(lineage(stages, stage.base) if stage.base in stages else []), stage]


def environment_in(step: Step) -> dict[str, str]:
    """Return what an ENV sets."""
    return dict(each.split("=", 1) for each in step.rest.split(" "))


def options_of_healthcheck(step: Step) -> list[str]:
    """Return the command that a HEALTHCHECK runs."""
    return step.list_form
