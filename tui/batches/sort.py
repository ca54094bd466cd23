"""Which batches the table shows, and in which order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui.batches.batch import Batch
from tui.batches.pace import Sample, rate, seconds_left

if TYPE_CHECKING:
    from tui.batches.query.parse import Query
    from tui.batches.query.text_index import Texts

# What moves first, then the newest: the order in which one wants to see them without having asked for any.
BY_STATE: Final = "status"
_Value = float | str | None
_ID: Final = attrgetter("id")

# Column → what a batch is compared by, where the batch alone tells.
_OWN: Final[Mapping[str, Callable[[Batch], _Value]]] = {
    "model": lambda batch: batch.model,
    "endpoint": lambda batch: batch.endpoint,
    "progress": lambda batch: batch.counts.progress if batch.counts else None,
    "requests": lambda batch: batch.counts.total if batch.counts else None,
    "fail": lambda batch: batch.counts.failed_share if batch.counts else None,
    "expires": lambda batch: batch.expires_at if batch.active else None,
    "age": lambda batch: -(batch.created_at or 0),
}
# Large is what one looks for in these, so they begin with the largest.
_LARGEST_FIRST: Final = frozenset({"progress", "requests", "fail", "rate", "elapsed", "cost"})
SORTS: Final = (
    BY_STATE, "name", "model", "endpoint", "progress", "requests", "fail", "rate", "eta", "elapsed", "expires", "cost",
    "age",
)  # fmt: skip


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
        # One sort after another, each stable, and no tuples to compare: ten thousand at a key would call the garbage
        # collector, which takes longer than the sorting.
        ordered = sorted(batches, key=_ID)
        if self.column == BY_STATE:
            ordered.sort(key=_newest_first)
            ordered.sort(key=_ended)
            return [batch.id for batch in (reversed(ordered) if self.reverse else ordered)]
        read = self._reader(name_of, now, samples_of, spent_on)
        # Values of one column are of one kind.
        values: dict[str, Any] = {batch.id: read(batch) for batch in ordered}
        unknown = [key for key, value in values.items() if value is None]
        for key in unknown:
            del values[key]
        return sorted(values, key=values.__getitem__, reverse=self.descending) + unknown

    def _reader(
        self,
        name_of: Callable[[Batch], str],
        now: float,
        samples_of: Callable[[str], Sequence[Sample]],
        spent_on: Callable[[Batch], float | None],
    ) -> Callable[[Batch], _Value]:
        """What a batch is compared by. Nothing that other columns need is worked out, ten thousand times a key."""
        beyond: Mapping[str, Callable[[Batch], _Value]] = {
            "name": lambda batch: name_of(batch).casefold(),
            "rate": lambda batch: rate(batch, now, samples_of(batch.id)),
            "eta": lambda batch: seconds_left(batch, now, samples_of(batch.id)),
            "elapsed": lambda batch: batch.elapsed(now),
            "cost": spent_on,
        }
        return _OWN.get(self.column) or beyond[self.column]


def select(
    batches: Iterable[Batch],
    query: "Query | None",
    name_of: Callable[[Batch], str],
    now: float,
    spent_on: Callable[[Batch], float | None] = lambda _: None,
    *,
    texts: "Texts | None" = None,
) -> list[Batch]:
    """The batches that `query` lets through, all without one; `spent_on` gives the cost so far in US dollars.

    `texts` keeps from one time to another what words ask for.
    """
    if not query:
        return list(batches)
    cost_of = spent_on if query.asks_for_cost else lambda _: None
    return query.among(batches, name_of, now, cost_of, texts=texts)


def _newest_first(batch: Batch) -> int:
    return -(batch.created_at or 0)


def _ended(batch: Batch) -> bool:
    return not batch.active
