"""The one form of a JSON value that is hashed, signed and stored (RFC 8785), and its hash."""

import hashlib
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:  # noqa: ANN401
    """Return the canonical bytes of a JSON value: keys sorted, no white space, numbers as ECMAScript writes them."""
    return rfc8785.dumps(value)


def digest(payload: bytes) -> str:
    """Return the SHA-256 of `payload` as `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(payload).hexdigest()}"
