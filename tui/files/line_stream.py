"""All lines of a file, one after the other, in bounded memory."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

from tui.files.errors import FileChangedError, StoppedError, cannot, open_to_read, shown

# No answer of any provider comes near it; of a longer line only the head is read.
LONGEST: Final = 64 << 20
_BUFFER: Final = 1 << 20


class Fingerprint(NamedTuple):
    """What changes when a file is no longer the one that was read."""

    size: int
    written_ns: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was read."""

    path: Path
    fingerprint: Fingerprint

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file at `path` as it is now; raises `ResultFileError`."""
        descriptor = open_to_read(path)
        try:
            return cls(path, fingerprint(descriptor))
        finally:
            os.close(descriptor)

    def open(self) -> int:
        """A descriptor of the file; raises `FileChangedError` when it is not the one that was read before."""
        descriptor = open_to_read(self.path)
        try:
            self.check(descriptor)
        except FileChangedError:
            os.close(descriptor)
            raise
        return descriptor

    def check(self, descriptor: int) -> None:
        """Raise `FileChangedError` when the open file is not as it was when it was read first."""
        if fingerprint(descriptor) != self.fingerprint:
            raise FileChangedError(f"{shown(self.path)} is no longer the file that was read: open it again.")


Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def each_line(
    path: Path, progress: Progress, cancelled: Cancelled, longest: int = LONGEST
) -> Iterator[tuple[int, int, bytes]]:
    """(offset, length, content) of each line of `path`; both count the line ending, which `content` still has.

    `content` is shorter than `length` for lines over `longest` bytes. `progress` is told (bytes, bytes in all) about
    every MiB and at the end. Raises `ResultFileError`, `FileChangedError` when the file is not the same at the end as
    it was at the beginning, and `StoppedError` once `cancelled` says so.
    """
    with os.fdopen(open_to_read(path), "rb", buffering=_BUFFER) as file:
        before = fingerprint(file.fileno())
        size, offset, report = before.size, 0, 0
        try:
            while content := file.readline(longest):
                length = len(content)
                if length == longest and content[-1] != 0x0A:
                    length += _rest_of_line(file, cancelled)
                yield offset, length, content
                offset += length
                if offset >= report:
                    if cancelled():
                        raise StoppedError
                    progress(min(offset, size), size)
                    report = offset + _BUFFER
        except OSError as error:
            raise cannot("read", path, error) from error
        if fingerprint(file.fileno()) != before or offset != size:
            raise FileChangedError(f"{shown(path)} changed while it was being read: try again when it is complete.")
        progress(size, size)


def fingerprint(descriptor: int) -> Fingerprint:
    """The fingerprint of an open file."""
    status = os.fstat(descriptor)
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


def read_exactly(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes at `offset`; raises `FileChangedError` when the file ends before them."""
    content = os.pread(descriptor, length, offset)
    while len(content) < length:  # a single read stops at 2 GiB, and may stop earlier on some file systems
        more = os.pread(descriptor, length - len(content), offset + len(content))
        if not more:
            raise FileChangedError("A file became shorter while it was being read: open it again.")
        content += more
    return content


def _rest_of_line(file: BinaryIO, cancelled: Cancelled) -> int:
    skipped = 0
    while content := file.readline(_BUFFER):
        skipped += len(content)
        if content[-1] == 0x0A:
            break
        if cancelled():
            raise StoppedError
    return skipped
