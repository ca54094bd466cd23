"""Batches that break a rule of the guard, and which of them nobody has been told of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui.batches.batch import CANCELLABLE, Batch, Status
from tui.batches.book import Book
from tui.flows.account import Session

# The rules are held once the first frame is on screen, and imported by then.
if TYPE_CHECKING:
    from tui.batches.guard import Facts, Rule, Rules, Told, Trip, Watch

_WATCHED = CANCELLABLE | {Status.CANCELLING}


class Alarms:
    """The guard with a profile's rules, held against all batches at each answer."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._rules: Rules | None = None
        self._found: dict[str, tuple[Trip, ...]] = {}
        self._cancelling_since: dict[str, float] = {}
        self.alike: dict[str, int] = {}  # by batch, how many failures are known to be one and the same
        self._kept: object = None

    def recall(self, rules: "Rules", told: "Mapping[str, Mapping[Rule, Told]]") -> None:
        """Go by `rules`, and on from what an earlier run has told."""
        from tui.batches.guard import Watch

        self._rules, self._watch = rules, Watch(told)
        self._kept = self._to_keep()

    @property
    def tripped(self) -> frozenset[str]:
        """The ids of the batches that break a rule now."""
        return frozenset(self._found)

    def of(self, batch_id: str) -> "tuple[Trip, ...]":
        """The rules that a batch breaks now, the gravest first."""
        return self._found.get(batch_id, ())

    def armed(self, book: Book) -> "dict[str, tuple[Batch, Trip]]":
        """The batches to be cancelled unasked, by id, each with the gravest rule that it breaks."""
        watch, rules = self._watch, self._rules
        if watch is None or rules is None or not rules.auto_cancel:
            return {}
        return {
            batch.id: (batch, found[0])
            for batch_id in self._found
            if (found := watch.armed(batch_id, rules.auto_cancel)) and (batch := book.get(batch_id)) is not None
            and batch.cancellable
        }  # fmt: skip

    def spare(self, batch_id: str) -> None:
        """Let what a batch breaks now cancel it no more."""
        if self._watch is not None:
            self._watch.spare(batch_id)

    def look(self, session: Session) -> "list[tuple[Batch, Trip]]":
        """Hold the rules against all batches of `session` as they are now; the trips that nobody has been told of."""
        from tui.batches.guard import trips

        if self._watch is None or self._rules is None:
            return []
        now, everything = session.now, list(session.book)

        def name_of(batch: Batch) -> str:
            """The name by which earlier runs of the same job are known; an upload's alone is too common for that."""
            return session.names.given(batch) or batch.id

        watched = [batch for batch in everything if batch.status in _WATCHED and not batch.gone]
        self._note_cancelling(watched, now)
        totals = _totals({name_of(batch) for batch in watched}, everything, name_of)
        fresh, standing = [], {}
        for batch in watched:
            facts = self._facts(session, batch, _earlier(batch, totals.get(name_of(batch), ())))
            found = trips(batch, facts, self._rules, now)
            fresh += [(batch, trip) for trip in self._watch.take(batch.id, found, now)]
            if found:
                standing[batch.id] = found
        self._watch.keep_only({batch.id for batch in watched})
        self._found = standing
        return fresh

    def _facts(self, session: Session, batch: Batch, earlier: tuple[int, ...]) -> "Facts":
        from tui.batches.guard import Facts

        cost = session.cost_of(batch)
        return Facts(
            session.samples.of(batch.id),
            cost.so_far if cost is not None else None,
            earlier,
            self.alike.get(batch.id),
            cancelling_since=self._cancelling_since.get(batch.id),
        )

    def _note_cancelling(self, batches: Iterable[Batch], now: float) -> None:
        since = self._cancelling_since
        self._cancelling_since = {
            batch.id: since.get(batch.id, now) for batch in batches if batch.status is Status.CANCELLING
        }

    def to_save(self) -> "Mapping[str, Mapping[Rule, Told]] | None":
        """What the next run has to know, if that is not what was given here the last time."""
        kept = self._to_keep()
        if self._watch is None or kept == self._kept:
            return None
        self._kept = kept
        return {batch_id: dict(trips) for batch_id, trips in self._watch.told.items()}

    def _to_keep(self) -> object:
        """All that matters of what was told; that a stall has lasted a minute longer does not."""
        told = self._watch.told if self._watch is not None else {}
        return {
            (batch_id, rule, it.clear_at, it.spared) for batch_id, trips in told.items() for rule, it in trips.items()
        }


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
