"""What makes a batch a runaway: one that spends without sense.

Each rule looks at a batch as it is now, so a trip can be told while a cancel still saves something. Counts do not tell
whether failures are alike: a caller who has read the error file says so in `Facts.identical_failures`. Without that
the counts are enough only where every request failed.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tui.batches.batch import Batch, Status
from tui.batches.pace import Sample, misses_window_by, rate, stalled
from tui.format.text import count, duration, percent, plural


class Rule(StrEnum):
    """Why a batch is held to be a runaway."""

    FAILURES = "failures"
    IDENTICAL = "identical"
    BUDGET = "budget"
    SIZE = "size"
    STALLED = "stalled"
    WINDOW = "window"
    CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of each rule; None switches a rule off.

    A share, an amount or a size is within its limit up to the limit itself; a number of failures or a time breaks its
    rule when it reaches it.

    `failed_share` is of the requests that are over, judged from `failed_after` of them on. `usual_factor` is held
    against the median of at least `usual_known` earlier batches of the same name, for batches of at least `usual_least`
    requests. Times are seconds: without progress; past the window's end; running before an estimate is believed; being
    cancelled, which takes a server ten minutes at most.

    A batch that breaks a rule of `auto_cancel` is cancelled unasked, `grace` seconds after its user could read so.
    """

    failed_share: float | None = 0.10
    failed_after: int = 200
    identical_failures: int | None = 50
    budget: float | None = None
    usual_factor: float | None = 5.0
    usual_known: int = 3
    usual_least: int = 1000
    stalled_after: float | None = 1800.0
    missed_by: float | None = 600.0
    missed_after: float = 3600.0
    cancelling_after: float | None = 600.0
    auto_cancel: frozenset[Rule] = frozenset()
    grace: float = 60.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a batch beside the server's answer.

    `cost` and the budget are in US dollars; `earlier` holds the totals of earlier batches of the same name, in any
    order; `identical_failures` is the number of requests that failed with one and the same error. `cancelling_since`
    is when it was first seen being cancelled, for servers that do not tell.
    """

    samples: tuple[Sample, ...] = ()
    cost: float | None = None
    earlier: tuple[int, ...] = ()
    identical_failures: int | None = None
    cancelling_since: float | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """A rule that a batch breaks; `since` is when it began to (Unix seconds), or when it was noticed."""

    rule: Rule
    sentence: str
    since: float


def trips(batch: Batch, facts: Facts, rules: Rules, now: float) -> tuple[Trip, ...]:
    """The rules that `batch` breaks `now`, the gravest first; none where there is nothing left to stop.

    What is unknown breaks no rule.
    """
    checks = _CHECKS if batch.cancellable else (_cancelling,) if batch.status is Status.CANCELLING else ()
    return tuple(trip for check in checks if (trip := check(batch, facts, rules, now)) is not None)


@dataclass(frozen=True, slots=True)
class Told:
    """A trip that its user was told of. It cleared at `clear_at`; `spared` if it must cancel nothing any more."""

    trip: Trip
    clear_at: float | None = None
    spared: bool = False


class Watch:
    """Which trips have been told, so that none is told twice.

    A trip that clears and comes back within `quiet` seconds is the same one; later it counts anew. `told` is all there
    is to remember, by batch and rule: given to another watch, that one goes on where this one was.
    """

    def __init__(self, told: Mapping[str, Mapping[Rule, Told]] | None = None, quiet: float = 900.0) -> None:
        self._quiet = quiet
        self.told = {batch_id: dict(trips) for batch_id, trips in (told or {}).items()}

    def take(self, batch_id: str, found: Sequence[Trip], now: float) -> tuple[Trip, ...]:
        """Note what `trips` found, and give back those that nobody has been told of."""
        before = self.told.pop(batch_id, {})
        # What has been clear for long is forgotten before it is looked for.
        told = {rule: old for rule, old in before.items() if old.clear_at is None or now - old.clear_at < self._quiet}
        present = {trip.rule: trip for trip in found}
        fresh = tuple(trip for trip in found if trip.rule not in told)
        for rule, old in told.items():
            if rule in present:
                told[rule] = Told(replace(present[rule], since=old.trip.since), spared=old.spared)
            elif old.clear_at is None:
                told[rule] = replace(old, clear_at=now)
        told |= {trip.rule: Told(trip) for trip in fresh}
        if told:
            self.told[batch_id] = told
        return fresh

    def standing(self, batch_id: str) -> tuple[Trip, ...]:
        """The trips of a batch that have not cleared, in today's words and with the time of the first alarm."""
        return tuple(told.trip for told in self.told.get(batch_id, {}).values() if told.clear_at is None)

    def armed(self, batch_id: str, rules: Container[Rule]) -> tuple[Trip, ...]:
        """The standing trips of a batch by which it is to be cancelled: those of `rules` that are not spared."""
        told = self.told.get(batch_id, {}).values()
        return tuple(it.trip for it in told if it.clear_at is None and it.trip.rule in rules and not it.spared)

    def spare(self, batch_id: str) -> None:
        """Let none of the trips that a batch has now cancel it."""
        trips = self.told.get(batch_id, {})
        trips |= {rule: replace(told, spared=True) for rule, told in trips.items()}

    def keep_only(self, ids: Container[str]) -> None:
        """Forget the batches that are not among `ids`."""
        self.told = {batch_id: trips for batch_id, trips in self.told.items() if batch_id in ids}


