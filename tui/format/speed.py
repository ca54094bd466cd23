"""How fast bytes go, and how long the rest will take at that."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tui.format.text import duration, size

_SPAN: Final = 10.0  # seconds that the speed is a mean of
_LEAST: Final = 1.0  # seconds without which there is none


@dataclass(slots=True)
class Speed:
    """Bytes done at some times, the oldest of them forgotten."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now: float, done: int) -> None:
        """`done` bytes at `now`, in seconds of a clock that never goes back; fewer than before: it began anew."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        # The one before the span belongs to it: else a slow step would have no beginning.
        while len(self._seen) > 2 and self._seen[1][0] <= now - _SPAN:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Bytes a second lately; None before that can be told."""
        if not self._seen:
            return None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - began) if now - began >= _LEAST else None

    def left(self, total: int) -> float | None:
        """Seconds until all `total` bytes are done; None where it stands still."""
        return (total - self._seen[-1][1]) / self.rate if self.rate else None


def rate_text(speed: Speed | None, total: int) -> str:
    """For behind a figure in bytes: ` · 12 MB/s · 1m40s left`; empty before anything can be told."""
    rate, left = (speed.rate, speed.left(total)) if speed else (None, None)
    if rate is None or left == 0:
        return ""
    return f" · {size(round(rate))}/s" + ("" if left is None else f" · {duration(left)} left")
