"""What the server told of batches that were retrieved one by one, beside what its list tells of them.

Some servers move a batch only when it is retrieved, and some lists lag behind: so each active batch is retrieved now
and then, and what the list tells of an earlier moment is not taken.
"""

from collections.abc import Collection, Iterable
from typing import Final

from tui.batches.batch import ENDED, Batch, Status

# Seconds from one retrieve of an active batch on the newest page to the next, and between any two of such batches:
# at most twelve more calls a minute, however many are active.
EACH_AFTER: Final = 60.0
APART: Final = 5.0
# A cancel can come before the output is written or after: neither of the two is the earlier.
_ORDER: Final = {
    Status.VALIDATING: 0,
    Status.IN_PROGRESS: 1,
    Status.FINALIZING: 2,
    Status.CANCELLING: 2,
    **dict.fromkeys(ENDED, 3),
}


class Retrieved:
    """When batches were retrieved, and what was told of those of which the list tells less."""

    def __init__(self) -> None:
        self._wanted: dict[str, None] = {}
        self._at: dict[str, float] = {}
        self._last: float | None = None
        self._told: dict[str, Batch] = {}

    def want(self, batch_id: str) -> None:
        """Have this batch retrieved in the next round, and in each that follows until the server answers."""
        self._wanted[batch_id] = None

    @property
    def wanted(self) -> list[str]:
        return list(self._wanted)

    def answered(self, batch_id: str, now: float) -> None:
        """The server has answered about a batch that was wanted; `now` on the monotonic clock, as below."""
        self._wanted.pop(batch_id, None)
        self._at[batch_id] = now

    def next_due(self, active: Collection[Batch], on_page: Collection[object], now: float) -> str | None:
        """The id of the batch on the page that was retrieved longest ago, if one is due; it counts as retrieved.

        One that never was counts from when it was first seen here.
        """
        self._at = {batch.id: self._at.get(batch.id, now) for batch in active}
        if self._last is not None and now - self._last < APART:
            return None
        due = [key for key, at in self._at.items() if key in on_page and now - at >= EACH_AFTER]
        if not due:
            return None
        first = min(due, key=self._at.__getitem__)
        self._at[first] = self._last = now
        return first

    def tell(self, batch: Batch) -> None:
        """`batch` is as it was retrieved just now."""
        self._told[batch.id] = batch

    def forget(self, ids: Iterable[str]) -> None:
        """Go by the list alone again for these."""
        for key in ids:
            self._told.pop(key, None)

    def forget_all(self) -> None:
        """Go by the list alone again: the server does not tell of single batches."""
        self._told.clear()

    def ahead_of(self, listed: Batch) -> bool:
        """Whether the list tells of an earlier moment than the retrieve did; it is trusted again once it does not."""
        told = self._told.get(listed.id)
        if told is None:
            return False
        if _is_earlier(listed, told):
            return True
        del self._told[listed.id]
        return False


def _is_earlier(listed: Batch, told: Batch) -> bool:
    if listed.status.active != told.status.active:
        return listed.status.active
    one, other = _ORDER.get(listed.status), _ORDER.get(told.status)
    if one is None or other is None:
        # Nobody knows where a provider's own word belongs.
        return False
    if one != other:
        return one < other
    over, known = _over(listed), _over(told)
    # A list may leave the counts out: what is known of them would come and go.
    return known is not None and (over is None or over < known)


def _over(batch: Batch) -> float | None:
    """How much of it is over, in requests or as a share, whichever the server tells."""
    if batch.counts is None:
        return None
    return batch.counts.ended if batch.counts.ended is not None else batch.counts.share
