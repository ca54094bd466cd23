"""What can go wrong with a file that is being read, each in one sentence for the user."""

import os
import stat
from pathlib import Path

from tui.errors import LazybatchError
from tui.format.text import clean_line


class ResultFileError(LazybatchError):
    """A file cannot be read, written or trusted; its sentence says what to do, safe to show."""


class FileChangedError(ResultFileError):
    """A file became shorter, other or vanished while it was open: what is known of it no longer holds."""


class StoppedError(Exception):
    """The caller's `cancelled` said yes; nothing half-done was left behind."""


def shown(path: Path) -> str:
    """A file's name as it may be put into a sentence."""
    return clean_line(os.fsencode(path.name or str(path)).decode("utf-8", "replace"))


def cannot(verb: str, path: Path, error: OSError) -> ResultFileError:
    """The sentence for an operating system's refusal."""
    return ResultFileError(f"Cannot {verb} {shown(path)}: {error.strerror or error}.")


def open_to_read(path: Path) -> int:
    """A file descriptor of the regular file `path`.

    Raises `ResultFileError` when there is none: a pipe or a device would block, or never end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise cannot("read", path, error) from error
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise ResultFileError(f"Cannot read {shown(path)}: it is not a regular file.")
