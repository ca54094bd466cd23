"""The order of the table: every column has one, what is unknown comes last, and equals never swap by themselves."""

from dataclasses import replace
from typing import Any

import pytest

from tui.batches.batch import Batch, Counts, Status, Usage
from tui.batches.pace import Sample
from tui.batches.sort import BY_STATE, SORTS, Order

NOW = 10_000.0


def batch(name: str, status: Status = Status.IN_PROGRESS, **more: Any) -> Batch:
    return replace(Batch(name, status, status.value, created_at=1000, in_progress_at=1100), **more)


def ids(order: Order, *batches: Batch, samples: dict[str, tuple[Sample, ...]] | None = None) -> str:
    given = samples or {}
    return "".join(order.apply(batches, lambda found: found.id, NOW, lambda key: given.get(key, ()), _spent_on))


def _spent_on(found: Batch) -> float | None:
    """A dollar a token, for the tests."""
    return None if found.usage is None else float(found.usage.total_tokens)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "model": ({"model": "gpt-4o"}, {"model": "o3"}, {}),
    "endpoint": ({"endpoint": "/v1/chat"}, {"endpoint": "/v1/embeddings"}, {}),
    "progress": ({"counts": Counts(100, 10, 0)}, {"counts": Counts(100, 90, 0)}, {"counts": Counts()}),
    "requests": ({"counts": Counts(10)}, {"counts": Counts(100)}, {}),
    "fail": ({"counts": Counts(100, 90, 0)}, {"counts": Counts(100, 90, 5)}, {}),
    "rate": ({"counts": Counts(9000, 100, 0)}, {"counts": Counts(9000, 8000, 0)}, {}),
    "eta": ({"counts": Counts(9000, 8000, 0)}, {"counts": Counts(9000, 100, 0)}, {}),
    "elapsed": ({"created_at": 5000}, {"created_at": 1000}, {"created_at": None}),
    "cost": ({"usage": Usage(1, 1)}, {"usage": Usage(30, 1)}, {}),
    "expires": ({"expires_at": 20_000}, {"expires_at": 30_000}, {}),
}


@pytest.mark.parametrize("column", CASES)
def test_each_column_both_ways_and_the_unknown_last(column: str) -> None:
    low, high, none = (batch(name, **more) for name, more in zip("abc", CASES[column], strict=True))
    order = Order(column)
    natural = "ba" if order.descending else "ab"
    assert ids(order, none, high, low) == natural + "c"
    assert ids(order.reversed(), low, none, high) == natural[::-1] + "c"


def test_every_column_with_an_order_is_tested() -> None:
    assert set(SORTS) == {*CASES, BY_STATE, "name", "age"}


def test_times_left_are_those_of_late() -> None:
    """The average says that they take equally long; of late one has gone faster."""
    counts = Counts(9000, 1000, 0)
    fast = tuple(Sample(NOW - 400 + at, 600 + at) for at in range(0, 401, 100))
    slow = tuple(Sample(NOW - 400 + at, 960 + at // 10) for at in range(0, 401, 100))
    pair = batch("a", counts=counts), batch("b", counts=counts)
    assert ids(Order("eta"), *pair, samples={"a": slow, "b": fast}) == "ba"
    assert ids(Order("rate"), *pair, samples={"a": slow, "b": fast}) == "ba"


def test_elapsed_ends_with_the_batch() -> None:
    assert batch("a").elapsed(NOW) == 9000
    assert batch("a", Status.COMPLETED, completed_at=1500).elapsed(NOW) == 500
    assert batch("a", Status.COMPLETED).elapsed(NOW) is None
    assert batch("a", created_at=20_000).elapsed(NOW) == 0


def test_ids_decide_between_equals() -> None:
    for column in SORTS:
        for order in (Order(column), Order(column, reverse=True)):
            found = ids(order, batch("b"), batch("c"), batch("a"))
            assert sorted(found) == list("abc")
            assert found == ids(order, batch("a"), batch("b"), batch("c"))


def test_the_next_column_is_one_that_is_shown() -> None:
    shown = ("status", "name", "id", "fail", "age")
    order, seen = Order(), []
    for _ in range(5):
        order = order.next(shown)
        seen.append(order.column)
    assert seen == ["name", "fail", "age", "status", "name"]
    # One that a narrower screen has no room for leads back to the first.
    assert Order("eta").next(shown) == Order("status")
    assert Order("eta").next(("id",)) == Order(BY_STATE)
