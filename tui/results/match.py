"""The request that a result line answers, found in the input files by custom_id."""

import os
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tui.files.id_index import IdTable
from tui.files.line_stream import LONGEST, Cancelled, Progress, Source, each_line
from tui.results.parse import custom_id_of

# Of as many lines with one custom_id the first is as good as any other.
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A request's line: `line` counts from 1, `offset` and `length` are bytes, the line ending included.

    `file` is its place among the index's files.
    """

    line: int
    offset: int
    length: int
    file: int = 0


class RequestIndex:
    """The requests of an input file, or of the parts of one, by custom_id; rows are its requests in order.

    Blank lines are left out. Takes about 50 bytes a request. Read-only once built, and so free to share between
    threads. `ids` is by the custom_id as it stands in the file, never by one made safe to show.
    """

    def __init__(self, files: Sequence[Source]) -> None:
        self.files = tuple(files)
        self.ids = IdTable()
        self.repeated = 0  # requests whose custom_id an earlier one has
        self.unnamed = 0  # lines that are not requests with a custom_id
        self._starts: list[int] = []  # the first row of each file
        self._offsets = array("Q")
        self._lengths = array("Q")
        self._lines = array("I")  # empty while row and line number go together

    @classmethod
    def build(cls, path: Path, progress: Progress, cancelled: Cancelled) -> Self:
        """Read `path` once. Raises what `each_line` raises; to be called in a worker thread."""
        return cls.of_parts((path,), progress, cancelled)

    @classmethod
    def of_parts(cls, paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> Self:
        """Read the files at `paths`, one behind the other; as `build`."""
        index = cls([Source.of(path) for path in paths])
        total, before = sum(source.fingerprint.size for source in index.files), 0
        for source in index.files:

            def told(done: int, _: int, before: int = before) -> None:
                progress(before + done, total)

            index._read(source.path, told, cancelled)
            before += source.fingerprint.size
        return index

    def __len__(self) -> int:
        """The requests of all files."""
        return len(self._offsets)

    @property
    def path(self) -> Path:
        """The (first) file."""
        return self.files[0].path

    def place(self, row: int) -> Place:
        """Where request `row` (from 0) stands."""
        file = self._file(row)
        line = self._lines[row] if self._lines else row - self._starts[file] + 1
        return Place(line, self._offsets[row], self._lengths[row], file)

    def rows_of(self, file: int) -> range:
        """The requests of one of the files."""
        starts = [*self._starts, len(self)]
        return range(starts[file], starts[file + 1])

    def extent(self, row: int) -> tuple[int, int, int]:
        """File, offset and length of request `row`, in bytes with its line ending; as `place`, and quicker."""
        return self._file(row), self._offsets[row], self._lengths[row]

    def number(self, row: int) -> int:
        """What to call request `row`: the number of its line, or of the request where there are several files."""
        return self.place(row).line if len(self.files) == 1 else row + 1

    def find(self, custom_id: str) -> tuple[Place, ...]:
        """All requests with this custom_id in the files' order, at most 100; empty for one that is not in them.

        Each is read again and compared. Raises `ResultFileError` and, when a file is no longer the one that was
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
        descriptor = self.files[place.file].open()
        try:
            return os.pread(descriptor, min(limit, place.length), place.offset).rstrip(b"\r\n")
        finally:
            os.close(descriptor)

    def _file(self, row: int) -> int:
        return 0 if len(self._starts) == 1 else bisect_right(self._starts, row) - 1

    def _read(self, path: Path, told: Progress, cancelled: Cancelled) -> None:
        start = len(self._offsets)
        self._starts.append(start)
        for number, (offset, length, content) in enumerate(each_line(path, told, cancelled), 1):
            if not content.isspace():
                self._add(number, start, offset, length, content)

    def _add(self, number: int, start: int, offset: int, length: int, content: bytes) -> None:
        row = len(self._offsets)
        if number != row - start + 1 and not self._lines:
            self._lines.extend([self.place(earlier).line for earlier in range(row)])
        if self._lines or number != row - start + 1:
            self._lines.append(number)
        self._offsets.append(offset)
        self._lengths.append(length)
        custom_id = custom_id_of(content)
        self.unnamed += custom_id is None
        self.repeated += self.ids.add(custom_id)
