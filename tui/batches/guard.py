"""What makes a batch a runaway: one that spends without sense.

Each rule looks at a batch as it is now, so a trip can be told while a cancel still saves something. Counts do not tell
whether failures are alike: a caller who has read the error file says so in `Facts.identical_failures`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tui.batches.batch import CANCELLABLE, Batch
from tui.batches.pace import Sample, misses_window_by, rate, stalled
from tui.text import count, duration, percent, plural


class Rule(StrEnum):
    """Why a batch is held to be a runaway."""

    FAILURES = "failures"
    IDENTICAL = "identical"
    BUDGET = "budget"
    SIZE = "size"
    STALLED = "stalled"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of each rule; None switches a rule off.

    A share, an amount or a size is within its limit up to the limit itself; a number of failures or a time breaks its
    rule when it reaches it.

    `failed_share` is of the requests that are over, judged from `failed_after` of them on. `usual_factor` is held
    against the median of at least `usual_known` earlier batches of the same name, for batches of at least `usual_least`
    requests. Times are seconds: without progress; past the window's end; running before an estimate is believed.
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


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a batch beside the server's answer.

    `cost` and the budget are in US dollars; `earlier` holds the totals of earlier batches of the same name, in any
    order; `identical_failures` is the number of requests that failed with one and the same error.
    """

    samples: tuple[Sample, ...] = ()
    cost: float | None = None
    earlier: tuple[int, ...] = ()
    identical_failures: int | None = None


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
    if batch.status not in CANCELLABLE:
        return ()
    return tuple(trip for check in _CHECKS if (trip := check(batch, facts, rules, now)) is not None)


class Watch:
    """Which trips have been told, so that none is told twice.

    A trip that clears and comes back within `quiet` seconds is the same one; later it counts anew.
    """

    def __init__(self, quiet: float = 900.0) -> None:
        self._quiet = quiet
        self._told: dict[str, dict[Rule, _Told]] = {}

    def take(self, batch_id: str, found: Sequence[Trip], now: float) -> tuple[Trip, ...]:
        """Note what `trips` found, and give back those that nobody has been told of."""
        before = self._told.pop(batch_id, {})
        # What has been clear for long is forgotten before it is looked for.
        told = {rule: old for rule, old in before.items() if old.clear_at is None or now - old.clear_at < self._quiet}
        present = {trip.rule: trip for trip in found}
        fresh = tuple(trip for trip in found if trip.rule not in told)
        for rule, old in told.items():
            if rule in present:
                told[rule] = _Told(replace(present[rule], since=old.trip.since))
            elif old.clear_at is None:
                told[rule] = replace(old, clear_at=now)
        told |= {trip.rule: _Told(trip) for trip in fresh}
        if told:
            self._told[batch_id] = told
        return fresh

    def standing(self, batch_id: str) -> tuple[Trip, ...]:
        """The trips of a batch that have not cleared, in today's words and with the time of the first alarm."""
        return tuple(told.trip for told in self._told.get(batch_id, {}).values() if told.clear_at is None)


@dataclass(frozen=True, slots=True)
class _Told:
    trip: Trip
    clear_at: float | None = None


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


def _identical(_: Batch, facts: Facts, rules: Rules, now: float) -> Trip | None:
    alike, limit = facts.identical_failures, rules.identical_failures
    if alike is None or limit is None or alike < limit:
        return None
    return Trip(Rule.IDENTICAL, f"{plural(alike, 'request')} failed with the same error.", now)


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
    told = f"{plural(total, 'request')}, where {count(round(usual))} are usual under this name."
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


def _median(numbers: Sequence[int]) -> float:
    # `statistics` would take 15 ms to import.
    ordered, middle = sorted(numbers), len(numbers) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


_Check = Callable[[Batch, Facts, Rules, float], Trip | None]
_CHECKS: tuple[_Check, ...] = (_budget, _size, _identical, _failures, _stalled, _window)
