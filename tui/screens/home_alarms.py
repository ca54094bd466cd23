"""Batches that break a rule of the guard, and which of them nobody has been told of."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tui.batches.batch import CANCELLABLE, Batch
from tui.batches.pace import Sample

# The rules are held once the first frame is on screen, and imported by then.
if TYPE_CHECKING:
    from tui.batches.guard import Trip, Watch


class Alarms:
    """The guard with its default rules, held against all batches at each answer."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._found: dict[str, tuple[Trip, ...]] = {}

    @property
    def tripped(self) -> frozenset[str]:
        """The ids of the batches that break a rule now."""
        return frozenset(self._found)

    def of(self, batch_id: str) -> "tuple[Trip, ...]":
        """The rules that a batch breaks now, the gravest first."""
        return self._found.get(batch_id, ())

    def look(
        self,
        batches: Iterable[Batch],
        name_of: Callable[[Batch], str],
        samples_of: Callable[[str], tuple[Sample, ...]],
        now: float,
    ) -> bool:
        """Hold the rules against all `batches` as they are `now`; whether there is a trip that is new."""
        from tui.batches.guard import Facts, Rules, Watch, trips

        watch = self._watch = self._watch or Watch()
        rules = Rules()
        everything = list(batches)
        running = [batch for batch in everything if batch.status in CANCELLABLE]
        ended = [batch for batch in everything if batch.id in self._found and batch.status not in CANCELLABLE]
        totals = _totals({name_of(batch) for batch in running}, everything, name_of)
        fresh, standing = False, {}
        for batch in (*running, *ended):
            facts = Facts(samples_of(batch.id), earlier=_earlier(batch, totals.get(name_of(batch), ())))
            found = trips(batch, facts, rules, now)
            fresh |= bool(watch.take(batch.id, found, now))
            if found:
                standing[batch.id] = found
        self._found = standing
        return fresh


def _totals(
    names: set[str], batches: Iterable[Batch], name_of: Callable[[Batch], str]
) -> dict[str, list[tuple[int, int]]]:
    """When each batch of one of `names` was made, and its requests."""
    found: dict[str, list[tuple[int, int]]] = {}
    for batch in batches:
        total = batch.counts.total if batch.counts else None
        if total and batch.created_at is not None and (name := name_of(batch)) in names:
            found.setdefault(name, []).append((batch.created_at, total))
    return found


def _earlier(batch: Batch, totals: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(total for at, total in totals if batch.created_at is not None and at < batch.created_at)
