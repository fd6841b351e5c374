"""The identity provider: OpenID Connect, the code flow with PKCE. Any provider that has a discovery document will do."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from services.access.id_token import Expected, NotBelieved, read_id_token, read_keys
from shared.process.clock import Clock
from shared.process.secrets import read_secret
from shared.process.settings import Settings, is_loopback

SECRET = "oidc-client.secret"  # noqa: S105 - the name of a file
RETURN_PATH = "/sign-in/provider/return"
REMEMBERED_SECONDS = 3600.0
NEW_KEYS_AT_MOST_EVERY = timedelta(seconds=30)
LARGEST_ANSWER_BYTES = 1_000_000


class ProviderAway(Exception):
    """The identity provider cannot be reached, or does not answer as one; try again, and look at its address."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A sign-in under way at the provider: what only we, the provider and this browser know."""

    state: str
    nonce: str
    code_verifier: str

    @classmethod
    def draw(cls) -> "Visit":
        """Draw a new one."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock) -> None:
        assert settings.oidc_issuer is not None
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._client_secret = read_secret(settings.secrets_folder, SECRET)
        self._scopes = settings.oidc_scopes
        self._return_to = f"{address_of_site(settings)}{RETURN_PATH}"
        self._http = http
        self._clock = clock
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._keys_asked_at: datetime | None = None

    async def address_for(self, visit: Visit) -> str:
        """Return where to send the browser. Raises `ProviderAway`."""
        metadata = await self._read_metadata()
        address: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._client_id,
            response_type="code",
            redirect_uri=self._return_to,
            scope=self._scopes,
            state=visit.state,
            nonce=visit.nonce,
            code_challenge=create_s256_code_challenge(visit.code_verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims_for(self, code: str, visit: Visit) -> dict[str, Any] | NotBelieved:
        """Return what the provider says of the person who came back with this code, or why it is not believed.

        Raises `ProviderAway`.
        """
        token = await self._exchange(code, visit)
        if token is None:
            return NotBelieved("code-refused")
        expected = Expected(self.issuer, self._client_id, visit.nonce, self._clock())
        claims = read_id_token(token, await self._read_keys(), expected)
        if isinstance(claims, NotBelieved) and claims.of_key and self._may_read_keys_again():
            self._keys, self._keys_asked_at = None, self._clock()  # it may have new ones
            claims = read_id_token(token, await self._read_keys(), expected)
        return claims

    async def _exchange(self, code: str, visit: Visit) -> str | None:
        metadata = await self._read_metadata()
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=self._return_to, code_verifier=visit.code_verifier
        )
        address, headers, body = self._authentication(metadata).prepare(
            "POST", metadata["token_endpoint"], {"Content-Type": "application/x-www-form-urlencoded"}, body
        )
        answer = await self._ask("POST", address, headers=headers, content=body)
        if answer.status_code in (400, 401, 403):
            return None
        token = self._document(answer).get("id_token")
        return token if isinstance(token, str) else None

    def _authentication(self, metadata: Mapping[str, Any]) -> ClientAuth:
        known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        return ClientAuth(self._client_id, self._client_secret, method if self._client_secret else "none")

    async def _read_metadata(self) -> dict[str, Any]:
        if self._metadata is None or self._metadata[0] < time.monotonic():
            address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            document = self._document(await self._ask("GET", address))
            if document.get("issuer") != self.issuer:
                raise ProviderAway(f"The identity provider at {self.issuer} says that it is another.")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _refuse_an_unsafe_address(document.get(name))
            self._metadata = (time.monotonic() + REMEMBERED_SECONDS, document)
        return self._metadata[1]

    async def _read_keys(self) -> KeySet:
        if self._keys is None or self._keys[0] + REMEMBERED_SECONDS < time.monotonic():
            metadata = await self._read_metadata()
            keys = read_keys(self._document(await self._ask("GET", metadata["jwks_uri"])))
            self._keys = (time.monotonic(), keys)
        return self._keys[1]

    def _may_read_keys_again(self) -> bool:
        return self._keys_asked_at is None or self._keys_asked_at + NEW_KEYS_AT_MOST_EVERY <= self._clock()

    async def _ask(self, method: str, address: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401
        """Ask, and read no more of the answer than a provider's has."""
        body = bytearray()
        try:
            async with self._http.stream(method, address, **arguments) as answer:
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER_BYTES:
                        raise ProviderAway("The identity provider's answer is too long.")
        except httpx.HTTPError as error:
            raise ProviderAway(f"The identity provider does not answer: {type(error).__name__}.") from error
        return httpx.Response(answer.status_code, content=bytes(body))

    def _document(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            if answer.status_code != 200:
                raise ValueError(answer.status_code)
            document = answer.json()
        except ValueError as error:
            raise ProviderAway(f"The identity provider answered {answer.status_code}, not as one does.") from error
        if not isinstance(document, dict):
            raise ProviderAway("The identity provider did not answer with a document.")
        return document


def address_of_site(settings: Settings) -> str:
    """Return the address under which people reach the pages."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def _refuse_an_unsafe_address(address: object) -> None:
    parts = urlsplit(address if isinstance(address, str) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ProviderAway("The identity provider names an address that is not reached with TLS.")