# The rules


def _failures(batch: Batch, _: Facts, rules: Rules, now: float) -> Trip | None:
    counts, limit = batch.counts, rules.failed_share
    if counts is None or limit is None or counts.failed is None or counts.ended is None:
        return None
    share = counts.failed_share
    if share is None or counts.ended < rules.failed_after or share <= limit:
        return None
    told = f"{count(counts.failed)} of {plural(counts.ended, 'request')} failed, over {percent(limit)}."
    return Trip(Rule.FAILURES, told, now)


def _identical(batch: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    alike, limit, counts = facts.identical_failures, rules.identical_failures, batch.counts
    if limit is None:
        return None
    if alike is not None and alike >= limit:
        return Trip(Rule.IDENTICAL, f"{plural(alike, 'request')} failed with the same error.", now)
    if counts is not None and counts.completed == 0 and counts.failed is not None and counts.failed >= limit:
        return Trip(Rule.IDENTICAL, f"All {plural(counts.failed, 'request')} so far failed.", now)
    return None


def _budget(_: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    cost, limit = facts.cost, rules.budget
    if cost is None or limit is None or cost <= limit:
        return None
    return Trip(Rule.BUDGET, f"Cost about ${cost:,.2f} so far, over the budget of ${limit:,.2f}.", now)


def _size(batch: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    total = batch.counts.total if batch.counts else None
    factor, earlier = rules.usual_factor, facts.earlier
    if total is None or factor is None or not earlier:
        return None
    if total < rules.usual_least or len(earlier) < rules.usual_known or total <= (usual := _median(earlier)) * factor:
        return None
    told = f"{plural(total, 'request')}; usually {count(round(usual))} for this name."
    return Trip(Rule.SIZE, told, now if batch.created_at is None else batch.created_at)


def _stalled(batch: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    limit, still = rules.stalled_after, stalled(facts.samples, batch, now)
    if still is None or limit is None or still < limit:
        return None
    return Trip(Rule.STALLED, f"No progress for {duration(still)}.", now - still)


def _window(batch: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    pace = rate(batch, now, facts.samples)
    limit, over = rules.missed_by, misses_window_by(batch, pace, now)
    if over is None or limit is None or over < limit:
        return None
    if batch.in_progress_at is None or now - batch.in_progress_at < rules.missed_after:
        return None
    told = f"Will miss its window by {duration(over)} at the present rate." if pace else "Runs past its window's end."
    return Trip(Rule.WINDOW, told, now)


def _cancelling(batch: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    since, limit = batch.cancelling_at or facts.cancelling_since, rules.cancelling_after
    if since is None or limit is None or now - since < limit:
        return None
    told = f"Cancelling for {duration(now - since)}; 10m is the most it takes. It may still run and cost."
    return Trip(Rule.CANCELLING, told, since)


def _median(numbers: Sequence[int]) -> float:
    # `statistics` would take 15 ms to import.
    ordered, middle = sorted(numbers), len(numbers) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


_Check = Callable[[Batch, Facts, Rules, float], Trip | None]
_CHECKS: tuple[_Check, ...] = (_budget, _size, _identical, _failures, _stalled, _window)
