"""The one form of a JSON value that is hashed, signed and stored (RFC 8785), and its hash."""

import hashlib
import json
from typing import Any

import rfc8785

_LARGEST_INTEGER = 2**53 - 1
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)


def canonical(value: Any) -> bytes:  # noqa: ANN401
    """Return the canonical bytes of a JSON value: keys sorted, no white space, numbers as ECMAScript writes them."""
    # Without fractions and beyond ASCII keys the two forms are the same, and the standard library's is four times faster.
    return _ENCODER.encode(value).encode() if _is_plain(value) else rfc8785.dumps(value)


def digest(payload: bytes) -> str:
    """Return the SHA-256 of `payload` as `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(payload).hexdigest()}"


def _is_plain(value: object) -> bool:
    """Say whether nothing in the value is written otherwise by the standard library: no fraction, no foreign key."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return abs(int(value)) <= _LARGEST_INTEGER  # type: ignore[call-overload, no-any-return]
    members = value
    if kind is dict:
        assert isinstance(value, dict)
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        members = value.values()
    elif kind is not list:
        return False
    for each in members:  # type: ignore[attr-defined]  # noqa: SIM110 - `all` takes twice as long, in every posting
        if type(each) is not str and not _is_plain(each):
            return False
    return True
