"""An identity provider's token about a person: believed only if that provider signed it, for us, for this sign-in, now."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey, import_key

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures by a private key alone: what is signed with a shared secret, or not at all, is refused."""
KEYS_IN_THE_HEADER = ("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64")
"""A token that brings its own key, or says where to fetch it, is a forger's."""
CLOCKS_DIFFER_SECONDS = 60
OLDEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class NotBelieved:
    """Why a token is not believed: a short reason for the audit trail. `of_key` says that newer keys may help."""

    reason: str
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: who made it, for whom, for which sign-in, and at which moment it is read."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


def read_id_token(token: str, keys: KeySet, expected: Expected) -> dict[str, Any] | NotBelieved:
    """Return what the token says of a person, or why it is not believed."""
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError:
        return NotBelieved("unknown-key", of_key=True)
    except (JoseError, ValueError) as error:
        return NotBelieved(f"bad-signature ({type(error).__name__})", of_key=True)
    brought = [name for name in KEYS_IN_THE_HEADER if name in decoded.header]
    if brought:
        return NotBelieved(f"key-in-header ({brought[0]})")
    return _check(decoded.claims, expected)


def _check(claims: dict[str, Any], expected: Expected) -> dict[str, Any] | NotBelieved:
    now = int(expected.now.timestamp())
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=CLOCKS_DIFFER_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        return NotBelieved(f"bad-claim ({getattr(error, 'claim', None) or type(error).__name__})")
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        return NotBelieved("bad-claim (nonce)")
    if claims["iat"] < now - OLDEST_SECONDS:
        return NotBelieved("bad-claim (iat)")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != expected.client_id:
        return NotBelieved("bad-claim (azp)")
    return claims


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """Return the provider's public keys for signatures; kinds that are not known are left out."""
    found: list[Any] = []
    entries = document.get("keys")
    for entry in entries if isinstance(entries, Sequence) else ():
        try:
            key = import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey) and entry.get("use", "sig") == "sig":
            found.append(key)
    return KeySet(found)
