"""Any line of a file of any size, by byte offset.

The index holds one number a block of 64 KiB, the newlines up to its end: 128 kB for a file of 1 GB, however short its
lines are. A line is found by bisection and one read of its block.
"""

import os
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

from tui.files.errors import FileChangedError, open_to_read, shown
from tui.files.line_stream import Cancelled, Progress, read_exactly

BLOCK: Final = 1 << 16
CHUNK: Final = 1 << 20
LIMIT: Final = 1 << 20
# Below this many lines a block, a jump from newline to newline beats counting every byte.
_FEW: Final = BLOCK // 400


@dataclass(frozen=True, slots=True)
class Span:
    """Where a line is: `length` in bytes without its line ending; `ended` once its newline has been seen."""

    offset: int
    length: int
    ended: bool


class _Descriptor:
    """A file descriptor that closes with its last user, so that no thread ever reads from a number given out anew."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class LineFile:
    """A file of lines, open for reading; lines count from 0 and are known as far as the index has come.

    One thread may build the index (`step` or `index`) while others read; every read is a `pread`. Lines end in LF or
    CRLF, the last one perhaps in neither. Raises `ResultFileError` when the file cannot be opened, `FileChangedError`
    from any method once it is seen to have become shorter or other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: _Descriptor | None = _Descriptor(open_to_read(path))
        status = os.fstat(self._descriptor.number)
        self._identity = (status.st_dev, status.st_ino)
        self._size = status.st_size
        self._newlines_to = array("Q")  # entry i: newlines before byte (i + 1) * BLOCK
        self._seen = (0, 0, False)  # bytes indexed, newlines among them, whether a line is begun after the last newline
        self._buffer = bytearray(CHUNK)
        self._indexing = Lock()
        self.step()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; a read under way in another thread still ends well, a later one raises ValueError."""
        self._descriptor = None

    @property
    def size(self) -> int:
        """Bytes of the file as last looked at."""
        return self._size

    @property
    def indexed(self) -> int:
        """Bytes that the index has reached."""
        return self._seen[0]

    @property
    def count(self) -> int:
        """Lines known so far, a begun one included."""
        _, newlines, begun = self._seen
        return newlines + begun

    @property
    def final(self) -> bool:
        """Whether `count` is the whole file, as it was last looked at."""
        return self._seen[0] >= self._size

    def step(self) -> bool:
        """Index the next MiB; whether more is left."""
        with self._indexing:
            scanned, newlines, begun = self._seen
            wanted = min(CHUNK, self._size - scanned)
            if wanted <= 0:
                return False
            view = memoryview(self._buffer)[:wanted]
            handle = self._open()
            got = os.preadv(handle.number, [view], scanned)
            if not got:
                raise self._shorter()
            newlines = self._count_blocks(scanned, got, newlines)
            begun = self._buffer[got - 1] != 0x0A
            self._seen = (scanned + got, newlines, begun)
            return scanned + got < self._size

    def index(self, progress: Progress, cancelled: Cancelled) -> bool:
        """Index the rest, telling (bytes, bytes in all) after each MiB; whether it came to the end."""
        more = True
        while more and not cancelled():
            more = self.step()
            progress(self._seen[0], self._size)
        return not more

    def refresh(self) -> bool:
        """Look whether the file has grown; if so, go on with `step` or `index`."""
        self._open()
        try:
            status = self.path.stat()
        except OSError as error:
            raise FileChangedError(f"{shown(self.path)} was removed while it was open.") from error
        if (status.st_dev, status.st_ino) != self._identity:
            raise FileChangedError(f"{shown(self.path)} was replaced while it was open: open it again.")
        if status.st_size < self._seen[0]:
            raise self._shorter()
        grown = status.st_size > self._size
        self._size = status.st_size
        return grown

    def offset_of(self, number: int) -> int:
        """The byte at which line `number` begins. Raises IndexError for a line that is not known (yet)."""
        if not 0 <= number < self.count:
            raise IndexError(f"line {number} of {self.count}")
        return self._newline(number) + 1 if number else 0

    def span(self, number: int) -> Span:
        """Where line `number` is, and its true length; IndexError as in `offset_of`."""
        scanned, newlines, _ = self._seen
        offset = self.offset_of(number)
        if number >= newlines:
            return Span(offset, scanned - offset, ended=False)
        end = self._newline(number + 1)
        if end > offset and self._read(end - 1, 1) == b"\r":
            end -= 1
        return Span(offset, end - offset, ended=True)

    def line(self, number: int, limit: int = LIMIT) -> bytes:
        """The first `limit` bytes of line `number`, without its line ending; `span` tells how long it truly is."""
        span = self.span(number)
        return self._read(span.offset, min(limit, span.length))

    def _count_blocks(self, start: int, got: int, newlines: int) -> int:
        """The newlines up to `start + got`, with an entry for each block that ends in between."""
        at = 0
        few = True
        while at < got:
            stop = min(got, at + BLOCK - (start + at) % BLOCK)
            found = _count(self._buffer, at, stop, few)
            few = found < _FEW
            newlines += found
            at = stop
            if (start + at) % BLOCK == 0:
                self._newlines_to.append(newlines)
        return newlines

    def _newline(self, ordinal: int) -> int:
        """The offset of the file's newline `ordinal`, counted from 1."""
        block = bisect_left(self._newlines_to, ordinal)
        before = self._newlines_to[block - 1] if block else 0
        handle = self._open()
        content = os.pread(handle.number, BLOCK, block * BLOCK)
        place = _nth_newline(content, ordinal - before)
        if place < 0:
            raise self._shorter() if len(content) < BLOCK else self._other()
        return block * BLOCK + place

    def _read(self, offset: int, length: int) -> bytes:
        handle = self._open()
        return read_exactly(handle.number, offset, length)

    def _open(self) -> _Descriptor:
        """To be held in a variable for as long as its number is in use: `close` may come from another thread."""
        handle = self._descriptor
        if handle is None:
            raise ValueError("the file is closed")
        return handle

    def _shorter(self) -> FileChangedError:
        return FileChangedError(f"{shown(self.path)} became shorter while it was open: open it again.")

    def _other(self) -> FileChangedError:
        return FileChangedError(f"{shown(self.path)} was rewritten while it was open: open it again.")


def _count(buffer: bytearray, start: int, stop: int, few: bool) -> int:
    if not few:
        return buffer.count(b"\n", start, stop)
    find, found = buffer.find, 0
    place = find(b"\n", start, stop)
    while place >= 0:
        found += 1
        if found > _FEW:
            return found + buffer.count(b"\n", place + 1, stop)
        place = find(b"\n", place + 1, stop)
    return found


def _nth_newline(content: bytes, nth: int) -> int:
    """The place of newline `nth` (from 1) in `content`, or -1; halving first, for blocks of very short lines."""
    start, stop = 0, len(content)
    while stop - start > 1024:
        middle = (start + stop) // 2
        found = content.count(b"\n", start, middle)
        if found < nth:
            start, nth = middle, nth - found
        else:
            stop = middle
    place = start - 1
    for _ in range(nth):
        place = content.find(b"\n", place + 1, stop)
        if place < 0:
            return -1
    return place
