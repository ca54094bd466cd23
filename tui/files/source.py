"""Reads an input file in whole lines, whatever their length, with its SHA-256 on the side."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Final, NamedTuple

from tui.errors import LazybatchError
from tui.files.encoding import HEAD, Encoding, encoding_of

CHUNK: Final = 1 << 20
# Measured: decoding is a third faster in blocks that stay in the processor's cache than in whole chunks.
BLOCK: Final = 256 * 1024
# Longer lines are not read into memory, whatever a profile's limits say.
LONGEST_LINE: Final = 256 * 1024 * 1024
# So much of a line is kept while its end is looked for. What is longer is read again, once it is known to be wanted.
_KEPT_CHUNKS: Final = 8


class Unreadable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The file is missing, not a plain file, or cannot be read."""


class Changed(LazybatchError):  # noqa: N818
    """The file did not stay the same while it was read: nothing said of it would be true."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{str(path)!r} changed while it was read; wait until it is complete and try again.", 1)


class Cancelled(LazybatchError):  # noqa: N818
    """The caller's `cancelled` said so."""

    def __init__(self) -> None:
        super().__init__("Stopped.", 130)


@dataclass(frozen=True, slots=True)
class Identity:
    """By which a later step can tell that a file is still the one that was read."""

    size: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """From what `os.stat` or `os.fstat` said."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


class Block(NamedTuple):
    """Whole lines of a file, the newline of the last of them included if it has one."""

    lines: bytes | bytearray
    offset: int
    """Of the first byte, from the start of the file."""
    skipped: int = 0
    """Bytes of a line that was too long to be kept; `lines` is then empty."""

    def each(self) -> list[bytes] | list[bytearray]:
        """The lines without their newlines; a long one is not copied, but `lines` itself loses its newline."""
        if isinstance(self.lines, bytearray):
            if self.lines.endswith(b"\n"):
                self.lines.pop()
            return [self.lines]
        return self.lines.removesuffix(b"\n").split(b"\n")


class Source:
    """An input file, open for reading; a context manager.

    Raises `Unreadable` where it cannot be read, `Changed` when it has more or fewer bytes than it had at first,
    `Cancelled` when `cancelled` says so (asked at each chunk, as `progress` is told the bytes done and in total). Who
    is through with it calls `check_unchanged` before anything is made of what was read.
    """

    def __init__(
        self,
        path: Path,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.path = path
        # Of a long line; what is longer is read again.
        self._kept_chunks = _KEPT_CHUNKS
        self._progress = progress
        self.cancelled = cancelled
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise Unreadable(f"Cannot read {str(path)!r}: {reason}.") from None
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._fd)
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no plain file"
            raise Unreadable(f"Cannot read {str(path)!r}: it is {what}.")
        self.identity = Identity.of(status)
        self.permissions = stat.S_IMODE(status.st_mode) & 0o666

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._fd)

    def blocks(self, longest: int = LONGEST_LINE, digest: Digest | None = None) -> Iterator[Block]:
        """The file from its start, in blocks of about 256 KiB; a longer line is a block of its own.

        Of a line of more than `longest` bytes (and of 1 MiB) only the length is told. All of the file goes into
        `digest`.
        """
        rest: bytes | bytearray = b""
        offset = left = 0
        for chunk in self._chunks(digest):
            start = chunk.find(b"\n") + 1
            if not start:
                if left or len(rest) + len(chunk) > self._kept_chunks * CHUNK:
                    left += len(rest) + len(chunk)
                    rest = b""
                else:
                    rest = rest if isinstance(rest, bytearray) else bytearray(rest)
                    rest += chunk
                continue
            # What a line that began in an earlier chunk ends with goes apart: nothing else is copied along.
            block = self._one_line(offset, left, rest, chunk[:start], longest)
            offset += len(block.lines) or block.skipped
            yield block
            last = chunk.rfind(b"\n") + 1
            while start < last:
                end = chunk.rfind(b"\n", start, start + BLOCK) + 1 or chunk.find(b"\n", start) + 1
                yield Block(chunk[start:end], offset)
                offset += end - start
                start = end
            rest, left = chunk[last:], 0
        if rest or left:
            yield self._one_line(offset, left, rest, b"", longest)

    def _one_line(self, offset: int, left: int, rest: bytes | bytearray, end: bytes, longest: int) -> Block:
        """The block of one line at `offset`: `left` bytes that were not kept, or `rest`, and then `end`."""
        length = left + len(rest) + len(end)
        if length - end.endswith(b"\n") > max(longest, CHUNK):
            return Block(b"", offset, length)
        if left:
            return Block(self._again(offset, length), offset)
        rest += end
        return Block(rest, offset)

    def _again(self, offset: int, length: int) -> bytearray:
        line, done = bytearray(length), 0
        with memoryview(line) as view, self._refusals():
            while done < length:
                got = os.preadv(self._fd, [view[done:]], offset + done)
                if not got:
                    raise Changed(self.path)
                done += got
        return line

    def _chunks(self, digest: Digest | None) -> Iterator[bytes]:
        # glibc gives freed memory back to the system by the size of what it saw freed: having seen 8 MiB come and go it
        # keeps what each chunk needs anew. Without this, page faults are a fifth of all time.
        bytes(8 << 20)
        done, size = 0, self.identity.size
        while True:
            if self.cancelled():
                raise Cancelled
            with self._refusals():
                chunk = os.read(self._fd, CHUNK)
            if not chunk:
                break
            done += len(chunk)
            if done > size:
                raise Changed(self.path)
            if digest:
                digest.update(chunk)
            yield chunk
            if self._progress:
                self._progress(done, size)
        if done < size:
            raise Changed(self.path)

    @property
    def encoding(self) -> Encoding | None:
        """What it is written in, where that is not UTF-8."""
        return encoding_of(self.read(0, HEAD))

    def check_unchanged(self) -> None:
        """Raises `Changed` if the file is not as it was when it was opened."""
        if Identity.of(os.fstat(self._fd)) != self.identity:
            raise Changed(self.path)

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        with self._refusals():
            return os.pread(self._fd, length, offset)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unreadable(f"Cannot read {str(self.path)!r}: {error.strerror}.") from None


class Utf16Source(Source):
    """A file in UTF-16, read as the UTF-8 that it is to be, without its mark.

    Raises `Unreadable` besides where it is not UTF-16 throughout. `read` gives the bytes as they are.
    """

    def __init__(
        self, path: Path, codec: str, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool]
    ) -> None:
        super().__init__(path, progress, cancelled)
        # Where a line is in the file is not known from where it is in UTF-8: none is read again.
        self._kept_chunks = LONGEST_LINE // CHUNK + 1
        self._codec = codec

    def _chunks(self, digest: Digest | None) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self._codec)()
        first = True
        try:
            for chunk in super()._chunks(digest):
                text = decoder.decode(chunk)
                yield (text.removeprefix("\ufeff") if first else text).encode()
                first = False
            decoder.decode(b"", final=True)
        except UnicodeError:
            raise Unreadable(f"Cannot read {str(self.path)!r}: it is not UTF-16 to its end.") from None


class Digest:
    """The SHA-256 of bytes in order, computed on a thread of its own: hashlib lets other threads run meanwhile.

    A context manager; some chunks are under way. No pool: to import those takes as long as to hash 10 MB.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        # With fewer under way the two threads take turns: one that has work cannot start before the other pauses.
        self._chunks: Queue[bytes | bytearray | memoryview | None] = Queue(4)
        self._thread = Thread(target=self._work, name="sha256")
        self._thread.start()

    def __enter__(self) -> Digest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends its thread, once all that was taken is hashed."""
        if self._thread.is_alive():
            self._chunks.put(None)
            self._thread.join()

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        """Takes the next bytes, best a MiB or more: handing over small chunks costs more than hashing them."""
        self._chunks.put(chunk)

    def hexdigest(self) -> str:
        """Of all that was taken, in hexadecimal; nothing can be taken any more."""
        self.close()
        return self._hash.hexdigest()

    def _work(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._hash.update(chunk)
