"""Settings come from the environment, by one name everywhere."""

import pytest
from pydantic import ValidationError

from shared.process.settings import Settings


def test_a_setting_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("KEMBAR_TIME_ZONE", "Asia/Makassar")
    monkeypatch.setenv("KEMBAR_NATS_MONITOR_URLS", '["http://one:8222", "http://two:8222"]')

    settings = Settings()

    assert settings.zone.key == "Asia/Makassar"
    assert settings.nats_monitor_urls == ["http://one:8222", "http://two:8222"]


def test_a_time_zone_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="time_zone"):
        Settings(time_zone="Asia/Batavia-Lama")


def test_secrets_do_not_show_when_settings_are_printed():
    assert "hush" not in repr(Settings(postgres_dsn="postgresql://kembar:hush@host/db"))
