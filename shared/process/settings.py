"""The settings: the same names on one machine and in production, only the addresses differ.

Each is read from the environment as `KEMBAR_` and its name in capitals; `docs/operating.md` lists them all, and a test
holds the list to this class.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    tokens_file: Path | None = None
    secrets_folder: Path | None = None

    nats_url: str = "nats://127.0.0.1:4222"
    nats_monitor_urls: list[str] = ["http://127.0.0.1:8222"]
    ledger_replicas: int = 1
    archive_folder: Path | None = None

    postgres_dsn: SecretStr = SecretStr("postgresql://127.0.0.1:5432/kembar")
    postgres_connections: int = 8

    log_level: str = "info"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}; use one such as Asia/Jakarta") from error

    @cached_property
    def zone(self) -> ZoneInfo:
        """The home's time zone, in which its days begin and end."""
        return ZoneInfo(self.time_zone)
