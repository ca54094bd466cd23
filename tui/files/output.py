"""A new file that is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from tui.errors import LazybatchError
from tui.files.source import Source


class Unwritable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The new file cannot be made where it was asked for."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot write {str(path)!r}: {reason}.")


class Output:
    """A file under a temporary name in `folder`, until it is placed; a context manager that leaves nothing else behind.

    It can be read by whoever can read `source`, from which it is made. Raises `Unwritable`.
    """

    def __init__(self, folder: Path, source: Source) -> None:
        self._folder = folder
        try:
            descriptor, name = tempfile.mkstemp(prefix=".lazybatch-", suffix=".part", dir=folder)
            self._fd: int | None = descriptor
            self._partial: Path | None = Path(name)
            os.fchmod(descriptor, source.permissions)
        except OSError as error:
            raise Unwritable(folder, error.strerror or str(error)) from None

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()
        if self._partial:
            self._partial.unlink(missing_ok=True)

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """All of `content`, best in pieces of 256 KiB or more; before `finish`."""
        done = 0
        while done < len(content):
            with self._refusals(), memoryview(content) as view:
                done += os.write(self._open, view[done:])

    def finish(self) -> None:
        """Closes it, once the disk has it."""
        with self._refusals():
            os.fsync(self._open)
            self._close()

    def sha256(self) -> str:
        """Of what was written, in hexadecimal; before it is placed."""
        with self._refusals(), self._unplaced.open("rb", buffering=0) as written:
            return hashlib.file_digest(written, "sha256").hexdigest()

    def place(self, path: Path) -> None:
        """Gives it its name, in the same folder, in place of what had that name; after `finish`."""
        if self._fd is not None:
            raise ValueError("only what is finished can be placed")
        try:
            self._unplaced.replace(path)
        except OSError as error:
            raise Unwritable(path, error.strerror or str(error)) from None
        self._partial = None

    @property
    def _open(self) -> int:
        if self._fd is None:
            raise ValueError("finished already")
        return self._fd

    @property
    def _unplaced(self) -> Path:
        if self._partial is None:
            raise ValueError("placed already")
        return self._partial

    def _close(self) -> None:
        if self._fd is not None:
            descriptor, self._fd = self._fd, None
            os.close(descriptor)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unwritable(self._folder, error.strerror or str(error)) from None
