"""The request that a result line answers, found in the input file by custom_id."""

import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tui.results.ids import IdTable
from tui.results.parse import custom_id_of
from tui.results.stream import LONGEST, Cancelled, Fingerprint, Progress, each_line, fingerprint_of, open_unchanged

# Of as many lines with one custom_id the first is as good as any other.
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A request's line: `line` counts from 1, `offset` and `length` are bytes, the line ending included."""

    line: int
    offset: int
    length: int


class RequestIndex:
    """The requests of an input file by custom_id; rows are its requests in order, blank lines left out.

    Takes about 50 bytes a request. Read-only once built, and so free to share between threads. `ids` is by the
    custom_id as it stands in the file, never by one made safe to show.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ids = IdTable()
        self.repeated = 0  # requests whose custom_id an earlier one has
        self.unnamed = 0  # lines that are not requests with a custom_id
        self._offsets = array("Q")
        self._lengths = array("Q")
        self._lines = array("I")  # empty while row and line number go together
        self.fingerprint = Fingerprint(0, 0, 0, 0)

    @classmethod
    def build(cls, path: Path, progress: Progress, cancelled: Cancelled) -> Self:
        """Read `path` once. Raises what `each_line` raises; to be called in a worker thread."""
        index = cls(path)
        index.fingerprint = fingerprint_of(path)
        for number, (offset, length, content) in enumerate(each_line(path, progress, cancelled), 1):
            if not content.isspace():
                index._add(number, offset, length, content)
        return index

    def __len__(self) -> int:
        """The requests of the file."""
        return len(self._offsets)

    def place(self, row: int) -> Place:
        """Where request `row` (from 0) stands."""
        return Place(self._lines[row] if self._lines else row + 1, self._offsets[row], self._lengths[row])

    def find(self, custom_id: str) -> tuple[Place, ...]:
        """All requests with this custom_id in the file's order, at most 100; empty for one that is not in the file.

        Each is read again and compared. Raises `ResultFileError` and, when the file is no longer the one that was
        indexed, `FileChangedError`.
        """
        rows = []
        for row in self.ids.rows(custom_id):
            rows.append(row)
            if len(rows) == _MOST:
                break
        places = (self.place(row) for row in sorted(rows))
        return tuple(place for place in places if custom_id_of(self.read(place, LONGEST)) == custom_id)

    def request_for(self, result_line: bytes) -> tuple[Place, ...]:
        """The requests that a result line answers: none for an unknown custom_id, several for a repeated one."""
        custom_id = custom_id_of(result_line)
        return () if custom_id is None else self.find(custom_id)

    def read(self, place: Place, limit: int = 1 << 20) -> bytes:
        """The first `limit` bytes of a request's line, without its line ending; raises as `find` does."""
        descriptor = self.open()
        try:
            return os.pread(descriptor, min(limit, place.length), place.offset).rstrip(b"\r\n")
        finally:
            os.close(descriptor)

    def open(self) -> int:
        """A descriptor of the file that was indexed; raises as `find` does."""
        return open_unchanged(self.path, self.fingerprint)

    def _add(self, number: int, offset: int, length: int, content: bytes) -> None:
        row = len(self._offsets)
        if number != row + 1 and not self._lines:
            self._lines.extend(range(1, row + 1))
        if self._lines or number != row + 1:
            self._lines.append(number)
        self._offsets.append(offset)
        self._lengths.append(length)
        custom_id = custom_id_of(content)
        self.unnamed += custom_id is None
        self.repeated += self.ids.add(custom_id)
