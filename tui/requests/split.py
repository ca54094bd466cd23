"""An input file cut into parts that are within the limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from tui.errors import LazybatchError
from tui.files.durable import sync_folder
from tui.files.output import Output
from tui.files.source import LONGEST_LINE, Source
from tui.requests.limits import Limits
from tui.requests.rules import is_blank

if TYPE_CHECKING:
    from tui.requests.part_limits import Weight


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files that a file was split into."""

    path: Path
    requests: int
    bytes: int
    sha256: str | None
    """In hexadecimal; None where it was not asked for."""
    first_line: int
    """Where it starts in the source, counted from 1."""


class Unsplittable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """No parts within the limits can be made of this file."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, 1)


def split(
    path: Path,
    folder: Path | None = None,
    *,
    limits: Limits | None = None,
    endpoint: str | None = None,
    digests: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Part, ...]:
    """Writes the requests of `path` to parts in `folder` (that of `path` by default), each as full as the limits allow.

    Lines stay whole, byte for byte and in order; only blank ones, which are no requests, are left out. Parts are called
    `<stem>.part-01-of-03.jsonl`; they get these names, replacing what had them, when all are complete. Whether lines
    are right is not looked at. In an embeddings file (by `endpoint`, or by the url of its first request) inputs are
    held to their limit, and everywhere input tokens to `max_tokens`, if there is one: they are counted then, which
    takes far longer. With `digests` the SHA-256 of each part is told, for which every part is read again.

    Raises `Unreadable`, `Changed` and `Cancelled` as `validate` does, `Unwritable`, and `Unsplittable` when one line is
    over a limit by itself or there are no requests.
    """
    folder = path.parent if folder is None else folder
    with Source(path, progress, cancelled) as source, ExitStack() as outputs, _Finishing(digests) as finishing:
        if (encoding := source.encoding) is not None:
            raise Unsplittable(encoding.sentence)
        parts: list[_Part] = []
        for piece in _Cutter(limits or Limits(), endpoint).pieces(source):
            if piece.first_line:
                if parts:
                    finishing.begin(parts[-1])
                parts.append(outputs.enter_context(_Part(folder, source, piece.first_line)))
            parts[-1].add(piece)
        if not parts:
            raise Unsplittable("The file has no requests; there is nothing to split.")
        finishing.begin(parts[-1])
        finishing.wait()
        source.check_unchanged()
        width = max(2, len(str(len(parts))))
        names = (
            folder / f"{path.stem}.part-{number:0{width}}-of-{len(parts):0{width}}.jsonl"
            for number in range(1, len(parts) + 1)
        )
        placed = tuple(part.place(name) for part, name in zip(parts, names, strict=True))
        sync_folder(folder)
        return placed


class _Piece(NamedTuple):
    """Whole lines that go into the same part."""

    content: bytes | bytearray | memoryview
    requests: int
    first_line: int
    """Of a new part; 0 when it goes into the part before."""


class _Span(NamedTuple):
    """Where a line begins and ends, its newline included."""

    start: int
    end: int
    blank: bool


def _spans(lines: bytes | bytearray) -> Iterator[_Span]:
    position = 0
    while position < len(lines):
        end = lines.find(b"\n", position) + 1 or len(lines)
        yield _Span(position, end, lines[position] != 0x7B and is_blank(lines[position:end]))
        position = end


def _bare(lines: bytes | bytearray, span: _Span) -> bytes | bytearray:
    # One long line is copied once.
    whole = span.end - span.start == len(lines)
    return (lines if whole else lines[span.start : span.end]).rstrip(b"\r\n")


class _Cutter:
    """Says where one part ends and the next begins."""

    def __init__(self, limits: Limits, endpoint: str | None) -> None:
        self._limits, self._endpoint = limits, endpoint
        # Known with the first request.
        self._weights: Sequence[Weight] | None = None
        self._sums: tuple[int, ...] = ()
        self._line = 1
        # What the part so far has; a file of no requests has no part.
        self._requests = self._bytes = 0
        self._started = False

    def pieces(self, source: Source) -> Iterator[_Piece]:
        longest = max(LONGEST_LINE, self._limits.max_bytes)
        for block in source.blocks(longest):
            if block.skipped:
                raise self._too_much("bytes", block.skipped, self._limits.max_bytes)
            # Known with the first request; that none is to be weighed it says as an empty tuple.
            cut = self._cut if self._weights or self._weights is None else self._cut_plainly
            yield from cut(block.lines)

    def _cut_plainly(self, lines: bytes | bytearray) -> Iterator[_Piece]:
        """Where nothing has to be weighed: in runs of lines, each as long as goes into the part."""
        view, position = memoryview(lines), 0
        while position < len(lines):
            end, count = self._run(lines, position)
            if count:
                self._requests += count
                self._bytes += end - position
                self._line += count
                yield _Piece(view[position:end], count, 0)
            else:
                end = lines.find(b"\n", position) + 1 or len(lines)
                # One long line is not copied.
                yield from self._cut(lines if end - position == len(lines) else lines[position:end])
            position = end

    def _run(self, lines: bytes | bytearray, start: int) -> tuple[int, int]:
        """Where the requests end that go into the part from `start`, and how many they are; no blank line is passed."""
        room = self._limits.max_requests - self._requests
        most = min(len(lines), start + self._limits.max_bytes - self._bytes)
        end, count, find = start, 0, lines.find
        while count < room and end < most and lines[end] == 0x7B:
            following = find(b"\n", end) + 1 or len(lines)
            if following > most:
                break
            end = following
            count += 1
        return end, count

    def _cut(self, lines: bytes | bytearray) -> Iterator[_Piece]:
        """Line by line; yields what lies between two cuts or blank lines in one piece."""
        spans = list(_spans(lines))
        amounts = iter(self._weighed(lines, [span for span in spans if not span.blank]))
        start = count = first_line = 0
        view = memoryview(lines)
        for span in spans:
            new = not span.blank and self._add(span.end - span.start, next(amounts))
            if (span.blank or new) and count:
                yield _Piece(view[start : span.start], count, first_line)
                count = first_line = 0
            if span.blank or not count:
                start = span.end if span.blank else span.start
            first_line = self._line if new else first_line
            count += not span.blank
            self._line += 1
        if count:
            yield _Piece(view[start:], count, first_line)

    def _weighed(self, lines: bytes | bytearray, spans: Sequence[_Span]) -> Sequence[tuple[int, ...]]:
        """Of each request, as much as it has of each weight."""
        if spans and self._weights is None:
            # Tokenizers and decoders, which a screen without a file to cut up does without.
            from tui.requests.part_limits import weights

            self._weights = weights(_bare(lines, spans[0]), self._limits, self._endpoint)
            self._sums = (0,) * len(self._weights)
        if not self._weights:
            return [()] * len(spans)
        raws = [_bare(lines, span) for span in spans]
        return list(zip(*(weight.of(raws) for weight in self._weights), strict=True))

    def _add(self, size: int, amounts: tuple[int, ...]) -> bool:
        """Counts one request; whether a new part begins with it."""
        if size > self._limits.max_bytes:
            raise self._too_much("bytes", size, self._limits.max_bytes)
        mosts = [weight.most for weight in self._weights or ()]
        for weight, amount in zip(self._weights or (), amounts, strict=True):
            if amount > weight.most:
                raise self._too_much(weight.unit, amount, weight.most)
        sums = tuple(total + amount for total, amount in zip(self._sums, amounts, strict=True))
        new = (
            not self._started
            or self._requests >= self._limits.max_requests
            or self._bytes + size > self._limits.max_bytes
            or any(total > most for most, total in zip(mosts, sums, strict=True))
        )
        self._started = True
        self._requests, self._bytes, self._sums = (
            (1, size, amounts) if new else (self._requests + 1, self._bytes + size, sums)
        )
        return new

    def _too_much(self, unit: str, number: int, most: int) -> Unsplittable:
        return Unsplittable(f"Line {self._line:,} alone has {number:,} {unit}; a part may have {most:,}.")


class _Part:
    """A part that is being written; a context manager."""

    def __init__(self, folder: Path, source: Source, first_line: int) -> None:
        self._output = Output(folder, source)
        self._sha256: str | None = None
        self._first_line = first_line
        self._requests = self._bytes = 0

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._output.__exit__(kind, error, at)

    def add(self, piece: _Piece) -> None:
        self._requests += piece.requests
        self._bytes += len(piece.content)
        self._output.write(piece.content)

    def finish(self) -> None:
        """Nothing is added any more: what it holds open is given back, of parts there may be thousands."""
        self._output.finish()

    def hash(self) -> None:
        """Once all is added, finished or not."""
        self._sha256 = self._output.sha256()

    def place(self, path: Path) -> Part:
        self._output.place(path)
        return Part(path, self._requests, self._bytes, self._sha256, self._first_line)


class _Finishing:
    """Has the disk take parts in, and with `digests` has them hashed, while the next are written; a context manager.

    A part is hashed from its file, which the system still has in memory: two parts at a time then, which no one thread
    that reads the source can do.
    """

    def __init__(self, digests: bool) -> None:
        self._digests = digests
        # Where the disk is slow, reading waits for it: of parts there may be thousands, and three are under way.
        self._most = 6 if digests else 3
        self._pool = ThreadPoolExecutor(3, "split")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> _Finishing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, part: _Part) -> None:
        self._pending.append(self._pool.submit(part.finish))
        if self._digests:
            self._pending.append(self._pool.submit(part.hash))
        self.wait(self._most)

    def wait(self, most: int = 0) -> None:
        """Until no more than `most` are left to do."""
        while len(self._pending) > most:
            self._pending.popleft().result()
