"""The settings: the same names on one machine and in production, only the addresses differ.

Each is read from the environment as `KEMBAR_` and its name in capitals; `docs/operating.md` lists them all, and a test
holds the list to this class.
"""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.access import Role


class Settings(BaseSettings):
    """What an installation can choose."""

    model_config = SettingsConfigDict(env_prefix="KEMBAR_", frozen=True, extra="ignore")

    home: str = "jakarta"
    time_zone: str = "Asia/Jakarta"

    host: str = "127.0.0.1"
    port: int = 8080
    open_reading: bool = False
    requests_per_second: Annotated[float, Field(gt=0)] = 5000.0
    open_requests_per_second: Annotated[float, Field(gt=0)] = 500.0
    project: bool = True
    deliver: bool = True
    report_processes: Annotated[int, Field(ge=1, le=64)] = 1
    ingest_url: str | None = None
    scoring_url: str | None = None
    report_templates: Path | None = None
    public_url: str | None = None
    trusted_proxies: list[str] = []
    secrets_folder: Path | None = None

    passwords: bool = True
    oidc_issuer: str | None = None
    oidc_client_id: str = "kembar"
    oidc_scopes: str = "openid email profile"
    oidc_role_claim: str = "groups"
    oidc_roles: dict[str, str] = {}

    nats_url: str = "nats://127.0.0.1:4222"
    nats_monitor_urls: list[str] = ["http://127.0.0.1:8222"]
    ledger_replicas: int = 1
    archive_folder: Path | None = None

    webhook_networks: list[str] = []
    smtp_url: str | None = None
    mail_from: str | None = None

    postgres_dsn: SecretStr = SecretStr("postgresql://127.0.0.1:5432/kembar")
    postgres_read_dsn: SecretStr | None = None
    postgres_connections: int = 8

    log_level: str = "info"
    worker_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    otlp_endpoint: str | None = None
    traced_share: Annotated[float, Field(ge=0, le=1)] = 0.1

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}; use one such as Asia/Jakarta") from error

    @field_validator("public_url", "ingest_url", "scoring_url")
    @classmethod
    def _an_origin(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is None or (parts.scheme in ("http", "https") and parts.netloc and parts.path in ("", "/")):
            return url.rstrip("/") if url else None
        raise ValueError(f"{url!r} is no address of a site; write one such as https://kembar.example.org")

    @field_validator("otlp_endpoint")
    @classmethod
    def _a_collector(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is None or (parts.scheme in ("http", "https") and parts.hostname and parts.username is None):
            return url.rstrip("/") if url else None
        raise ValueError("it is no address of a collector; write one such as http://collector:4318")

    @field_validator("oidc_issuer")
    @classmethod
    def _a_safe_issuer(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is None or parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
            return url
        raise ValueError(f"{url!r} is no https address; an identity provider is reached with TLS only")

    @field_validator("oidc_roles")
    @classmethod
    def _known_roles(cls, mapping: dict[str, str]) -> dict[str, str]:
        for said in mapping.values():
            home, role, *_ = [*said.split("/"), ""]
            if not home or role not in set(Role):
                raise ValueError(f"{said!r} is no membership; write home/role, such as jakarta/bureau")
        return mapping

    @field_validator("webhook_networks")
    @classmethod
    def _known_networks(cls, networks: list[str]) -> list[str]:
        for each in networks:
            ip_network(each)
        return networks

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is None or (parts.scheme in ("smtp", "smtps") and parts.hostname and parts.password is None):
            return url
        raise ValueError("it is no mail server; write smtp://user@host:port, the password is a file of its own")

    @property
    def networks_allowed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that webhooks may lead to besides public ones."""
        return tuple(map(ip_network, self.webhook_networks))

    @property
    def site(self) -> str:
        """The address under which people reach the pages."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def has_tls(self) -> bool:
        """Whether people reach the pages with TLS."""
        return (self.public_url or "").startswith("https://")

    @property
    def is_safe_for_passwords(self) -> bool:
        """Whether a password can be typed here unheard: with TLS, or on this machine's own address."""
        public = urlsplit(self.public_url).hostname if self.public_url else self.host
        return self.has_tls or (is_loopback(self.host) and is_loopback(public))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The home's time zone, in which its days begin and end."""
        return ZoneInfo(self.time_zone)


def is_loopback(host: str | None) -> bool:
    """Say whether a host is this machine's own address."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
