"""Result lines read one at a time: those of a whole file, or the results of chosen requests."""

import os
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tui.results.judge import Judgement
from tui.results.lines import LineFile
from tui.results.match import Place, RequestIndex
from tui.results.parse import custom_id_of
from tui.results.pretty import pretty
from tui.results.problems import ResultFileError, StoppedError
from tui.results.question import question_text
from tui.results.row import Row, answer_text, read_row
from tui.results.search import Needle, search
from tui.results.stream import Cancelled, Progress
from tui.text import clean_line

View = Literal["answer", "json", "request"]
VIEWS: tuple[View, ...] = ("answer", "json", "request")
# Bytes of a line that its row in the table is made from: an embedding of 3,072 numbers fits.
_ROW = 128 * 1024
# A line of up to so many bytes is read between two frames; a longer one in a thread.
_QUICK = 8 * 1024
_SHOWN = 32 * 1024  # bytes of an answer that are shown: what is wrapped between two frames
_REMEMBERED = 1000  # rows: some screens full, as cells are asked for again at each look at the table
WHOLE = 64 << 20  # bytes of an answer that are given out of the program
_MISSING = Row("", None, False, "", None, None, "", "missing", "No result came for this request.", "other")


class Reader(ABC):
    """Lines under keys that are whole numbers in rising order. Methods are for a thread unless they say otherwise."""

    def __init__(self, requests: RequestIndex | None = None) -> None:
        self.requests = requests
        self.lacking = "The input file is not here yet."  # what to say where a request is asked for without it
        self._rows_read: dict[int, Row] = {}

    @property
    @abstractmethod
    def keys(self) -> Sequence[int]:
        """The lines that are known so far. For the UI's own loop."""

    @abstractmethod
    def number(self, key: int) -> int:
        """The line's number in its file, from 1. For the UI's own loop."""

    @abstractmethod
    def nearest(self, number: int) -> int | None:
        """The key of the line of that number, or of the next one there is. For the UI's own loop."""

    @abstractmethod
    def length(self, key: int) -> int:
        """Bytes of the line. For the UI's own loop."""

    @abstractmethod
    def head(self, key: int, limit: int) -> bytes:
        """The first `limit` bytes of the line, without its line ending."""

    @abstractmethod
    def places(self, key: int) -> tuple[Place, ...]:
        """The requests that the line answers; empty as long as the input file is not known."""

    @abstractmethod
    def find(self, needle: Needle, key: int | None, forward: bool, told: Progress, cancelled: Cancelled) -> int | None:
        """The next line that has `needle`, behind that of `key` (from the top if None) or, if not `forward`, before it.

        None where there is none. Raises `ResultFileError` and `StoppedError`.
        """

    def row_now(self, key: int) -> Row | None:
        """The line's row if it was read before or is quick to read, for the UI's own loop; else `row` reads it."""
        known = self._rows_read.get(key)
        if known is not None:
            return known
        # One look at the file: each gives the interpreter away to a thread that computes.
        line = self.head(key, _QUICK)
        return self._keep(key, self._row_of(key, line, whole=True)) if len(line) < _QUICK else None

    def known(self, key: int) -> Row | None:
        """The line's row if it was read before. For the UI's own loop."""
        return self._rows_read.get(key)

    def row(self, key: int) -> Row:
        """What the line says in short."""
        known = self._rows_read.get(key)
        if known is not None:
            return known
        line = self.head(key, _ROW)
        return self._keep(key, self._row_of(key, line, whole=len(line) < _ROW or self.length(key) <= len(line)))

    def _keep(self, key: int, row: Row) -> Row:
        if len(self._rows_read) >= _REMEMBERED:
            self._rows_read.clear()
        self._rows_read[key] = row
        return row

    def text(self, key: int, view: View, limit: int = _SHOWN) -> str:
        """What the line says in one of the views, cut with a remark after about `limit` bytes."""
        if view == "request":
            return self._request(key, limit)
        most = max(limit, _ROW)
        line = self.head(key, most)
        left = self.length(key) - len(line) if len(line) == most else 0
        more = f"\n… and {left:,} bytes more" if left else ""
        return (answer_text(line, limit) if view == "answer" else pretty(line, limit)) + more

    def question(self, key: int) -> str:
        """What the line answers, in words; empty as long as that is not known."""
        places = self.places(key)
        return question_text(self.requests.read(places[0], _ROW), _SHOWN) if places and self.requests else ""

    def custom_id(self, key: int) -> str | None:
        """As it stands in the file, not made safe to show."""
        return custom_id_of(self.head(key, _ROW))

    def raw(self, key: int, view: View) -> bytes:
        """What is shown in a view as it stands in its file, whole; the answer as text."""
        if view == "answer":
            return self.text(key, view, WHOLE).encode("utf-8", "replace")
        if view == "json":
            return self._whole(self.length(key), self.head(key, WHOLE)) + b"\n"
        places = self.places(key)
        if not places or self.requests is None:
            raise ResultFileError(self._request(key, 0))
        return self._whole(places[0].length, self.requests.read(places[0], WHOLE + 2)) + b"\n"

    def _whole(self, length: int, line: bytes) -> bytes:
        if length > WHOLE:
            raise ResultFileError(f"This line has {length:,} bytes: too long to be given out.")
        return line

    def _request(self, key: int, limit: int) -> str:
        if self.requests is None:
            return self.lacking
        places = self.places(key)
        if not places:
            return "No request in the input file has this custom_id."
        text = pretty(self.requests.read(places[0], max(limit, _ROW)), limit)
        return text if len(places) == 1 else f"{len(places)} requests have this custom_id. The first:\n{text}"

    def _row_of(self, key: int, line: bytes, *, whole: bool) -> Row:
        return read_row(line, whole)


