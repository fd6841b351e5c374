"""Who is asking: a bearer token stands for an account; only the token's hash is kept.

The dependencies are coroutines although they wait for nothing: FastAPI would run plain functions in a thread each.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from shared.process.settings import Settings
from shared.wire.problems import Fault, Problem

ROLES = ("bureau", "issuer", "embassy", "viewer", "auditor", "administrator")


@dataclass(frozen=True, slots=True)
class Principal:
    """An account of one home. `account` stands as author under every event it posts; it is no person's name."""

    account: str
    role: str
    home: str


def hash_of_token(token: str) -> str:
    """Return the hash under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Path | None) -> Mapping[str, Principal]:
    """Return the principals by the hash of their token; none where there is no file."""
    if path is None or not path.exists():
        return {}
    return {each.pop("token_hash"): Principal(**each) for each in json.loads(path.read_text("utf-8"))}


async def may_post(request: Request) -> Principal:
    """Return who is posting; 401 without a valid token."""
    principal = _principal(request)
    if principal is None:
        raise Fault(_UNAUTHORIZED)
    return principal


async def may_read(request: Request) -> Principal | None:
    """Return who is reading; None for anybody where reading is open, 401 otherwise."""
    settings: Settings = request.app.state.settings
    principal = _principal(request)
    if principal is None and not settings.open_reading:
        raise Fault(_UNAUTHORIZED)
    return principal


def _principal(request: Request) -> Principal | None:
    sent = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = sent.decode("latin-1").partition(" ")
    if not token:
        return None
    tokens: Mapping[str, Principal] = request.app.state.tokens
    principal = tokens.get(hash_of_token(token.strip())) if scheme.lower() == "bearer" else None
    if principal is None:
        raise Fault(_UNAUTHORIZED)
    return principal


_UNAUTHORIZED = Problem(
    status=401,
    kind="unauthorized",
    title="The token is missing or not valid.",
    remedy="Send the header “Authorization: Bearer <token>”. `kembar demo` writes tokens to <data>/demo-tokens.json.",
)
