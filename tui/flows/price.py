"""What a validated file will cost, worked out beside the keys."""

import asyncio
import threading

from tui.batches.money import Expected
from tui.requests.cost import Estimate, estimate
from tui.requests.validate import Report
from tui.text import money


async def price(report: Report, base_url: str) -> Estimate:
    """The estimate for `report`'s file at the provider of `base_url`; given up, its thread stops.

    Raises `LazybatchError` where the file cannot be read or is no longer the one that was validated.
    """
    given_up = threading.Event()
    try:
        return await asyncio.to_thread(estimate, report, base_url=base_url, cancelled=given_up.is_set)
    finally:
        given_up.set()


def expected(report: Report, value: Estimate) -> Expected:
    """What `value` says of `report`'s file, as far as it is kept with a submission."""
    low, high = value.cost_low, value.cost_high
    return Expected(
        requests=report.requests,
        input_tokens=value.input_tokens,
        output_tokens=value.output_expected,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
    )


def range_text(value: Estimate) -> str:
    """The cost as far as it is known: `$0.12 to $0.40`, `at least $0.12`, `about $0.20`, or that it is not known."""
    low, high, expected = value.cost_low, value.cost_high, value.cost_expected
    if expected is not None:
        return money(expected) if value.exact and expected == low else f"about {money(expected)}"
    if low is None:
        return "cost not known"
    if high is None:
        return f"at least {money(low)}"
    return money(low) if money(low) == money(high) else f"{money(low)} to {money(high)}"
