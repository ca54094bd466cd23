"""All lines of one result file, also while it is still on its way."""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from tui.files.errors import StoppedError
from tui.files.line_stream import Cancelled, Progress
from tui.flows.results.reader import ROW, Reader
from tui.results.line_index import LineFile
from tui.results.match import Place
from tui.results.search import Needle, search


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
        return self.requests.request_for(self.head(key, ROW)) if self.requests else ()

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
