"""The result files of a batch, written row by row in the order of completion."""

from __future__ import annotations

import os
import random
import threading
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from tui.demo.engine import life
from tui.demo.engine.ids import hex_id
from tui.demo.engine.records import BatchRecord, Usage
from tui.demo.model import chance, model

_BUFFER = 1 << 20
_encode = msgspec.json.Encoder().encode
_UNFINISHED = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request could not be executed because the batch was cancelled."),
}


class StoppedError(Exception):
    """The server is closing; the work is done again at its next start."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the two files hold: rows that succeeded and failed, tokens, and each file's size in bytes (0: no file)."""

    completed: int
    failed: int
    usage: Usage
    output_bytes: int
    error_bytes: int


def write(record: BatchRecord, source: Path, output: Path, errors: Path, stopping: threading.Event) -> Written:
    """Writes the finished rows to ``output``, the failed and unfinished ones to ``errors``; each whole or not at all.

    Memory: 16 bytes a request. Raises StoppedError when ``stopping`` is set, OSError from the disk.
    """
    starts, lengths = _rows(source)
    done = life.done_at(record, life.timeline(record).stop)
    good, bad = _Sink(output), _Sink(errors)
    completed = failed = 0
    usage = Usage()
    try:
        with source.open("rb") as lines:
            for place, index in enumerate(life.order(record)):
                if not place % 256 and stopping.is_set():
                    raise StoppedError
                request = msgspec.json.decode(os.pread(lines.fileno(), lengths[index], starts[index]))
                row, used = _row(record, request, place, done)
                usage += used
                succeeded = row["error"] is None and row["response"]["status_code"] < 400
                (good if succeeded else bad).write(_encode(row))
                completed += succeeded
                failed += not succeeded and place < done
        return Written(completed, failed, usage, good.keep(), bad.keep())
    finally:
        good.discard()
        bad.discard()


def _rows(source: Path) -> tuple[array[int], array[int]]:
    """Where each request's line starts and how long it is, in bytes; blank lines left out."""
    starts, lengths, at = array("q"), array("q"), 0
    with source.open("rb", buffering=_BUFFER) as lines:
        for line in lines:
            if not line.isspace():
                starts.append(at)
                lengths.append(len(line))
            at += len(line)
    return starts, lengths


def _row(record: BatchRecord, request: dict[str, Any], place: int, done: int) -> tuple[dict[str, Any], Usage]:
    rng = chance.seeded(record.seed * 1_000_003 + place)
    response: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    usage = Usage()
    if place >= done:
        code, message = _UNFINISHED[life.timeline(record).outcome]
        error = {"code": code, "message": message}
    elif life.fails(record, place):
        response, error = _failure(record, request, rng)
    else:
        at = _done_time(record, place, done)
        answer = model.answer(record.endpoint, request["body"], request["custom_id"], at)
        usage = answer.usage
        response = {"status_code": answer.status_code, "request_id": hex_id("", rng), "body": answer.body}
    row = {"id": hex_id("batch_req_", rng), "custom_id": request["custom_id"], "response": response, "error": error}
    return row, usage


def _done_time(record: BatchRecord, place: int, done: int) -> int:
    line = life.timeline(record)
    ready = record.created_at if line.ready is None else line.ready
    return int(ready + (line.stop - ready) * place / max(1, done))


def _failure(
    record: BatchRecord, request: dict[str, Any], rng: random.Random
) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    """A failure of the kind that most of this batch's failures are, or now and then of another."""
    kinds = len(_FAILURES)
    kind = record.seed % kinds if rng.random() < 0.7 else rng.randrange(kinds + 1)
    if kind == kinds:
        return None, {"code": "request_timeout", "message": "The request timed out before the model answered."}
    status, message, param, code, name = _FAILURES[kind]
    message = message.format(model=request["body"].get("model", ""), tokens=f"{rng.randint(129_000, 260_000)}")
    body = model.error_body(message, param, code, name)
    return {"status_code": status, "request_id": hex_id("", rng), "body": body}, None


_FAILURES: list[tuple[int, str, str | None, str | None, str]] = [
    (
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded",
        "invalid_request_error",
    ),
    (
        429,
        "Rate limit reached for {model} in organization org-demo on tokens per min (TPM).",
        None,
        "rate_limit_exceeded",
        "tokens",
    ),
    (500, "The server had an error while processing your request. Sorry about that!", None, None, "server_error"),
    (
        400,
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a "
        "different prompt.",
        None,
        "invalid_prompt",
        "invalid_request_error",
    ),
    (503, "The engine is currently overloaded, please try again later.", None, "overloaded", "server_error"),
]


class _Sink:
    """A file that gets its name only once it is whole, or nothing when no row came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._out: IO[bytes] | None = None

    def write(self, line: bytes) -> None:
        if self._out is None:
            self._out = self._part.open("wb", buffering=_BUFFER)
        self._out.write(line)
        self._out.write(b"\n")

    def keep(self) -> int:
        """Puts the file in its place; returns its size in bytes, 0 when there is none."""
        if self._out is None:
            return 0
        self._out.flush()
        os.fsync(self._out.fileno())
        size = self._out.tell()
        self._out.close()
        self._out = None
        self._part.replace(self._path)
        return size

    def discard(self) -> None:
        """Removes what was not kept."""
        if self._out is not None:
            self._out.close()
            self._part.unlink(missing_ok=True)
