"""The server's clock: every time stamp of the demo server comes from here."""

from __future__ import annotations

import threading
import time


class Clock:
    """A wall clock that can start anywhere, run faster, jump ahead or stand still.

    It never goes back. Safe to use from several threads. Times are Unix seconds as floats; ``speed`` is server seconds
    per real second.
    """

    def __init__(self, start: float | None = None, speed: float = 1.0, *, frozen: bool = False) -> None:
        self._lock = threading.Lock()
        self._base = time.time() if start is None else start
        self._real = time.monotonic()
        self._speed = speed
        self._frozen = frozen
        self.start = self._base

    def now(self) -> float:
        """The server's time, in Unix seconds."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._base if self._frozen else self._base + (time.monotonic() - self._real) * self._speed

    def _rebase(self) -> None:
        self._base = self._now()
        self._real = time.monotonic()

    @property
    def speed(self) -> float:
        """Server seconds per real second while the clock runs."""
        return self._speed

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still but for jumps."""
        return self._frozen

    def jump(self, seconds: float) -> float:
        """Moves the clock ahead by so many seconds; returns the new time. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("The clock only goes forward.")
        with self._lock:
            self._rebase()
            self._base += seconds
            return self._base

    def set_speed(self, speed: float) -> None:
        """Runs the clock so many times faster than real time from now on. Raises ValueError unless positive."""
        if not speed > 0:
            raise ValueError("The clock's speed must be above 0.")
        with self._lock:
            self._rebase()
            self._speed = speed

    def freeze(self) -> None:
        """Stops the clock; only jumps move it."""
        with self._lock:
            self._rebase()
            self._frozen = True

    def run(self) -> None:
        """Lets a frozen clock run again."""
        with self._lock:
            self._rebase()
            self._frozen = False
