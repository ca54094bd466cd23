"""What is said of an estimate."""

from decimal import Decimal

import pytest

from tui.flows.estimate import range_text, short_text
from tui.requests.cost.estimate import Estimate


def estimate(low: str | None, high: str | None, expected: str | None, *, exact: bool = False) -> Estimate:
    first, second, third = (None if each is None else Decimal(each) for each in (low, high, expected))
    return Estimate(1000, 0.0, exact, None, None, first, second, third, "USD", "basis", ())


@pytest.mark.parametrize(
    ("value", "told", "short"),
    [
        (estimate("0.10", "0.40", "0.20"), "about $0.20, at most $0.40", "about $0.20"),
        (estimate("0.10", None, "0.20"), "about $0.20", "about $0.20"),
        (estimate("0.20", "0.20", "0.20"), "about $0.20", "about $0.20"),
        (estimate("0.20", "0.20", "0.20", exact=True), "$0.20", "$0.20"),
        (estimate("0.0001", "0.0003", "0.0002"), "under $0.01", "under $0.01"),
        (estimate("0.10", "0.40", None), "$0.10 to $0.40", "$0.10 to $0.40"),
        (estimate("0.10", None, None), "at least $0.10", "at least $0.10"),
        (estimate(None, None, None), "not known", "not known"),
    ],
)
def test_the_cost_as_far_as_it_is_known(value: Estimate, told: str, short: str) -> None:
    assert (range_text(value), short_text(value)) == (told, short)
