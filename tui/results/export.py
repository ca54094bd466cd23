"""Results joined to their requests, in the order of the input, as JSON Lines."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tui.results.atomic import written
from tui.results.judge import Judgement, State
from tui.results.members import members
from tui.results.pairs import pairs
from tui.results.parse import parse
from tui.results.reading import DIRECT
from tui.results.stream import Cancelled, Progress

_CHUNK: Final = 1 << 20
_NULL: Final = msgspec.Raw(b"null")


class Parts(msgspec.Struct):
    """The parts of a line that an export needs, as they are written."""

    custom_id: msgspec.Raw = _NULL
    body: msgspec.Raw = _NULL
    response: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_decode: Final = msgspec.json.Decoder(Parts).decode
_NOTHING: Final = Parts()


def export_jsonl(judgement: Judgement, out: Path, only: State | None, progress: Progress, cancelled: Cancelled) -> int:
    """Write `jsonl_lines` to `out`, atomically; how many there are. Raises also `ResultFileError` for `out`."""
    return write_lines(judgement, out, jsonl_lines(judgement, only, progress, cancelled))


def jsonl_lines(judgement: Judgement, only: State | None, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
    """One object a request: custom_id, request (its body), response and error, each byte for byte as it came.

    Response and error are null for a request without a result; all requests, or `only` those in one state. `progress`
    is told requests. Raises `ResultFileError`, `FileChangedError` and `StoppedError`.
    """
    for pair in pairs(judgement, only, progress, cancelled):
        request = _NOTHING if pair.request is None else parts_of(pair.request)
        result = _NOTHING if pair.result is None else parts_of(pair.result)
        yield b'{"custom_id":%b,"request":%b,"response":%b,"error":%b}\n' % (
            result.custom_id if pair.request is None else request.custom_id,
            request.body,
            result.response,
            result.error,
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
    line = _utf8(line)
    if len(line) > DIRECT:
        found = {key.decode("utf-8", "replace"): value for key, value in members(line).items()}
        return Parts(**{name: msgspec.Raw(found[name]) for name in Parts.__struct_fields__ if name in found})
    try:
        return _decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = parse(line).value
    if not isinstance(value, dict):
        return _NOTHING
    return Parts(**{name: msgspec.Raw(_encode(value[name])) for name in Parts.__struct_fields__ if name in value})


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
