"""One line of JSON made into Python values, whatever state the line is in."""

import json
import re
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
# A backslash with what it escapes, or alone where it escapes nothing that JSON knows.
_ESCAPE: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})?')
_ID: Final = re.compile(rb'"custom_id"\s*:\s*("(?:[^"\\]|\\.){0,4096}"|-?[0-9]{1,40}(?=[\s,}]))', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line's JSON value; `valid` when it could be read to its end, `shortened` when parts were left out.

    `lenient` when no strict reader takes the line: what it has wrong was taken for what it must mean.
    """

    value: object
    valid: bool
    shortened: bool = False
    lenient: bool = False


def parse(line: bytes, longest: int = STRING) -> Parsed:
    """The value of `line`, as far as it can be had; None and not valid for what is no JSON at all.

    Over 2 MiB the value is shortened (`skeleton`), strings to `longest` bytes. A line that ends too early gives what
    it holds, and is not valid. Invalid UTF-8 and half a surrogate pair become U+FFFD; NaN and infinities, raw control
    characters and a backslash that escapes nothing are taken as they stand. All of these make it lenient.
    """
    if len(line) > WHOLE:
        short = skeleton(line, longest)
        inner = _loads(short.json)
        return Parsed(inner.value, inner.valid and not short.cut_off, short.shortened, inner.lenient)
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
    return text_of(value.get("custom_id")) if isinstance(value, dict) else found_id(line)


def found_id(line: bytes) -> str | None:
    """The custom_id that stands in a line that is no JSON, if there is one."""
    found = _ID.search(line, 0, WHOLE)
    return None if found is None else text_of(_loads(found[1]).value)


def _loads(text: bytes) -> Parsed:
    text = text.removeprefix(_BOM)
    try:
        return Parsed(_decode(text), valid=True)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    written = text.decode("utf-8", "replace")
    for attempt in (str, _with_escapes):
        try:
            value = json.loads(attempt(written), strict=False)
            # Half a surrogate pair can be written to no file and no terminal.
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return Parsed(_without_halves(value), valid=True, lenient=True)
        except (ValueError, RecursionError):
            continue
        return Parsed(value, valid=True, lenient=True)
    return Parsed(None, valid=False)


def _with_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\\\\" if found[0] == "\\" else found[0], text)


def _without_halves(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_without_halves(entry) for entry in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(entry) for key, entry in value.items()}
    return value
