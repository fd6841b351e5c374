"""Who is asking: a bearer token stands for an account; only the token's hash is kept."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request

from shared.domain.access import Principal, Role
from shared.wire.problems import Fault, Problem

ROLES = tuple(role.value for role in Role if role is not Role.PUBLIC)
"""The roles that an account can have; the public needs none."""


def hash_of_token(token: str) -> str:
    """Return the hash under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Path | None) -> Mapping[str, Principal]:
    """Return the principals by the hash of their token; none where there is no file."""
    if path is None or not path.exists():
        return {}
    return {each["token_hash"]: _principal(each) for each in json.loads(path.read_text("utf-8"))}


async def principal_of(request: Request) -> Principal | None:
    """Return who sent the request, None where it says nobody; 401 for a token that is not valid."""
    sent = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = sent.decode("latin-1").partition(" ")
    if not token:
        return None
    tokens: Mapping[str, Principal] = request.app.state.tokens
    principal = tokens.get(hash_of_token(token.strip())) if scheme.lower() == "bearer" else None
    if principal is None:
        raise Fault(UNAUTHORIZED)
    return principal


def _principal(kept: Mapping[str, Any]) -> Principal:
    partnerships, scopes = kept.get("partnerships"), kept.get("scopes")
    return Principal(
        account=kept["account"],
        home=kept["home"],
        role=Role(kept["role"]),
        partnerships=frozenset(partnerships) if partnerships is not None else None,
        scopes=frozenset(scopes) if scopes is not None else None,
    )


UNAUTHORIZED = Problem(
    status=401,
    kind="unauthorized",
    title="The token is missing or not valid.",
    remedy="Send the header “Authorization: Bearer <token>”. `kembar demo` writes tokens to <data>/demo-tokens.json.",
)
