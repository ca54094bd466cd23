"""A glance at a file before all of it has been read."""

from pathlib import Path
from typing import Final

from tui.errors import LazybatchError
from tui.requests import reading
from tui.requests.source import Source

_REACH: Final = 1 << 20


def first_model(path: Path) -> str | None:
    """The model that the first request of a file asks; None where that cannot be told, for whatever reason."""
    try:
        with Source(path) as source:
            raw = source.read(0, _REACH).partition(b"\n")[0]
        return reading.text(reading.read_body(reading.read_line(raw).body).model)
    except (LazybatchError, ValueError, TypeError):
        return None
