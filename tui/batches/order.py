"""Which batches the table shows, and in which order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.batches.batch import Batch
from tui.batches.pace import Sample, rate, seconds_left

if TYPE_CHECKING:
    from tui.batches.query import Query

# What moves first, then the newest: the order in which one wants to see them without having asked for any.
BY_STATE: Final = "status"
_Value = float | str | None
_Reader = Callable[[Batch, str, float, Sequence[Sample], float | None], _Value]

# Column → what a batch is compared by: the batch, its name, the time now, the samples of its progress, its cost so far.
_VALUES: Final[Mapping[str, _Reader]] = {
    "name": lambda batch, name, *_: name.casefold(),
    "model": lambda batch, *_: batch.model,
    "endpoint": lambda batch, *_: batch.endpoint,
    "progress": lambda batch, *_: batch.counts.progress if batch.counts else None,
    "requests": lambda batch, *_: batch.counts.total if batch.counts else None,
    "fail": lambda batch, *_: batch.counts.failed_share if batch.counts else None,
    "rate": lambda batch, _, now, samples, __: rate(batch, now, samples),
    "eta": lambda batch, _, now, samples, __: seconds_left(batch, now, samples),
    "elapsed": lambda batch, _, now, *__: batch.elapsed(now),
    "expires": lambda batch, *_: batch.expires_at if batch.status.active else None,
    "cost": lambda _, __, ___, ____, spent: spent,
    "age": lambda batch, *_: -(batch.created_at or 0),
}
# Large is what one looks for in these, so they begin with the largest.
_LARGEST_FIRST: Final = frozenset({"progress", "requests", "fail", "rate", "elapsed", "cost"})
SORTS: Final = (BY_STATE, *_VALUES)


class Order(NamedTuple):
    """A column to sort by, and whether against its natural direction."""

    column: str = BY_STATE
    reverse: bool = False

    def next(self, columns: Sequence[str] = SORTS) -> "Order":
        """The next of `columns` that can be sorted by, in its natural direction; the first after a column elsewhere."""
        choices = [column for column in columns if column in SORTS] or [BY_STATE]
        place = choices.index(self.column) + 1 if self.column in choices else 0
        return Order(choices[place % len(choices)])

    def reversed(self) -> "Order":
        return self._replace(reverse=not self.reverse)

    @property
    def descending(self) -> bool:
        """Whether the largest value stands first."""
        return (self.column in _LARGEST_FIRST) != self.reverse

    def apply(
        self,
        batches: Iterable[Batch],
        name_of: Callable[[Batch], str],
        now: float,
        samples_of: Callable[[str], Sequence[Sample]] = lambda _: (),
        spent_on: Callable[[Batch], float | None] = lambda _: None,
    ) -> list[str]:
        """The ids of `batches` in this order; what is unknown comes last, and ids decide between equals.

        Rows never swap by themselves. `samples_of` gives the samples of progress that rates and times left are told
        from, `spent_on` the cost so far in US dollars.
        """
        if self.column == BY_STATE:
            return [batch.id for batch in sorted(batches, key=_by_state, reverse=self.reverse)]
        read: _Reader = _VALUES[self.column]
        known: list[tuple[float | str, str]] = []
        unknown: list[str] = []
        for batch in sorted(batches, key=lambda batch: batch.id):
            value = read(batch, name_of(batch), now, samples_of(batch.id), spent_on(batch))
            if value is None:
                unknown.append(batch.id)
            else:
                known.append((value, batch.id))
        # Values of one column are of one kind.
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [batch_id for _, batch_id in known] + unknown


def select(
    batches: Iterable[Batch],
    query: "Query | None",
    name_of: Callable[[Batch], str],
    now: float,
    spent_on: Callable[[Batch], float | None] = lambda _: None,
) -> list[Batch]:
    """The batches that `query` lets through, all without one; `spent_on` gives the cost so far in US dollars."""
    if not query:
        return list(batches)
    return [batch for batch in batches if query.matches(batch, name=name_of(batch), now=now, cost=spent_on(batch))]


def _by_state(batch: Batch) -> tuple[bool, int, str]:
    return (not batch.status.active, -(batch.created_at or 0), batch.id)
