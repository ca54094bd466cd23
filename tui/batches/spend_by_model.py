"""What was spent on each model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.batches.cost import Cost
from tui.batches.spending import Sum, add_up


@dataclass(frozen=True, slots=True)
class Entry:
    """The batches that asked one model (None where nobody knows which), and their requests that were answered."""

    model: str | None
    requests: int
    sum: Sum

    @property
    def each(self) -> float | None:
        """US dollars a request; None where the cost of a batch is not known, or no request was answered."""
        return self.sum.so_far / self.requests if self.requests and not self.sum.unknown else None


def ledger(
    batches: Iterable[Batch],
    cost_of: Callable[[Batch], Cost | None],
    model_of: Callable[[Batch], str | None],
    since: float,
) -> list[Entry]:
    """An entry for each model that batches made `since` (Unix seconds) have asked, the dearest first.

    Batches that were refused before a request ran are in none.
    """
    found: dict[str | None, list[tuple[int, Cost | None]]] = {}
    for batch in batches:
        done = (batch.counts.completed if batch.counts else None) or 0
        cost = cost_of(batch)
        refused = not done and not batch.active and cost is not None and not cost.so_far
        if batch.created_at is not None and batch.created_at >= since and not refused:
            found.setdefault(model_of(batch), []).append((done, cost))
    entries = [
        Entry(model, sum(done for done, _ in rows), add_up(cost for _, cost in rows)) for model, rows in found.items()
    ]
    return sorted(entries, key=lambda entry: (-entry.sum.so_far, entry.model is None, entry.model or ""))
