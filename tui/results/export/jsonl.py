"""Results joined to their requests, in the order of the input, as JSON Lines."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tui.files.atomic import written
from tui.files.line_stream import Cancelled, Progress
from tui.results.fast_parse import DIRECT
from tui.results.join import Judgement
from tui.results.members import members
from tui.results.pairs import pairs
from tui.results.parse import parse
from tui.results.row_state import State

_CHUNK: Final = 1 << 20
_NULL: Final = msgspec.Raw(b"null")


class Parts(msgspec.Struct):
    """The parts of a line that an export needs, as they are written."""

    custom_id: msgspec.Raw = _NULL
    body: msgspec.Raw = _NULL
    response: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL
    lenient: bool = False  # whether they were read from a line that no strict reader takes


class _Written(msgspec.Struct):
    custom_id: msgspec.Raw = _NULL
    body: msgspec.Raw = _NULL
    response: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_decode: Final = msgspec.json.Decoder(_Written).decode
_NAMES: Final = _Written.__struct_fields__
_NOTHING: Final = Parts()


def export_jsonl(judgement: Judgement, out: Path, only: State | None, progress: Progress, cancelled: Cancelled) -> int:
    """Write `jsonl_lines` to `out`, atomically; how many there are. Raises also `ResultFileError` for `out`."""
    return write_lines(judgement, out, jsonl_lines(judgement, only, progress, cancelled))


def jsonl_lines(judgement: Judgement, only: State | None, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
    """One object a request: custom_id, request (its body), response and error, each byte for byte as it came.

    A result that no strict reader takes is written as it was read, with `lenient` true.

    Response and error are null for a request without a result; all requests, or `only` those in one state. `progress`
    is told requests. Raises `ResultFileError`, `FileChangedError` and `StoppedError`.
    """
    for pair in pairs(judgement, only, progress, cancelled):
        request = _NOTHING if pair.request is None else parts_of(pair.request)
        result = _NOTHING if pair.result is None else parts_of(pair.result)
        yield b'{"custom_id":%b,"request":%b,"response":%b,"error":%b%b}\n' % (
            result.custom_id if pair.request is None else request.custom_id,
            request.body,
            result.response,
            result.error,
            b',"lenient":true' if result.lenient else b"",
        )


def write_lines(judgement: Judgement, out: Path, lines: Iterable[bytes]) -> int:
    """Write `lines` made from the files of `judgement` to `out`, whole or not at all; how many there are."""
    number = 0
    with written(out, [source.path for source in judgement.files]) as file:
        for line in lines:
            file.write(line)
            number += 1
    return number


def parts_of(line: bytes) -> Parts:
    """The parts of `line`, whatever state it is in."""
    utf8 = _utf8(line)
    if len(line) > DIRECT:
        return _parts(members(utf8), lenient=utf8 is not line)
    try:
        read = _decode(utf8)
        return Parts(read.custom_id, read.body, read.response, read.error, utf8 is not line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        parsed = parse(line)
    value = parsed.value
    if not isinstance(value, dict):
        return _NOTHING
    return _parts({name.encode(): _encode(value[name]) for name in _NAMES if name in value}, lenient=parsed.lenient)


def _parts(found: dict[bytes, bytes], *, lenient: bool) -> Parts:
    written = {name: msgspec.Raw(found[key]) for name in _NAMES if (key := name.encode()) in found}
    return Parts(**written, lenient=lenient)


def _utf8(line: bytes) -> bytes:
    """`line` with U+FFFD for what is no UTF-8, the one thing that a decoder does not look at in what it skips."""
    if line.isascii():
        return line
    try:
        if len(line) <= _CHUNK:
            line.decode()
        else:
            _check(line)
    except UnicodeDecodeError:
        return line.decode("utf-8", "replace").encode()
    return line


def _check(line: bytes) -> None:
    """Raise UnicodeDecodeError for what is no UTF-8, without holding the interpreter or twice the line for it."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(line), _CHUNK):
        decoder.decode(line[start : start + _CHUNK], final=start + _CHUNK >= len(line))


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, ValueError):
        return json.dumps(value).encode()
