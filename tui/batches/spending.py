"""What an account's batches add up to, and what is left of what they may cost.

A batch counts on the day and in the month in which it was made, by the calendar and clock of this machine. All amounts
are US dollars.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tui.batches.batch import Batch
from tui.batches.cost import Cost
from tui.format.text import money, money_about


@dataclass(frozen=True, slots=True)
class Budget:
    """What batches may cost: those of a day, those of a month, each one; None for no limit."""

    day: float | None = None
    month: float | None = None
    batch: float | None = None

    @property
    def of_time(self) -> bool:
        """Whether it hangs on what other batches cost."""
        return self.day is not None or self.month is not None


@dataclass(frozen=True, slots=True)
class Sum:
    """What a number of batches have cost so far, and will in the end as far as that is known.

    `measured` if each of the amounts is; `unknown` is the number of batches of which `so_far` has nothing.
    """

    so_far: float = 0.0
    at_end: float = 0.0
    measured: bool = True
    batches: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent today, and this month."""

    day: Sum = Sum()
    month: Sum = Sum()


def add_up(costs: Iterable[Cost | None]) -> Sum:
    """The sum of the costs of batches, None for those of which nothing is known."""
    so_far = at_end = 0.0
    measured, batches, unknown = True, 0, 0
    for cost in costs:
        batches += 1
        unknown += cost is None or cost.so_far is None
        if cost is None:
            continue
        spent = cost.so_far or 0.0
        so_far += spent
        at_end += spent if cost.at_end is None else cost.at_end
        measured &= cost.measured
    return Sum(so_far, at_end, measured, batches, unknown)


def day_start(now: float) -> float:
    """When the day of `now` began; both in Unix seconds."""
    return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def month_start(now: float) -> float:
    """When the month of `now` began; both in Unix seconds."""
    return datetime.fromtimestamp(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def spent(batches: Iterable[Batch], cost_of: Callable[[Batch], Cost | None], now: float) -> Spent:
    """What the batches of today and of this month among `batches` cost; `now` in Unix seconds."""
    today, month = day_start(now), month_start(now)
    recent = [batch for batch in batches if batch.created_at is not None and batch.created_at >= month]
    costs = [(batch.created_at or 0, cost_of(batch)) for batch in recent]
    return Spent(add_up(cost for at, cost in costs if at >= today), add_up(cost for _, cost in costs))


def passed(budget: Budget, spent: Spent) -> list[str]:
    """What was spent beyond the budget, in words: `$52.10 of $50.00 today`."""
    told = []
    for limit, sum_, when in ((budget.day, spent.day, "today"), (budget.month, spent.month, "this month")):
        if limit is not None and sum_.so_far > limit:
            least = "at least " if sum_.unknown else ""
            told.append(f"{least}{_said(sum_.so_far, exact=sum_.measured)} of {money(limit)} {when}")
    return told


def objections(budget: Budget, spent: Spent, low: float, high: float | None, *, parts: int = 1) -> list[str]:
    """What speaks against spending `low` to `high` more in so many batches, a sentence each; None has no upper end.

    Of the batches that run it counts what they will cost in the end.
    """
    told = []

    def object_to(limit: float | None, used: Sum, share: int, words: str) -> None:
        if limit is None or used.at_end + (low if high is None else high) / share <= limit:
            return
        surely = used.at_end + low / share > limit
        told.append(f"{'More' if surely else 'Maybe more'} than {words}.")

    object_to(budget.batch, Sum(), parts, f"a batch may cost: {money(budget.batch or 0)}")
    object_to(budget.day, spent.day, 1, _left(budget.day or 0, spent.day, "today"))
    object_to(budget.month, spent.month, 1, _left(budget.month or 0, spent.month, "this month"))
    return told


def _left(limit: float, used: Sum, when: str) -> str:
    left = limit - used.at_end
    exact = used.measured and used.at_end == used.so_far
    most = "at most " if used.unknown else ""
    return f"is left {when}: {most + _said(left, exact=exact) if left > 0 else 'nothing'} of {money(limit)}"


def _said(dollars: float, *, exact: bool) -> str:
    return money(dollars) if exact else money_about(dollars)
