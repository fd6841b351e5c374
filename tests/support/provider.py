"""A small identity provider that really is one: discovery, the code flow with PKCE, signed tokens. It can also forge."""

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from cli.embedded.nats_server import free_ports
from shared.process.settings import Settings
from tests.support.installation import SetClock, serving

CLIENT, CLIENT_SECRET = "kembar", "secret-of-the-client"
Spoil = Callable[["Provider", dict[str, Any], dict[str, Any]], str]


@dataclass
class Provider:
    """A provider: who signs in there, and what it does to the token that says so."""

    issuer: str
    clock: SetClock
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "of-today", "use": "sig"}))
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "248289761001", "name": "Sri Rahayu", "groups": ["biro"]}
    )
    spoil: Spoil | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None, key: Any = None) -> str:
        """A token as the provider signs it, or as somebody else does with another key."""
        used = {"alg": "RS256", "kid": "of-today", **(header or {})}
        return jwt.encode(used, claims, key or self.key, algorithms=[used["alg"]])

    def claims(self, nonce: str) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        return {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}

    def token_for(self, nonce: str) -> str:
        claims = self.claims(nonce)
        return self.spoil(self, {"alg": "RS256", "kid": "of-today"}, claims) if self.spoil else self.sign(claims)


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    """A token put together by hand."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (header, claims)]
    return ".".join([*parts, signature])


def app_of(provider: Provider) -> FastAPI:
    """The provider's addresses."""
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/keys",
            **provider.discovery,
        }

    @app.get("/authorize")
    async def authorize(request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        provider.codes[code] = asked
        provider.seen += [code, asked["state"], asked["nonce"]]
        query = urlencode({"code": code, "state": asked["state"], "iss": provider.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", status_code=303)

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        wanted = "Basic " + base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != wanted:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        form = dict(each.split("=", 1) for each in (await request.body()).decode().split("&"))
        asked = provider.codes.pop(form["code"], None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if asked is None or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        made = provider.token_for(asked["nonce"])
        provider.seen += [made, form["code_verifier"]]
        return JSONResponse({"access_token": "unused", "token_type": "Bearer", "id_token": made})

    @app.get("/keys")
    async def keys() -> dict[str, Any]:
        return {"keys": [{"kty": "of-another-kind"}, provider.key.as_dict(private=False)]}

    return app


@contextlib.asynccontextmanager
async def running_provider(clock: SetClock) -> AsyncIterator[Provider]:
    """Start a provider on a port of its own."""
    (port,) = free_ports(1)
    provider = Provider(f"http://127.0.0.1:{port}", clock)
    async with serving(app_of(provider), Settings(port=port)):
        yield provider
