"""A glance at a file before all of it has been read."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_REACH: Final = 1 << 20
# In the text of a message the quotes would have backslashes before them.
_MODEL: Final = re.compile(rb'"model"[ \t]*:[ \t]*"([^"\\]+)"')


def first_model(path: str | Path) -> str | None:
    """The model that the first request of a file asks, as far as a glance tells; None where it does not.

    For what is loaded ahead: this imports no decoder, and decides nothing.
    """
    found = None
    with suppress(OSError, ValueError):
        found = _MODEL.search(_head(path).partition(b"\n")[0])
    return None if found is None else found[1].decode(errors="replace")


def _head(path: str | Path) -> bytes:
    # Without O_NONBLOCK, opening a FIFO would wait for a writer.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(file, _REACH) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    finally:
        os.close(file)
