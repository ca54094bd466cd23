"""A new file that is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType

from tui.errors import LazybatchError
from tui.requests.source import Source


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
            self._fd, name = tempfile.mkstemp(prefix=".lazybatch-", suffix=".part", dir=folder)
            self._partial: Path | None = Path(name)
            os.fchmod(self._fd, source.permissions)
        except OSError as error:
            raise Unwritable(folder, error.strerror or str(error)) from None

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._fd)
        if self._partial:
            self._partial.unlink(missing_ok=True)

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """All of `content`, best in pieces of 256 KiB or more."""
        with memoryview(content) as view:
            done = 0
            while done < len(view):
                try:
                    done += os.write(self._fd, view[done:])
                except OSError as error:
                    raise Unwritable(self._folder, error.strerror or str(error)) from None

    def flush(self) -> None:
        """Waits until the disk has it."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise Unwritable(self._folder, error.strerror or str(error)) from None

    def place(self, path: Path) -> None:
        """Gives it its name, in the same folder, in place of what had that name; after `flush`."""
        if self._partial is None:
            raise ValueError("placed already")
        try:
            self._partial.replace(path)
        except OSError as error:
            raise Unwritable(path, error.strerror or str(error)) from None
        self._partial = None


def keep_names(folder: Path) -> None:
    """Makes new names in the folder last through a power cut as well."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
