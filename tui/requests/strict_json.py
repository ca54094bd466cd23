"""One line of JSON, read as the strictest reader would.

msgspec *skims*: it checks the grammar, escapes and surrogates of everything, also of values that nobody asked for,
without building them. The one thing it does not check in what it skips is UTF-8, so `utf8_fault` must have passed
first. Together they accept what the standard library's decoder accepts when that is made strict (no NaN, no Infinity,
no lone surrogates): tests/requests/test_strict_reading.py holds them against each other.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

import msgspec
from msgspec import Raw

# What is decoded lands in memory that stays in the cache: twice as fast as in slices of 256 KiB, and never large.
_SLICE: Final = 64 * 1024

_KINDS: Final = dict(zip(b'"{[tfn', ("string", "object", "array", "boolean", "boolean", "null"), strict=True))
_ABSENT: Final = Raw()
_TRUE: Final = Raw(b"true")
_FRACTION: Final = re.compile(rb"[.eE]")
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class Line(msgspec.Struct, gc=False):
    """The keys of a request line, unread; an empty value: the key is absent. Of a repeated key the last counts."""

    custom_id: Raw = _ABSENT
    method: Raw = _ABSENT
    url: Raw = _ABSENT
    body: Raw = _ABSENT


class Body(msgspec.Struct, gc=False):
    """The keys of a request's body that rules look at, unread."""

    model: Raw = _ABSENT
    stream: Raw = _ABSENT
    messages: Raw = _ABSENT
    input: Raw = _ABSENT
    prompt: Raw = _ABSENT
    conversation: Raw = _ABSENT
    previous_response_id: Raw = _ABSENT


class MalformedError(ValueError):
    """The line is not JSON; the text says what is wrong, and at which byte of the line where that is known."""


class NotUtf8Error(ValueError):
    """The line is not UTF-8; the text says at which byte of the line."""


class NotAnObjectError(TypeError):
    """The line is JSON, but no object; `kind` is what it is."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


_line = msgspec.json.Decoder(Line)
_body = msgspec.json.Decoder(Body)
_any = msgspec.json.Decoder(Raw)
_string = msgspec.json.Decoder(str)
_items = msgspec.json.Decoder(list[Raw])


def utf8_fault(raw: bytes | bytearray) -> int | None:
    """Position of the first byte that is not UTF-8, None when there is none."""
    if raw.isascii():
        return None
    start = 0
    with memoryview(raw) as view:
        while start < len(raw):
            end = start + _SLICE
            try:
                _, taken = codecs.utf_8_decode(view[start:end], "strict", end >= len(raw))
            except UnicodeDecodeError as error:
                return start + error.start
            start += taken
    return None


def read_line(raw: bytes | bytearray) -> Line:
    """The keys of one line (without its newline; white space around the value is allowed).

    Raises `NotUtf8Error`, `MalformedError` or `NotAnObjectError`. Nesting deeper than the interpreter's recursion limit
    (about 1,000 levels) is malformed.
    """
    position = utf8_fault(raw)
    if position is not None:
        raise NotUtf8Error(f"byte {position} (0x{raw[position]:02x})")
    try:
        return _line.decode(raw)
    except msgspec.ValidationError:
        raise NotAnObjectError(kind(_whole(raw))) from None
    except msgspec.DecodeError as error:
        raise MalformedError(_reason(raw, error)) from None
    except RecursionError:
        raise MalformedError("nested too deeply") from None


def read_body(body: Raw) -> Body:
    """The keys of a body that `kind` calls an object."""
    return _body.decode(body)


def kind(value: Raw) -> str:
    """JSON type of an unread value: object, array, string, boolean, null, integer, number; "" for an absent one."""
    view = memoryview(value)
    if not view:
        return ""
    return _KINDS.get(view[0]) or ("number" if _FRACTION.search(view) else "integer")


def text(value: Raw) -> str:
    """The string that `kind` calls a string."""
    return _string.decode(value)


def items(value: Raw) -> list[Raw]:
    """The values of what `kind` calls an array, unread."""
    return _items.decode(value)


def is_empty(value: Raw) -> bool:
    """Whether what `kind` calls a string or an array has nothing in it."""
    view = memoryview(value)
    return len(view) == 2 or (view[0] == ord("[") and not items(value))


def is_true(value: Raw) -> bool:
    """Whether the value is the literal true."""
    return value == _TRUE


def _whole(raw: bytes | bytearray) -> Raw:
    """The line's only value: a type error is raised before the rest of the line was looked at."""
    try:
        return _any.decode(raw)
    except msgspec.DecodeError as error:
        raise MalformedError(_reason(raw, error)) from None
    except RecursionError:
        raise MalformedError("nested too deeply") from None


def _reason(raw: bytes | bytearray, error: msgspec.DecodeError) -> str:
    reason = str(error).removeprefix("JSON is malformed: ")
    if reason.startswith("trailing characters"):
        return "something follows the JSON value"
    if reason != "Input data was truncated":
        return reason
    # What msgspec says of half a surrogate pair near the end of a line as well, and would send its reader astray.
    half_a_pair = _SURROGATE.search(raw, max(0, len(raw) - 32)) and raw.rstrip().endswith(b"}")
    return "unpaired surrogate escape in a string" if half_a_pair else "the line ends too early"
