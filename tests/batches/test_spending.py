"""What batches add up to, and what is left of what they may cost."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tui.batches.batch import Batch, Status
from tui.batches.cost import Cost
from tui.batches.spending import Budget, Spent, Sum, add_up, day_start, month_start, objections, passed, spent

# A quarter past midnight, on the first of a month.
NOW = datetime(2026, 11, 1, 0, 15).timestamp()
BATCH = Batch("b", Status.COMPLETED, "completed")


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_days_and_months_are_those_of_the_place(zone: str) -> None:
    now = datetime(2026, 11, 17, 0, 15).timestamp()
    assert datetime.fromtimestamp(day_start(now)) == datetime(2026, 11, 17)
    assert datetime.fromtimestamp(month_start(now)) == datetime(2026, 11, 1)
    made = {
        "today": now - 60, "yesterday": now - 1200, "last month": datetime(2026, 10, 31, 23, 59).timestamp(),
        "later": now + 5,
    }  # fmt: skip
    batches = [replace(BATCH, id=name, created_at=int(at)) for name, at in made.items()]
    found = spent([*batches, BATCH], lambda _: Cost(1.0, 1.0, measured=True), now)
    # The server's clock may be a little ahead; a batch without a time is of no day.
    assert (found.day.batches, found.month.batches) == (2, 3)


def test_a_sum_says_what_is_not_in_it() -> None:
    costs = [Cost(1.0, 4.0, measured=True), Cost(None, 2.0, measured=False), Cost(1.5, None, measured=True), None]
    assert add_up(costs) == Sum(so_far=2.5, at_end=7.5, measured=False, batches=4, unknown=2)
    assert add_up([]) == Sum()


def used(so_far: float, at_end: float | None = None, *, measured: bool = True) -> Sum:
    return Sum(so_far, so_far if at_end is None else at_end, measured, 3)


def test_what_was_passed_is_told() -> None:
    budget = Budget(day=10, month=50, batch=5)
    assert passed(budget, Spent(used(10), used(50))) == []
    # What will be spent is not spent yet.
    assert passed(budget, Spent(used(9, 30), used(9, 30))) == []
    assert passed(budget, Spent(used(10.5), used(20))) == ["$10.50 of $10.00 today"]
    told = passed(budget, Spent(used(11), used(60, measured=False)))
    assert told == ["$11.00 of $10.00 today", "about $60.00 of $50.00 this month"]
    assert passed(Budget(batch=5), Spent(used(10), used(50))) == []
    little = Spent(used(0.004, measured=False), Sum())
    assert passed(Budget(day=0.001), little) == ["under $0.01 of <$0.01 today"]


def test_a_sum_of_some_says_that_it_is_one() -> None:
    some = Sum(11, 11, batches=3, unknown=1)
    assert passed(Budget(day=10), Spent(some, some)) == ["at least $11.00 of $10.00 today"]
    told = objections(Budget(day=20), Spent(some, some), 10, 10)
    assert told == ["More than is left today: at most $9.00 of $20.00."]


@pytest.mark.parametrize(
    ("budget", "low", "high", "told"),
    [
        (Budget(), 1e9, 1e9, []),
        (Budget(batch=5), 5, 5, []),
        (Budget(batch=5), 5.01, 5.01, ["More than a batch may cost: $5.00."]),
        (Budget(batch=5), 1, 9, ["Maybe more than a batch may cost: $5.00."]),
        (Budget(batch=5), 1, None, []),
        (Budget(batch=5), 6, None, ["More than a batch may cost: $5.00."]),
        (Budget(day=10), 4, 4, []),
        (Budget(day=10), 5, 5, ["More than is left today: about $4.00 of $10.00."]),
        (Budget(month=30), 20, 25, ["Maybe more than is left this month: $20.00 of $30.00."]),
        (
            Budget(day=1, month=5),
            1,
            1,
            ["More than is left today: nothing of $1.00.", "More than is left this month: nothing of $5.00."],
        ),
    ],
)
def test_what_speaks_against_spending_more(budget: Budget, low: float, high: float | None, told: list[str]) -> None:
    # What runs today will have cost 6; this month all is counted.
    assert objections(budget, Spent(used(2, 6), used(10)), low, high) == told


def test_parts_are_batches_of_their_own() -> None:
    assert objections(Budget(batch=5), Spent(), 12, 12, parts=3) == []
    assert len(objections(Budget(batch=5, day=10), Spent(), 16, 16, parts=3)) == 2
