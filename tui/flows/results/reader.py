"""Result lines read one at a time, each in several views."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from tui.files.errors import ResultFileError
from tui.files.line_stream import Cancelled, Progress
from tui.results.match import Place, RequestIndex
from tui.results.parse import custom_id_of
from tui.results.pretty import pretty
from tui.results.question import question_text
from tui.results.row import Row, answer_text, read_row
from tui.results.search import Needle

View = Literal["answer", "json", "request"]
VIEWS: tuple[View, ...] = ("answer", "json", "request")
# Bytes of a line that its row in the table is made from: an embedding of 3,072 numbers fits.
ROW = 128 * 1024
# A line of up to so many bytes is read between two frames; a longer one in a thread.
_QUICK = 8 * 1024
SHOWN = 32 * 1024  # bytes of an answer that are shown: what is wrapped between two frames
_REMEMBERED = 1000  # rows: some screens full, as cells are asked for again at each look at the table
WHOLE = 64 << 20  # bytes of an answer that are given out of the program


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
        line = self.head(key, ROW)
        return self._keep(key, self._row_of(key, line, whole=len(line) < ROW or self.length(key) <= len(line)))

    def _keep(self, key: int, row: Row) -> Row:
        if len(self._rows_read) >= _REMEMBERED:
            self._rows_read.clear()
        self._rows_read[key] = row
        return row

    def text(self, key: int, view: View, limit: int = SHOWN) -> str:
        """What the line says in one of the views, cut with a remark after about `limit` bytes."""
        if view == "request":
            return self._request(key, limit)
        most = max(limit, ROW)
        line = self.head(key, most)
        left = self.length(key) - len(line) if len(line) == most else 0
        more = f"\n… and {left:,} bytes more" if left else ""
        return (answer_text(line, limit, whole=not left) if view == "answer" else pretty(line, limit)) + more

    def question(self, key: int) -> str:
        """What the line answers, in words; empty as long as that is not known."""
        places = self.places(key)
        return question_text(self.requests.read(places[0], ROW), SHOWN) if places and self.requests else ""

    def custom_id(self, key: int) -> str | None:
        """As it stands in the file, not made safe to show."""
        return custom_id_of(self.head(key, ROW))

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
        text = pretty(self.requests.read(places[0], max(limit, ROW)), limit)
        return text if len(places) == 1 else f"{len(places)} requests have this custom_id. The first:\n{text}"

    def _row_of(self, key: int, line: bytes, *, whole: bool) -> Row:
        return read_row(line, whole)
