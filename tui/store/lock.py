"""A lock between processes that goes with the process that has it, however that ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import LazybatchError


class Taken(LazybatchError):  # noqa: N818  # what it says of the lock; the base is an Error by name
    """Another process, or another task of this one, has it; `note` is what that one left there."""

    def __init__(self, note: str) -> None:
        super().__init__("Another lazybatch is at work on this right now.", 1)
        self.note = note


@contextmanager
def locked(path: Path, note: str = "") -> Iterator[None]:
    """Hold the lock at `path`, with `note` for those who find it taken; the file is removed at the end.

    Raises `Taken` at once where it is held, `LazybatchError` where there can be no such file.
    """
    while True:
        try:
            file = path.open("a+")
        except OSError as error:
            raise LazybatchError(f"Cannot lock {path}: {error.strerror}. Nothing was sent.") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Taken(file.read()) from None
            # The holder before us may have unlinked it after we opened it: then it locks nothing any more.
            if not os.fstat(file.fileno()).st_nlink:
                continue
            try:
                with contextlib.suppress(OSError):
                    # A full disk has no room for the note; the lock holds without it.
                    os.ftruncate(file.fileno(), 0)
                    os.write(file.fileno(), note.encode())
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def held(path: Path) -> str | None:
    """The note of whoever holds the lock at `path`; None where nobody does.

    For the instant of asking it is not free.
    """
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read()
    except OSError:
        return None
    return None
