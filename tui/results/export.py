"""Results joined to their requests, in the order of the input, as JSON Lines or as CSV."""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from tui.results.answer import answer_in, finish_reason_in
from tui.results.atomic import written
from tui.results.judge import Judgement, State
from tui.results.members import members
from tui.results.outcome import outcome_of
from tui.results.pairs import Pair, pairs
from tui.results.parse import parse, text_of
from tui.results.reading import DIRECT
from tui.results.row import TOO_LONG, tokens_in
from tui.results.stream import Cancelled, Progress

Column = Literal[
    "custom_id",
    "state",
    "status_code",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "answer",
    "error_code",
    "error_message",
    "request",
]
COLUMNS: Final[tuple[Column, ...]] = get_args(Column)
# A longer string in a cell is cut: no spreadsheet takes a hundredth of it.
_CELL: Final = 16 << 20
_TO_QUOTE: Final = re.compile('[",\r\n]')
_CHUNK: Final = 1 << 20
_NULL: Final = b"null"


class _Parts(msgspec.Struct):
    custom_id: msgspec.Raw = msgspec.Raw(_NULL)
    body: msgspec.Raw = msgspec.Raw(_NULL)
    response: msgspec.Raw = msgspec.Raw(_NULL)
    error: msgspec.Raw = msgspec.Raw(_NULL)


_decode: Final = msgspec.json.Decoder(_Parts).decode


def export_jsonl(judgement: Judgement, out: Path, only: State | None, progress: Progress, cancelled: Cancelled) -> int:
    """Write `jsonl_lines` to `out`, atomically; how many there are. Raises also `ResultFileError` for `out`."""
    return _write(out, judgement, jsonl_lines(judgement, only, progress, cancelled))


def export_csv(  # noqa: PLR0917 - the columns are all that it has more than its sister
    judgement: Judgement,
    out: Path,
    columns: Sequence[Column],
    only: State | None,
    progress: Progress,
    cancelled: Cancelled,
) -> int:
    """Write `csv_lines` to `out`, atomically; how many rows there are besides the header."""
    return _write(out, judgement, csv_lines(judgement, columns, only, progress, cancelled)) - 1


def jsonl_lines(judgement: Judgement, only: State | None, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
    """One object a request: custom_id, request (its body), response and error, each byte for byte as it came.

    Response and error are null for a request without a result; all requests, or `only` those in one state. `progress`
    is told requests. Raises `ResultFileError`, `FileChangedError` and `StoppedError`.
    """
    for pair in pairs(judgement, only, progress, cancelled):
        request = _parts(pair.request)
        result = _parts(pair.result)
        custom_id = request.get("custom_id", _NULL) if pair.request else result.get("custom_id", _NULL)
        yield b'{"custom_id":%b,"request":%b,"response":%b,"error":%b}\n' % (
            custom_id,
            request.get("body", _NULL),
            result.get("response", _NULL),
            result.get("error", _NULL),
        )


def csv_lines(
    judgement: Judgement, columns: Sequence[Column], only: State | None, progress: Progress, cancelled: Cancelled
) -> Iterator[bytes]:
    """A header, then one record a request, in UTF-8 with CRLF as RFC 4180 has it; otherwise as `jsonl_lines`.

    Answers are written as they are: one that begins with `=` is a formula to a spreadsheet that is not told otherwise.
    """
    yield _record(columns)
    for pair in pairs(judgement, only, progress, cancelled):
        cells = _cells(pair)
        yield _record([cells.get(column) for column in columns])


def _write(out: Path, judgement: Judgement, lines: Iterator[bytes]) -> int:
    sources = [source.path for source in judgement.sources]
    if judgement.requests is not None:
        sources.append(judgement.requests.path)
    number = 0
    with written(out, sources) as file:
        for line in lines:
            file.write(line)
            number += 1
    return number


def _record(cells: Sequence[object]) -> bytes:
    """One CSV record. The csv module goes through a cell character by character, and holds the interpreter for it."""
    texts = ("" if cell is None else str(cell) for cell in cells)
    quoted = ('"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text for text in texts)
    # A reader would skip an empty line.
    return ((",".join(quoted) or '""') + "\r\n").encode("utf-8", "replace")


def _parts(line: bytes | None) -> dict[str, bytes]:
    """The parts of a line that an export needs, as they are written."""
    if line is None:
        return {}
    line = _utf8(line)
    if len(line) > DIRECT:
        return {key.decode("utf-8", "replace"): value for key, value in members(line).items()}
    try:
        parts = _decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = parse(line).value
        return {key: _encode(part) for key, part in value.items()} if isinstance(value, dict) else {}
    return {name: bytes(getattr(parts, name)) for name in _Parts.__struct_fields__}


def _utf8(line: bytes) -> bytes:
    """`line` with U+FFFD for what is no UTF-8, the one thing that a decoder does not look at in what it skips."""
    if line.isascii():
        return line
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(line), _CHUNK):
            decoder.decode(line[start : start + _CHUNK], final=start + _CHUNK >= len(line))
    except UnicodeDecodeError:
        return line.decode("utf-8", "replace").encode()
    return line


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, ValueError):
        return json.dumps(value).encode()


def _cells(pair: Pair) -> dict[Column, object]:
    request = parse(pair.request).value if pair.request is not None else None
    result = parse(pair.result or b"null", _CELL)
    line: dict[str, Any] = result.value if isinstance(result.value, dict) else {}
    named = request if isinstance(request, dict) else line
    cells: dict[Column, object] = {
        "custom_id": text_of(named.get("custom_id")),
        "state": pair.state,
        "request": _parts(pair.request).get("body", b"").decode("utf-8", "replace"),
    }
    if line:
        outcome = outcome_of(line)
        cells["status_code"] = outcome.status_code
        cells["input_tokens"], cells["output_tokens"] = tokens_in(outcome.body)
        cells["error_code"], cells["error_message"] = outcome.code, outcome.message
        if outcome.ok:
            cells["finish_reason"] = finish_reason_in(outcome.body)
            cells["answer"] = answer_in(outcome.body) + (TOO_LONG if result.shortened else "")
    return cells
