"""The reader of lines against the standard library's decoder, made strict."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.requests import strict_json


def strict(raw: bytes) -> Any:
    """What the line says; raises ValueError where it is not strictly JSON in UTF-8."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    # Numbers of any length are JSON; the standard library alone refuses integers of more than 4,300 digits.
    value = json.loads(raw.decode(), parse_constant=refuse, parse_int=lambda digits: 0)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def verdict(raw: bytes) -> str:
    try:
        strict_json.read_line(raw)
    except (strict_json.NotUtf8Error, strict_json.MalformedError):
        return "bad"
    except strict_json.NotAnObjectError as error:
        return error.kind
    return "object"


def oracle(raw: bytes) -> str:
    try:
        value = strict(raw)
    except ValueError:
        return "bad"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {dict: "object", list: "array", str: "string", type(None): "null"}[type(value)]


def same(raw: bytes) -> None:
    ours = verdict(raw)
    assert ("number" if ours == "integer" else ours) == oracle(raw), raw


FRAGMENTS = [
    *(bytes([byte]) for byte in b'{}[],:"\\/ \t\n\r\x00\x1f\x7f-+.eE019abx'),
    *(rb"\u0041", rb"\ud83d", rb"\uDE00", rb"\ud83d\ude00", rb"\uD8", rb"\n", rb"\x", rb"\"", rb"\\"),
    *(b"\xc3\xa9", b"\xe6\x97\xa5", b"\xf0\x9f\x98\x80", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82"),
    *(b"\xef\xbb\xbf", b"true", b"null", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"[1]", b'"s"'),
    *(b'"k":', b'"custom_id":', b'{"a":1}'),
    *(b"\xc2\xa0", b"\xe2\x80\xa8", b"\x0c", b"//", b"/**/", b"'", b"9" * 40, b"0.5", b"1E+5", b"-0"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A request line with up to three places overwritten, cut out or added."""
    line = {"custom_id": draw(st.text()), "body": draw(VALUES), draw(st.text(max_size=4)): draw(VALUES)}
    raw = json.dumps(line, ensure_ascii=draw(st.booleans())).encode()
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.sampled_from([b"", *FRAGMENTS])) + raw[at + draw(st.integers(0, 3)) :]
    return raw


@settings(max_examples=400, deadline=None)
@given(damaged())
@example(b'{"a":"\xed\xa0\x80"}')
@example(rb'{"a":"\ud800"}')
@example(rb'{"\udfff":1}')
@example(b'{"a":[NaN]}')
@example(b'{"a":1} {"b":2}')
def test_damaged_lines_are_judged_as_the_strict_standard_library_judges_them(raw: bytes) -> None:
    same(raw)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join))
def test_heaps_of_fragments_are_judged_alike(raw: bytes) -> None:
    same(raw)
    same(b'{"custom_id":"a","body":{"skipped":' + raw + b"}}")
    same(b'{"custom_id":"a","body":{"skipped":"' + raw + b'"}}')


@settings(deadline=None)
@given(st.text(), st.booleans(), VALUES)
def test_values_are_those_of_the_standard_library(custom_id: str, ascii_only: bool, model: Any) -> None:
    raw = json.dumps({"custom_id": custom_id, "body": {"model": model}}, ensure_ascii=ascii_only).encode()
    line = strict_json.read_line(raw)
    assert strict_json.text(line.custom_id) == custom_id
    assert strict_json.kind(line.url) == ""
    body = strict_json.read_body(line.body)
    assert json.loads(bytes(memoryview(body.model)), parse_int=int) == model
    if isinstance(model, list):
        assert len(strict_json.items(body.model)) == len(model)
        assert strict_json.is_empty(body.model) == (not model)


def test_of_a_repeated_key_the_last_counts_and_escaped_keys_are_keys() -> None:
    line = strict_json.read_line(rb'{"custom_id":1,"custom\u005fid":"last"}')
    assert strict_json.text(line.custom_id) == "last"


@pytest.mark.parametrize("size", [0, 65_535, 65_536, 131_071, 300_000])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_the_byte_that_is_not_utf8_is_found_at_any_distance(size: int, bad: bytes) -> None:
    start = b"\xc3\xa9" * (size // 2) + b"x" * (size % 2)
    raw = start + bad + b"x"
    with pytest.raises(UnicodeDecodeError) as error:
        raw.decode()
    assert strict_json.utf8_fault(raw) == error.value.start
    assert strict_json.utf8_fault(bytearray(start + b"\xf0\x9f\x98\x80" * 20_000)) is None


def test_no_depth_of_nesting_ends_the_process() -> None:
    for raw in (b"[" * 100_000, b'{"a":' * 100_000, b'{"body":' + b"[" * 50_000 + b"]" * 50_000 + b"}"):
        with pytest.raises(strict_json.MalformedError):
            strict_json.read_line(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1', "the line ends too early"),
        (rb'{"a":"\ud800"}', "unpaired surrogate escape in a string"),
        (b'{"a":1} x', "something follows the JSON value"),
        (b'{"a":NaN}', "invalid character (byte 5)"),
    ],
)
def test_the_reason_says_where(raw: bytes, reason: str) -> None:
    with pytest.raises(strict_json.MalformedError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        strict_json.read_line(raw)
