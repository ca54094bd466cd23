"""One line of JSON made into Python values, whatever state the line is in."""

import json
from dataclasses import dataclass
from typing import Final

import msgspec

from tui.results.members import members
from tui.results.skeleton import STRING, skeleton

# A decoder's call on this much stays under about 20 ms, even where it makes an object of every number.
WHOLE: Final = 2 << 20
_HEAD: Final = 1 << 13


class _Named(msgspec.Struct):
    custom_id: str


_decode_named: Final = msgspec.json.Decoder(_Named).decode
_decode: Final = msgspec.json.Decoder().decode
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line's JSON value; `valid` when the line as it stands is JSON, `shortened` when parts were left out."""

    value: object
    valid: bool
    shortened: bool = False


def parse(line: bytes, longest: int = STRING) -> Parsed:
    """The value of `line`, as far as it can be had; None and not valid for what is no JSON at all.

    Over 2 MiB the value is shortened (`skeleton`), strings to `longest` bytes. A line that ends too early gives what
    it holds, and is not valid. Invalid UTF-8 becomes U+FFFD; NaN and infinities are taken.
    """
    if len(line) > WHOLE:
        short = skeleton(line, longest)
        inner = _loads(short.json)
        return Parsed(inner.value, inner.valid and not short.cut_off, short.shortened)
    parsed = _loads(line)
    if parsed.valid:
        return parsed
    short = skeleton(line, longest)
    if not short.cut_off:
        return parsed
    return Parsed(_loads(short.json).value, valid=False, shortened=short.shortened)


def text_of(value: object) -> str | None:
    """A scalar as text, for fields that one provider writes as a string, another as a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Python refuses to write out an integer of thousands of digits.
    return str(value) if isinstance(value, float) or value.bit_length() < 4096 else None


def whole_of(value: object) -> int | None:
    """A whole number of at most 64 bits, also one in a string or with a zero fraction; None for anything else."""
    if isinstance(value, str) and len(value) < 20:
        value = value.strip()
        return int(value) if value.isascii() and value.isdigit() else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if value.bit_length() < 64 else None


def custom_id_of(line: bytes) -> str | None:
    """The custom_id of a line as it stands there, not made safe to show; None when there is none to be read.

    A number counts as the text that it is written as, as providers send both.
    """
    if len(line) <= WHOLE:
        try:
            return _decode_named(line).custom_id
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
    # It nearly always stands in the first bytes, which saves going through the rest of a long line.
    early = members(line[:_HEAD]).get(b"custom_id")
    if early is not None:
        return text_of(_loads(early).value)
    value = parse(line).value
    return text_of(value.get("custom_id")) if isinstance(value, dict) else None


def _loads(text: bytes) -> Parsed:
    try:
        return Parsed(_decode(text), valid=True)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        # json takes what msgspec refuses: NaN, lone surrogates, a byte order mark, with U+FFFD in place of bad bytes.
        return Parsed(json.loads(text.removeprefix(_BOM).decode("utf-8", "replace")), valid=True)
    except (ValueError, RecursionError):
        return Parsed(None, valid=False)
