"""A copy of an input file, with what can be put right put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from tui.errors import LazybatchError
from tui.files.durable import sync_folder
from tui.files.output import Output, Unwritable
from tui.files.source import LONGEST_LINE, Block, Source, Utf16Source
from tui.requests.checker import Checker
from tui.requests.limits import Limits
from tui.requests.problem import Problem, missing, required
from tui.requests.rules import BOM, is_blank

MOST_CHANGES: Final = 1000

# What a problem with it is about, where there is only one way to be right.
EDITS: Final = frozenset({"method", "body.stream"})

_object = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True, slots=True)
class Change:
    """What was put right at one line of the source, counted from 1; `custom_id` is raw, cut to 200 characters."""

    line: int
    code: str
    """That of the problem or warning which is gone."""
    message: str
    param: str | None = None
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class MendReport:
    """What `mend` changed."""

    path: Path
    out: Path
    bytes: int
    """Of the copy."""
    changes: tuple[Change, ...]
    """The first 1,000, in line order."""
    change_count: int
    """All."""
    counts_by_code: Mapping[str, int]


class Additions(NamedTuple):
    """What is added to requests that are without it; None: nothing."""

    endpoint: str | None = None
    """As their url."""
    model: str | None = None


NOTHING: Final = Additions()


class Unmendable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The copy cannot be made from this file."""


def mend(
    path: Path,
    out: Path,
    *,
    limits: Limits | None = None,
    additions: Additions = NOTHING,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> MendReport:
    """Writes a copy of the file `path` to `out`, without what is certainly wrong and has only one right form.

    UTF-16 becomes UTF-8; a byte order mark and blank lines go; lines end in LF; `method` becomes POST; `stream`, where
    it is not false or null, goes, and `stream_options` with it, which the API refuses without `stream`. Lines that need
    none of this are copied byte for byte; in a changed line every value that stays keeps its bytes. What else is wrong
    stays as it is: `validate` says what. What the `limits` (OpenAI's by default) allow is not wrong. With `additions`
    requests are made whole: what the limits let them be without is added as well. `path` is only read. `out` is there
    whole or not at all, and replaces a file of that name.

    Raises `Unreadable`, `Changed` and `Cancelled` as `validate` does, `Unwritable`, and `Unmendable` for a line of more
    than 256 MiB, and for a file in another encoding.
    """
    with _opened(path, progress, cancelled) as source:
        if out.exists() and out.samefile(path):
            raise Unwritable(out, "it is the file to be mended; choose another name")
        mending = _Mending(limits or Limits(), additions)
        with Output(out.parent, source) as output:
            for content in mending.contents(source):
                output.write(content)
            output.finish()
            source.check_unchanged()
            output.place(out)
        sync_folder(out.parent)
        return MendReport(
            path, out, mending.written, tuple(mending.changes), mending.counts.total(), dict(mending.counts)
        )


def preview(
    path: Path,
    *,
    limits: Limits | None = None,
    additions: Additions = NOTHING,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> MendReport:
    """What `mend` would change, with nothing written; `out` is then `path` itself. Raises as `mend` does."""
    with _opened(path, progress, cancelled) as source:
        mending = _Mending(limits or Limits(), additions)
        for _ in mending.contents(source):
            pass
        source.check_unchanged()
        return MendReport(
            path, path, mending.written, tuple(mending.changes), mending.counts.total(), dict(mending.counts)
        )


def _opened(path: Path, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool]) -> Source:
    """The file, read as UTF-8 where it is UTF-16. Raises `Unmendable` for what else is not UTF-8."""
    with Source(path) as source:
        encoding = source.encoding
    if encoding is None:
        return Source(path, progress, cancelled)
    if encoding.codec is None:
        raise Unmendable(encoding.sentence)
    return Utf16Source(path, encoding.codec, progress, cancelled)


class _Mending:
    """One copy being made."""

    def __init__(self, limits: Limits, additions: Additions) -> None:
        self.changes: list[Change] = []
        self.counts: Counter[str] = Counter()
        self.written = 0
        if additions != NOTHING:
            limits = limits._replace(optional=frozenset())
        self._additions = additions
        self._checker = Checker(additions.endpoint, limits)
        self._line = 1

    def contents(self, source: Source) -> Iterator[bytes | bytearray]:
        """What the copy is made of."""
        if (encoding := source.encoding) is not None:
            self._say("wrong_encoding", f"{encoding.name} was made UTF-8.")
        for block in source.blocks():
            if block.skipped:
                raise Unmendable(f"Line {self._line:,} is too long: {block.skipped:,} bytes; at most {LONGEST_LINE:,}.")
            taken = self._checker.take(block.lines, self._line)
            content = block.lines if taken else self._mended(block)
            self._line += taken
            self.written += len(content)
            yield content

    def _mended(self, block: Block) -> bytes:
        kept, ended = list[bytes | bytearray](), block.lines.endswith(b"\n")
        for raw in block.each():
            mended = self._line_mended(raw)
            if mended is not None:
                kept.append(mended)
            self._line += 1
        return b"\n".join([*kept, b""] if kept and ended else kept)

    def _line_mended(self, raw: bytes | bytearray) -> bytes | bytearray | None:
        """The line, without its newline; None when nothing is left of it."""
        if self._line == 1 and raw.startswith(BOM):
            self._say("byte_order_mark", "The byte order mark was left out.")
            raw = raw[len(BOM) :]
        request = raw.rstrip(b"\r") if raw.endswith(b"\r") else raw
        if is_blank(request):
            self._say("blank_line", "A blank line was left out.")
            return None
        if len(request) < len(raw):
            self._say("crlf", "The line now ends in LF.")
        wrong = {problem.param: problem for problem in self._checker.check(request, self._line).problems()}
        edits = {*(EDITS & wrong.keys()), *self._missing(wrong)}
        return self._edited(request, {param: wrong[param] for param in edits}) if edits else request

    def _missing(self, wrong: Mapping[str | None, Problem]) -> Iterator[str]:
        """What the line is without that there is something to add for."""
        if self._additions.endpoint and "url" in wrong and wrong["url"].code == missing("url").code:
            yield "url"
        if self._additions.model and "body.model" in wrong and wrong["body.model"].code == required("model").code:
            yield "body.model"

    def _edited(self, request: bytes | bytearray, wrong: Mapping[str, Problem]) -> bytes:
        keys = _object.decode(request)
        if problem := wrong.get("method"):
            keys["method"] = Raw(b'"POST"')
            self._say(problem.code, "method was made POST.", problem)
        if problem := wrong.get("url"):
            keys["url"] = Raw(msgspec.json.encode(self._additions.endpoint))
            self._say(problem.code, "url was added.", problem)
        if problem := wrong.get("body.model"):
            body = _object.decode(keys["body"]) | {"model": Raw(msgspec.json.encode(self._additions.model))}
            keys["body"] = Raw(msgspec.json.encode(body))
            self._say(problem.code, "model was added.", problem)
        if problem := wrong.get("body.stream"):
            body = _object.decode(keys["body"])
            gone = [key for key in ("stream", "stream_options") if body.pop(key, None) is not None]
            keys["body"] = Raw(msgspec.json.encode(body))
            self._say(problem.code, f"{' and '.join(gone)} left out.", problem)
        return msgspec.json.encode(keys)

    def _say(self, code: str, message: str, problem: Problem | None = None) -> None:
        self.counts[code] += 1
        if len(self.changes) < MOST_CHANGES:
            param, custom_id = (problem.param, problem.custom_id) if problem else (None, None)
            self.changes.append(Change(self._line, code, message, param, custom_id))