class FileReader(Reader):
    """All lines of one result file; keys are line numbers from 0.

    A file that still grows is read up to its last whole line. Raises what `LineFile` raises.
    """

    def __init__(self, path: Path, *, growing: bool = False) -> None:
        super().__init__()
        self._file = LineFile(path)
        self._growing = growing
        self.path = path

    @property
    def keys(self) -> Sequence[int]:
        """The lines that are known so far."""
        count = self._file.count
        # The last line of a file on its way is only a part of one.
        return range(count - 1 if self._growing and count and not self._file.span(count - 1).ended else count)

    @property
    def final(self) -> bool:
        """Whether all lines are known."""
        return self._file.final and not self._growing

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._file.size

    def step(self) -> bool:
        """Look for lines in the next part of the file; False when that was the last. For a thread."""
        more = True
        for _ in range(64):
            more = self._file.step()
            if not more:
                break
        return more

    def grow(self) -> None:
        """Take in what has come since the last look. For a thread."""
        self._file.refresh()
        while self._file.step():
            pass

    def number(self, key: int) -> int:
        return key + 1

    def nearest(self, number: int) -> int | None:
        keys = self.keys
        return min(max(number - 1, 0), len(keys) - 1) if keys else None

    def length(self, key: int) -> int:
        return self._file.span(key).length

    def head(self, key: int, limit: int) -> bytes:
        return self._file.line(key, limit)

    def places(self, key: int) -> tuple[Place, ...]:
        return self.requests.request_for(self.head(key, _ROW)) if self.requests else ()

    def find(self, needle: Needle, key: int | None, forward: bool, told: Progress, cancelled: Cancelled) -> int | None:
        """As `Reader.find`, through the bytes of the file; `told` hears of bytes."""
        while self._file.step():
            if cancelled():
                raise StoppedError
        if forward:
            start, stop = 0 if key is None else self._behind(key), self.size
        else:
            start, stop = 0, self.size if key is None else self._file.offset_of(key)
        offset = search(self.path, needle, start, stop, forward=forward, progress=told, cancelled=cancelled)
        return None if offset is None else self._key_at(offset)

    def close(self) -> None:
        self._file.close()

    def _behind(self, key: int) -> int:
        """Where the next line begins, or the file ends."""
        return self._file.offset_of(key + 1) if key + 1 < self._file.count else self.size

    def _key_at(self, offset: int) -> int:
        """The line that the byte at `offset` belongs to."""
        return bisect_left(range(self._file.count), offset + 1, key=self._file.offset_of) - 1


class RowReader(Reader):
    """The results of some requests of a judged batch, in the order of the requests; keys are their rows.

    A request without a result is shown by itself. Raises `FileChangedError` where a file is no longer the one judged.
    """

    def __init__(self, judgement: Judgement, rows: Sequence[int]) -> None:
        super().__init__(judgement.requests)
        self.judgement = judgement
        self._rows = rows

    @property
    def keys(self) -> Sequence[int]:
        return self._rows

    def number(self, key: int) -> int:
        return key + 1 if self.requests is None else self.requests.number(key)

    def nearest(self, number: int) -> int | None:
        if not self._rows:
            return None
        place = bisect_left(self._rows, number, key=self.number)
        return self._rows[min(place, len(self._rows) - 1)]

    def length(self, key: int) -> int:
        found = self.judgement.result(key)
        if found is not None:
            return found[2]
        return 0 if self.requests is None else self.requests.place(key).length

    def head(self, key: int, limit: int) -> bytes:
        found = self.judgement.result(key)
        if found is None:
            return b"" if self.requests is None else self.requests.read(self.requests.place(key), limit)
        place, offset, length = found
        descriptor = self.judgement.sources[place].open()
        try:
            return os.pread(descriptor, min(limit, length), offset).rstrip(b"\r\n")
        finally:
            os.close(descriptor)

    def places(self, key: int) -> tuple[Place, ...]:
        return () if self.requests is None else (self.requests.place(key),)

    def text(self, key: int, view: View, limit: int = _SHOWN) -> str:
        if view != "request" and self.judgement.result(key) is None:
            return _MISSING.error_message
        return super().text(key, view, limit)

    def find(self, needle: Needle, key: int | None, forward: bool, told: Progress, cancelled: Cancelled) -> int | None:
        """As `Reader.find`; `told` hears of lines."""
        if forward:
            ahead = self._rows if key is None else self._rows[bisect_left(self._rows, key) + 1 :]
        else:
            ahead = (self._rows if key is None else self._rows[: bisect_left(self._rows, key)])[::-1]
        for done, row in enumerate(ahead):
            if done % 64 == 0:
                if cancelled():
                    raise StoppedError
                told(done, len(ahead))
            if needle.first(self.head(row, WHOLE)) >= 0:
                return row
        return None

    def _row_of(self, key: int, line: bytes, *, whole: bool) -> Row:
        if self.judgement.result(key) is not None:
            return super()._row_of(key, line, whole=whole)
        return replace(_MISSING, custom_id=clean_line((custom_id_of(line) or "")[:512]))
