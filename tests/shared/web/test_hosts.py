"""A service on this machine's own address answers by its own names only; elsewhere the proxy in front decides."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from shared.process.settings import Settings
from shared.web.hosts import held_to_known_names

OWN = {"localhost", "127.0.0.1", "[::1]"}


async def status(name: str, **settings) -> int:
    app = held_to_known_names(PlainTextResponse("here"), Settings(**settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        return (await http.get("/", headers={"Host": name})).status_code


@given(st.from_regex(r"[!-~]{0,30}", fullmatch=True).filter(lambda name: not name.lower().startswith(tuple(OWN))))
async def test_no_other_name_is_answered(name):
    assert await status(name) == 421


@given(st.sampled_from(sorted(OWN)), st.integers(0, 65_535))
async def test_its_own_names_are_answered_with_any_port(name, port):
    assert await status(f"{name}:{port}") == await status(name.upper()) == 200


@pytest.mark.parametrize("name", ["kembar.example.org", "kembar.example.org:443", "localhost:80"])
async def test_the_name_under_which_people_reach_it_is_answered_beside_its_own(name):
    assert await status(name, public_url="https://kembar.example.org") == 200
    assert await status("other.example.org", public_url="https://kembar.example.org") == 421


async def test_behind_a_proxy_on_another_machine_the_proxy_decides():
    assert await status("kembar.example.org", host="0.0.0.0") == 200
