"""The canonical form is that of RFC 8785."""

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.wire.canonical import canonical, digest

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)

# RFC 8785, section 3.2.2 (input) and section 3.2.4 (the same value as bytes).
EXAMPLE = rb"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
EXAMPLE_AS_BYTES = bytes.fromhex(
    "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72"
    "73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32"
    "2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c"
    "5c 5c 5c 22 2f 22 7d"
)


def test_the_example_of_the_rfc_has_the_bytes_of_the_rfc():
    assert canonical(json.loads(EXAMPLE)) == EXAMPLE_AS_BYTES


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_the_short_way_writes_the_same_bytes(value: Any):
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_stand_in_the_order_of_utf_16():
    # RFC 8785, section 3.2.3: the emoji comes before U+FB33, because its first UTF-16 unit is smaller.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]

    written = canonical(dict.fromkeys(keys, 0))

    assert list(json.loads(written)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("bits", "written"),
    [
        ("0000000000000000", b"0"),
        ("8000000000000000", b"0"),
        ("0000000000000001", b"5e-324"),
        ("7fefffffffffffff", b"1.7976931348623157e+308"),
        ("4340000000000000", b"9007199254740992"),
        ("44b52d02c7e14af5", b"9.999999999999997e+22"),
        ("44b52d02c7e14af6", b"1e+23"),
        ("444b1ae4d6e2ef4f", b"999999999999999900000"),
        ("444b1ae4d6e2ef50", b"1e+21"),
        ("3eb0c6f7a0b5ed8c", b"9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", b"0.000001"),
        ("41b3de4355555553", b"333333333.3333332"),
        ("becbf647612f3696", b"-0.0000033333333333333333"),
        ("43143ff3c1cb0959", b"1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_the_rfc_writes_them(bits: str, written: bytes):
    # RFC 8785, appendix B: a double by its bits, and how it is written.
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical(number) == written


@settings(max_examples=150, deadline=None)
@given(value=VALUES, chance=st.randoms(use_true_random=False))
def test_equal_values_give_equal_bytes(value: Any, chance):
    def shuffled(each: Any) -> Any:
        if isinstance(each, dict):
            members = [(key, shuffled(member)) for key, member in each.items()]
            chance.shuffle(members)
            return dict(members)
        return [shuffled(member) for member in each] if isinstance(each, list) else each

    assert canonical(shuffled(value)) == canonical(value)


@settings(max_examples=150, deadline=None)
@given(value=VALUES)
def test_the_canonical_form_reads_back_as_the_same_value_and_is_its_own_canonical_form(value: Any):
    written = canonical(value)

    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


@settings(max_examples=150, deadline=None)
@given(one=VALUES, other=VALUES)
def test_other_values_give_other_bytes(one: Any, other: Any):
    assert (canonical(one) == canonical(other)) == (_exact(one) == _exact(other))


def _exact(value: Any) -> Any:
    """Return the value with true and 1 told apart, which Python takes for equal."""
    if isinstance(value, dict):
        return {key: _exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_exact(member) for member in value]
    return ("boolean", value) if isinstance(value, bool) else value


def test_a_number_is_written_alike_with_and_without_a_fraction_of_zero():
    assert canonical({"value": 5.0}) == canonical({"value": 5}) == b'{"value":5}'


def test_a_digest_is_the_sha_256_in_hexadecimal():
    # FIPS 180-4, the message "abc".
    assert digest(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
