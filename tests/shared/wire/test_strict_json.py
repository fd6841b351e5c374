"""What JSON is let in, and that it is read as it was meant."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.wire.strict_json import LARGEST_INTEGER, NotStrictJson, parse_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not LARGEST_INTEGER < abs(x) < 1e21)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(value=VALUES, ascii_only=st.booleans(), indent=st.none() | st.just(2))
def test_what_json_dumps_writes_is_read_back(value: Any, ascii_only: bool, indent: int | None):
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    # Compared as written: 1, 1.0 and True are equal, and 0.0 is equal to -0.0.
    assert repr(parse_json(raw)) == repr(value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}),
        (b'[{"x": 1}, {"x": 1}]', [{"x": 1}, {"x": 1}]),
        (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
        (b"9007199254740991", 2**53 - 1),
        (b"-9007199254740991", -(2**53) + 1),
        (b"1e308", 1e308),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        ('"\N{GRINNING FACE}"'.encode(), "\N{GRINNING FACE}"),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"NaN"', "NaN"),
        (b'"' + b"[{" * 40 + b'"', "[{" * 40),
        (b"[" + b"[1]," * 40 + b"[2]]", [[1]] * 40 + [[2]]),
        (b" null\n", None),
    ],
)
def test_what_only_looks_doubtful_is_read(raw: bytes, value: Any):
    assert parse_json(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "b": 2, "a": 3}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"deep": {"a": null, "a": null}}]',
    ],
)
def test_a_key_that_stands_twice_is_refused(raw: bytes):
    with pytest.raises(NotStrictJson, match="The key “a” stands twice"):
        parse_json(raw)


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1.5E309", b"9" * 400 + b".0"])
def test_a_number_beyond_a_double_is_refused(number: bytes):
    assert math.isinf(float(number))

    with pytest.raises(NotStrictJson, match="too large"):
        parse_json(b'{"value": ' + number + b"}")


@pytest.mark.parametrize(
    "number", [b"9007199254740992", b"-9007199254740992", b"10000000000000000000", b"1" * 5000, b"-" + b"1" * 5000]
)
def test_an_integer_that_a_double_cannot_hold_exactly_is_refused(number: bytes):
    with pytest.raises(NotStrictJson, match="too large to be kept exactly"):
        parse_json(b"[" + number + b"]")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_json_does_not_have_is_refused(constant: str):
    with pytest.raises(NotStrictJson, match=f"{constant} is not a JSON number"):
        parse_json(f'{{"value": {constant}}}'.encode())


@pytest.mark.parametrize("raw", [b'"\\u0000"', b'["a\\u0000b"]', b'{"\\u0000": 1}', b'{"a": [{"b": "\\u0000"}]}'])
def test_the_character_null_is_refused(raw: bytes):
    with pytest.raises(NotStrictJson, match=r"U\+0000"):
        parse_json(raw)


def test_the_character_null_is_refused_unescaped_too():
    with pytest.raises(NotStrictJson):
        parse_json(b'"a\0b"')


@pytest.mark.parametrize(
    "raw", [b'"\\ud800"', b'"\\udfff"', b'["\\ude00\\ud83d"]', b'{"\\udc00": 1}', b'{"a": {"b": "x\\ud83dx"}}']
)
def test_half_of_a_surrogate_pair_is_refused(raw: bytes):
    with pytest.raises(NotStrictJson, match="surrogate"):
        parse_json(raw)


@pytest.mark.parametrize(
    ("raw", "at"),
    [(b"\xff", 0), (b'"\xc3\x28"', 1), (b'"caf\xe9"', 4), (b'"\xed\xa0\x80"', 1), (b'"\xc0\x80"', 1)],
)
def test_what_is_not_utf_8_is_refused_with_the_place(raw: bytes, at: int):
    with pytest.raises(NotStrictJson, match=rf"not UTF-8 \(byte {at}\)"):
        parse_json(raw)


def test_nesting_that_an_event_may_need_is_read():
    nested = parse_json(b"[" * 32 + b"1" + b"]" * 32)

    for _ in range(32):
        (nested,) = nested
    assert nested == 1


@pytest.mark.parametrize("raw", [b"[" * 33 + b"1" + b"]" * 33, b'{"a":' * 33 + b'"x"' + b"}" * 33])
def test_nesting_deeper_than_an_event_needs_is_refused(raw: bytes):
    with pytest.raises(NotStrictJson, match="nested more than 32 deep"):
        parse_json(raw)


@pytest.mark.parametrize("number", [b"1e-400", b"-0.5E-400", b"0." + b"0" * 400 + b"1"])
def test_a_number_too_small_for_a_double_is_refused(number: bytes):
    assert float(number) == 0

    with pytest.raises(NotStrictJson, match="too small"):
        parse_json(b"[" + number + b"]")


@pytest.mark.parametrize("number", [b"0.0", b"-0.0", b"0e5", b"0.000E-7"])
def test_a_zero_may_be_written_in_any_way(number: bytes):
    assert parse_json(b"[" + number + b"]") == [0]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_too_deep_to_read_is_refused(opening: bytes):
    with pytest.raises(NotStrictJson, match="nested more than 32 deep"):
        parse_json(opening * 200_000)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "line 1, column 1"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b"[1, 2] 3", "line 1, column 8"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'\xef\xbb\xbf{"a": 1}', "line 1, column 1"),
        (b"[01]", "line 1, column 3"),
        (b'"a\nb"', "line 1, column 3"),
    ],
)
def test_broken_json_is_refused_with_the_place(raw: bytes, where: str):
    with pytest.raises(NotStrictJson, match=f"at {where}"):
        parse_json(raw)


def test_a_refusal_quotes_no_more_than_the_beginning():
    key = "k" * 10_000

    with pytest.raises(NotStrictJson) as refused:
        parse_json(f'{{"{key}": 1, "{key}": 2}}'.encode())

    assert len(str(refused.value)) < 200
