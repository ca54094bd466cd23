"""Each request with its result, in the order of the input."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, NamedTuple

from tui.files.errors import ResultFileError, StoppedError
from tui.files.line_stream import LONGEST, Cancelled, Progress, Source, read_exactly
from tui.format.text import size
from tui.results.join import Judgement
from tui.results.row_state import State

_ROWS: Final = 256
_WINDOW: Final = 1 << 18


class Pair(NamedTuple):
    """The lines of a request and of its result, None where there is none."""

    row: int
    state: State
    request: bytes | None
    result: bytes | None


def pairs(judgement: Judgement, only: State | None, progress: Progress, cancelled: Cancelled) -> Iterator[Pair]:
    """All requests, or `only` those in one state; `progress` is told requests.

    Raises `FileChangedError` when a file is not what it was when it was judged, `ResultFileError` for a line too long
    to be held, and `StoppedError`.
    """
    requests, rows = judgement.requests, len(judgement)
    with ExitStack() as stack:
        results = [stack.enter_context(_Lines(source)) for source in judgement.sources]
        asked = [stack.enter_context(_Lines(source)) for source in (requests.files if requests is not None else ())]
        for row in range(rows):
            if row % _ROWS == 0:
                if cancelled():
                    raise StoppedError
                progress(row, rows)
            state = judgement.state(row)
            if only is not None and state != only:
                continue
            request = None
            if requests is not None:
                file, offset, length = requests.extent(row)
                request = asked[file].line(offset, length)
            found = judgement.result(row)
            result = None if found is None else results[found[0]].line(found[1], found[2])
            yield Pair(row, state, request, result)
        for lines in (*results, *asked):
            lines.check()
    progress(rows, rows)


class _Lines:
    """The lines of a file, read ahead for as long as one is asked for behind the other; a context manager."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = b""
        self._start = self._end = 0  # where `_held` begins, and where the line before ended

    def __enter__(self) -> "_Lines":
        self._descriptor = self._source.open()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def check(self) -> None:
        """Raise `FileChangedError` when the file is no longer what it was."""
        self._source.check(self._descriptor)

    def line(self, offset: int, length: int) -> bytes:
        """The line at `offset`, without its line ending."""
        if length > LONGEST:
            raise ResultFileError(f"A line of {size(length)} is too long to be exported.")
        at = offset - self._start
        if not 0 <= at <= len(self._held) - length:
            ahead = _WINDOW if offset == self._end else 0
            left = self._source.fingerprint.size - offset
            self._held = read_exactly(self._descriptor, offset, max(length, min(ahead, left)))
            self._start, at = offset, 0
        self._end = offset + length
        return self._held[at : at + length].rstrip(b"\r\n")
