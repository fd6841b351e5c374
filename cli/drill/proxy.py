"""The proxy with the configuration of `deploy/proxy/Caddyfile`, on ports of this machine."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.embedded.nats_server import free_ports
from cli.embedded.part import Part
from cli.embedded.stack import ROOT

CADDYFILE = ROOT / "deploy" / "proxy" / "Caddyfile"
WHERE = {
    "ingest": "KEMBAR_AT_INGEST",
    "scoring": "KEMBAR_AT_SCORING",
    "reports": "KEMBAR_AT_REPORTS",
    "access": "KEMBAR_AT_ACCESS",
}
"""The names by which the proxy is told where each service's replicas are."""
OLDEST = (2, 7)
"""Releases before cannot hand a posting to another replica (`request_buffers`)."""


def find_proxy() -> Path | None:
    """Return the Caddy of this environment, or of this machine where it is new enough; None where there is none."""
    own, installed = Path(sys.executable).with_name("caddy"), shutil.which("caddy")
    for each in (own, *([Path(installed)] if installed else [])):
        if each.exists() and _release(each) >= OLDEST:
            return each
    return None


def _release(program: Path) -> tuple[int, int]:
    said = subprocess.run([str(program), "version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v?(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def proxy_part(program: Path, folder: Path, https: int, upstreams: Mapping[str, str]) -> Part:
    """Return the proxy as a part; `upstreams` are the addresses of each service's replicas, by spaces between."""
    http, admin, measured = free_ports(3)
    ports = f"admin 127.0.0.1:{admin}\n\thttps_port {https}\n\thttp_port {http}\n\tskip_install_trust"
    text = CADDYFILE.read_text("utf-8").replace("admin 127.0.0.1:2019", ports)
    configuration = folder / "run" / "Caddyfile"
    configuration.write_text(text.replace("\n:9180 {", f"\nhttp://127.0.0.1:{measured} {{"))
    environment = {WHERE[service]: at for service, at in upstreams.items()}
    home = str(folder / "run" / "proxy")
    return Part(
        name="proxy",
        command=[str(program), "run", "--adapter", "caddyfile", "--config", str(configuration)],
        folder=folder,
        is_ready=certificate_of(folder).exists,
        environment={**environment, "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home},
    )


def certificate_of(folder: Path) -> Path:
    """Return the certificate of the proxy's own authority, which it makes when it first starts."""
    return folder / "run" / "proxy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
