"""Carry out a Dockerfile's steps in a bare root made with debootstrap, and run what comes of it, without a container engine.

Each stage is a layer over those that it is built on; a step runs chrooted, in mounts of its own. What is made is run as its
user, on a file system that is read-only, with no new privileges. Needs root. It is not an engine: processes, the network and
limits are the machine's.
"""

import os
import shlex
import shutil
import string
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.deployment.dockerfile import Stage, Step, environment_in, read_stages

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
READ_BY_PIP = os.environ.get("BARE_ROOT_BINDS", "").split(":")
"""Files and folders of this machine that pip needs there to find packages, such as its configuration."""


@dataclass
class Made:
    """What a stage came to: its layers, the uppermost first, and what is said of running it."""

    layers: list[Path]
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def added_bytes(self) -> int:
        """Return how much the steps put onto the root with Python."""
        *own, _, _ = self.layers
        files = (Path(folder) / name for layer in own for folder, _, names in os.walk(layer) for name in names)
        return sum(each.lstat().st_size for each in files)


class BareRoot:
    """A builder over a bare root with Python; `work` holds the layers, `context` is what COPY copies from."""

    def __init__(self, dockerfile: str, root: Path, work: Path, context: Path) -> None:
        self._stages = read_stages(dockerfile)
        self._root, self._work, self._context = root, work, context
        self._made: dict[str, Made] = {}

    def make(self, name: str) -> Made:
        """Carry out a stage, and first those that it is built on."""
        if name not in self._made:
            self._made[name] = self._carry_out(self._stages[name])
        return self._made[name]

    def _carry_out(self, stage: Stage) -> Made:
        below = self.make(stage.base) if stage.base in self._stages else Made([self._python(), self._root])
        layer = self._work / stage.name
        layer.mkdir(parents=True)
        made = Made(
            [layer, *below.layers],
            dict(below.environment),
            dict(below.arguments),
            below.folder,
            below.user,
            below.entrypoint,
            below.command,
        )
        for step in stage.steps:
            getattr(self, f"_{step.keyword.lower()}")(made, step)
        return made

    def _python(self) -> Path:
        """What the images of Python have and Debian's has not: the name `python`."""
        layer = self._work / "python"
        (layer / "usr/local/bin").mkdir(parents=True, exist_ok=True)
        link = layer / "usr/local/bin/python"
        if not link.is_symlink():
            link.symlink_to("/usr/bin/python3")
        return layer

    def _arg(self, made: Made, step: Step) -> None:
        name, _, default = step.rest.partition("=")
        made.arguments[name] = default

    def _env(self, made: Made, step: Step) -> None:
        made.environment |= environment_in(step)

    def _workdir(self, made: Made, step: Step) -> None:
        made.folder = step.rest
        (made.layers[0] / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _user(self, made: Made, step: Step) -> None:
        made.user = string.Template(step.rest).substitute(made.arguments)

    def _expose(self, made: Made, step: Step) -> None:
        assert step.rest.isdigit()

    def _entrypoint(self, made: Made, step: Step) -> None:
        made.entrypoint = step.list_form

    def _cmd(self, made: Made, step: Step) -> None:
        made.command = step.list_form

    def _healthcheck(self, made: Made, step: Step) -> None:
        made.healthcheck = [] if step.rest == "NONE" else step.list_form

    def _copy(self, made: Made, step: Step) -> None:
        *sources, target = step.rest.split(" ")
        above = [self._context]
        if sources[0].startswith("--from="):
            above = self.make(sources.pop(0).removeprefix("--from=")).layers
        to = made.layers[0] / os.path.join(made.folder, target).lstrip("/")
        # What lies in several layers is their sum, the uppermost last.
        found = [(source, top / source.lstrip("/")) for source in sources for top in reversed(above)]
        for _, path in found:
            if path.is_dir():
                shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True, ignore=_not_in_the_context)
            elif path.is_file():
                into = to / path.name if target.endswith("/") else to
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, into)
        there = {source for source, path in found if path.exists()}
        assert there == set(sources), f"{step.rest}: not all of it is there"

    def _run(self, made: Made, step: Step) -> None:
        for_pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment = {**made.environment, **made.arguments, **for_pip, "HOME": "/nowhere"}
        binds = {path: path for path in READ_BY_PIP if path}
        ended = subprocess.run(
            _mounted(made, ["/bin/sh", "-c", step.rest], environment, binds, upper=made.layers[0], user="0"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{step.rest}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"


def _not_in_the_context(folder: str, names: list[str]) -> set[str]:
    return {each for each in names if each == "__pycache__" or (each == "bench" and folder.endswith("cli"))}


def started(made: Made, environment: Mapping[str, str], binds: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start what was made as it says itself; `log` takes what it writes."""
    command = in_the_root(made, [*made.entrypoint, *made.command], environment, binds)
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def in_the_root(
    made: Made, command: Sequence[str], environment: Mapping[str, str], binds: Mapping[str, str]
) -> list[str]:
    """Return how a command is run in what was made, as its user, on a read-only root.

    `binds` are folders of this machine and where they are there: read-only under `/run`, else volumes that can be written.
    """
    return _mounted(made, command, {**made.environment, **environment}, binds, upper=None, user=made.user)


def _mounted(
    made: Made,
    command: Sequence[str],
    environment: Mapping[str, str],
    binds: Mapping[str, str],
    *,
    upper: Path | None,
    user: str,
) -> list[str]:
    """Return the command in mounts of its own. Each `exec` keeps the process, so that a signal reaches the command itself."""
    work = made.layers[-2].parent  # the layer with `python`, beside all others
    top, scratch = work / "mounted", work / "scratch"
    top.mkdir(exist_ok=True)
    below = made.layers if upper is None else made.layers[1:]
    options = f"lowerdir={':'.join(map(str, below))}"
    if upper is not None:
        scratch = work / f"scratch-{upper.name}"
        scratch.mkdir(exist_ok=True)
        options += f",upperdir={upper},workdir={scratch}"
    script = [
        f"mount -t overlay overlay -o {shlex.quote(options)} {top}",
        f"mount -t proc proc {top}/proc",
        f"mount --rbind /dev {top}/dev",
        f"mount -t tmpfs -o mode=1777 tmpfs {top}/tmp",
        f"mount -t tmpfs tmpfs {top}/run",
    ]
    for here, there in binds.items():
        make = (
            f"mkdir -p {top}{there}"
            if Path(here).is_dir()
            else f"mkdir -p {top}{Path(there).parent}; touch {top}{there}"
        )
        read_only = f"mount -o remount,bind,ro {top}{there}" if upper or there.startswith("/run/") else ":"
        script += [f"test -e {top}{there} || {{ {make}; }}", f"mount --bind {here} {top}{there}", read_only]
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
    as_user = "" if user == "0" else f"--userspec={user}:{user} "
    inner = f"cd {made.folder} && exec {shlex.join(command)}"
    privileges = "" if user == "0" else "setpriv --no-new-privs "
    script.append(f"exec env -i {settings} {privileges}/usr/sbin/chroot {as_user}{top} /bin/sh -c {shlex.quote(inner)}")
    return ["unshare", "--mount", "/bin/sh", "-ec", "\n".join(script)]
