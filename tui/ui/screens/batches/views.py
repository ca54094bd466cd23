"""Which batches the home table is to show: all, those that run, or those that somebody has to look at."""

from collections.abc import Container
from enum import StrEnum
from typing import Final

from tui.batches.batch import Batch, Status

_RECENT: Final = 86400.0  # seconds: what failed longer ago has been looked at, or never will be
_SPOILT: Final = frozenset({Status.FAILED, Status.EXPIRED})


class View(StrEnum):
    """A choice among all batches; its value is what the screen calls it."""

    ALL = "all"
    ACTIVE = "active"
    ATTENTION = "needs attention"

    def shows(self, batch: Batch, now: float, suspect: Container[str]) -> bool:
        """Whether `batch` is among them; `now` in Unix seconds of the server's clock.

        `suspect` holds the ids of batches that something else is wrong with: a rule that they break, results that
        disagree with the counts.
        """
        match self:
            case View.ALL:
                return True
            case View.ACTIVE:
                return batch.active
            case View.ATTENTION:
                return batch.id in suspect or bool(batch.oddities) or _spoilt_lately(batch, now)


def _spoilt_lately(batch: Batch, now: float) -> bool:
    if batch.gone or batch.status not in _SPOILT:
        return False
    at = batch.ended_at or batch.created_at
    # Without a time it may have been just now.
    return at is None or now - at <= _RECENT
