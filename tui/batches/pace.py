"""How fast a batch goes and when it will end.

Both are averages over the time since its requests began to run, from the server's own time stamps and counts.
"""

from tui.batches.batch import Batch, Status

_SETTLED = 20  # requests before a rate says anything


def rate(batch: Batch, now: float) -> float | None:
    """Requests a second since the batch began to run; None before there is anything to go by. `now` in Unix seconds."""
    if batch.status is not Status.IN_PROGRESS or batch.in_progress_at is None or batch.counts is None:
        return None
    ended, running = batch.counts.ended, now - batch.in_progress_at
    return ended / running if ended and running > 0 and ended >= min(_SETTLED, batch.counts.total or 0) else None


def seconds_left(batch: Batch, now: float) -> float | None:
    """Seconds until the last request is over at the batch's rate so far."""
    pace = rate(batch, now)
    if not pace or batch.counts is None or batch.counts.total is None or batch.counts.ended is None:
        return None
    return max(0, batch.counts.total - batch.counts.ended) / pace
