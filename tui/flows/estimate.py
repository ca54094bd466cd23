"""What a validated file will cost, worked out beside the keys."""

from pathlib import Path
from typing import TYPE_CHECKING

from tui.batches.cost import Expected
from tui.flows.costs import Costs
from tui.format.text import money, money_about, money_range
from tui.requests.cost.estimate import Estimate, estimate
from tui.requests.cost.preload import likely_model, load_vocabulary
from tui.requests.validate import Report

# A command that asks no server does without asyncio.
if TYPE_CHECKING:
    from tui.flows.worker import Cancelled, Progress


async def price(
    report: Report,
    costs: Costs,
    *,
    exact: bool = False,
    tell: "Progress" = lambda done, total: None,
) -> Estimate:
    """As `priced`, in a thread that stops where nobody waits for it any more."""
    from tui.flows.worker import worked

    return await worked(lambda told, gone: priced(report, costs, told, gone, exact=exact), tell)


def priced(report: Report, costs: Costs, tell: "Progress", gone: "Cancelled", *, exact: bool = False) -> Estimate:
    """The estimate for `report`'s file, from a sample of its lines or, if `exact`, from all of them.

    It goes by the prices and the history of the account. Raises `LazybatchError` where the file cannot be read or is no
    longer the one that was validated.
    """
    return estimate(
        report,
        expected_output=costs.output_of,
        exact=exact,
        price_of=costs.prices.of,
        progress=tell,
        cancelled=gone,
    )


def prepare(path: Path, costs: Costs) -> None:
    """Load what the estimate of a file will need: meant for a thread, while the file is validated.

    The file may be of any kind, or none.
    """
    loading = load_vocabulary(path)
    costs.prices.of(likely_model(path))
    loading.join()


def expected(report: Report, value: Estimate) -> Expected:
    """What `value` says of `report`'s file, as far as it is kept with a submission."""
    low, high = value.cost_low, value.cost_high
    return Expected(
        requests=report.requests,
        input_tokens=None if value.uncounted else value.input_tokens,
        output_tokens=value.output_expected,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
    )


def range_text(value: Estimate, unknown: str = "not known") -> str:
    """The cost as far as it is known: `about $0.20, at most $0.40`, `$0.12 to $0.40`, `at least $0.12`, `unknown`."""
    told = short_text(value, unknown)
    if value.cost_expected is None or value.cost_high is None or money(value.cost_high) == money(value.cost_expected):
        return told
    return f"{told}, at most {money(value.cost_high)}"


def short_text(value: Estimate, unknown: str = "not known") -> str:
    """The same for a question that has one line: of what is expected, that alone."""
    low, high, expected = value.cost_low, value.cost_high, value.cost_expected
    if expected is not None:
        return money(expected) if value.exact and expected == low else money_about(expected)
    return unknown if low is None else money_range(low, high)
