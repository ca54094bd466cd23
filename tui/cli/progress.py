"""One line on a terminal that tells how far a long step has come."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from tui.cli.output import terminal_width
from tui.format.bar import bar
from tui.format.speed import Speed, rate_text
from tui.format.text import clean_line, fit, percent, size

_PAUSE: Final = 0.1  # seconds between two drawings
_BAR: Final = 20
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """A context manager; draws on standard error and wipes it off at the end. Nothing where that is no terminal."""

    def __init__(self, title: str, unit: Callable[[int], str] = size) -> None:
        """`unit` makes text of what is counted: bytes, unless it says otherwise."""
        self._title = clean_line(title)
        self._unit = unit
        self._drawn_at = 0.0
        self._shown = False
        self._speed = Speed()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def update(self, done: int, total: int | None) -> None:
        """How much is done, of how much if that is known."""
        now = time.monotonic()
        width = terminal_width(sys.stderr)
        if width is None or now - self._drawn_at < _PAUSE:
            return
        self._drawn_at, self._shown = now, True
        self._speed.note(now, done)
        told = self._unit(done)
        if total:
            share = min(1.0, done / total)
            speed = rate_text(self._speed, total) if self._unit is size else ""
            told = f"{bar(share, _BAR)} {percent(share):>4}  {told} of {self._unit(total)}{speed}"
        # A line as wide as the terminal would wrap, and could not be wiped off.
        sys.stderr.write(_CLEAR + fit(f"{self._title}  {told}", width - 1).rstrip())
        sys.stderr.flush()

    def clear(self) -> None:
        """Make room for a line of words."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False
