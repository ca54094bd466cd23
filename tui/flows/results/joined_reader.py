"""The results of chosen requests of a judged batch, wherever their lines are."""

import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from tui.files.errors import StoppedError
from tui.files.line_stream import Cancelled, Progress
from tui.flows.results.reader import SHOWN, WHOLE, Reader, View
from tui.format.text import clean_line
from tui.results.join import Judgement
from tui.results.match import Place
from tui.results.parse import custom_id_of
from tui.results.row import Row
from tui.results.search import Needle

_MISSING = Row("", None, "missing", "", None, None, "", "missing", "No result came for this request.", "other")


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

    def text(self, key: int, view: View, limit: int = SHOWN) -> str:
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
