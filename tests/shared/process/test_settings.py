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


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_url": "kembar.example.org"},
        {"public_url": "https://kembar.example.org/kembar"},
        {"oidc_issuer": "http://accounts.example.org"},
        {"oidc_roles": {"biro": "bureau"}},
        {"oidc_roles": {"biro": "jakarta/emperor"}},
    ],
)
def test_a_setting_that_would_let_somebody_in_by_mistake_is_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("chosen", "safe"),
    [
        ({}, True),
        ({"host": "::1"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "192.0.2.7"}, False),
        ({"host": "kembar.example.org"}, False),
        ({"public_url": "http://kembar.example.org"}, False),
        ({"host": "0.0.0.0", "public_url": "https://kembar.example.org"}, True),
        ({"host": "0.0.0.0", "public_url": "http://127.0.0.1:8080"}, False),
    ],
)
def test_passwords_are_taken_where_nobody_else_can_hear_them(chosen, safe):
    assert Settings(**chosen).is_safe_for_passwords is safe
