"""What a batch costs: so far and in the end, and whether that was measured or is an estimate.

Tokens that were counted are the measure: by the server, or in results that were read. Where nobody has told any, the
requests that are over are taken at what one is expected to use. All amounts are US dollars.
"""

from dataclasses import dataclass

from tui.batches.batch import Batch, Counts, Status, Usage
from tui.format.text import money_range
from tui.requests.endpoints import FREE, NOT_BY_TOKENS, is_one_of


@dataclass(frozen=True, slots=True)
class Cost:
    """What a batch costs; None for an amount that is not known. `at_end` is no less than `so_far`.

    `measured` if `so_far` is what the tokens come to that were counted; what is to come is an estimate always.
    """

    so_far: float | None
    at_end: float | None
    measured: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars a token, as a batch is billed."""

    input: float
    cached_input: float
    output: float


@dataclass(frozen=True, slots=True)
class Average:
    """Tokens of one request."""

    input_tokens: float
    output_tokens: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What the estimate said of a file before it was submitted; None for what it did not know.

    `low` and `high` are the ends of the cost's range.
    """

    requests: int
    input_tokens: int | None
    output_tokens: int | None = None
    low: float | None = None
    high: float | None = None

    @property
    def cost_text(self) -> str:
        """The cost for people, as far as it is known."""
        return "cost not known" if self.low is None else money_range(self.low, self.high)

    def of_part(self, requests: int, share: float) -> "Expected":
        """What it says of a part with so many of the requests and that `share` (0 to 1) of the bytes."""
        given, output, low, high = self.input_tokens, self.output_tokens, self.low, self.high
        return Expected(
            requests,
            None if given is None else round(given * share),
            None if output is None else round(output * share),
            None if low is None else low * share,
            None if high is None else high * share,
        )

    def average(self, history: Average | None) -> Average | None:
        """Of one of its requests, with what the estimate did not know from `history`."""
        if not self.requests:
            return None
        if self.input_tokens is None:
            return history
        if self.output_tokens is None:
            return None if history is None else Average(self.input_tokens / self.requests, history.output_tokens)
        return Average(self.input_tokens / self.requests, self.output_tokens / self.requests)


def told_usage(batch: Batch) -> Usage | None:
    """The tokens that the server has counted of a batch.

    Not those of a server that says 0 while requests are done, or may be: it does not count them.
    """
    usage, counts = batch.usage, batch.counts or Counts()
    counted = not counts.completed and not counts_nothing(batch)
    return usage if usage is not None and (usage.total_tokens or counted) else None


def counts_nothing(batch: Batch) -> bool:
    """Whether the server says 0 of 0 requests of a batch that has some: it does not count them.

    Only a batch that was stopped before it ran has none.
    """
    counts = batch.counts
    if counts is None or counts.total or counts.ended or batch.status in {Status.VALIDATING, Status.FAILED}:
        return False
    stopped = batch.status in {Status.CANCELLING, Status.CANCELLED}
    return not stopped or bool(batch.in_progress_at or batch.output_file_id or batch.error_file_id)


def cost(batch: Batch, rates: Rates | None, average: Average | None = None, requests: int | None = None) -> Cost | None:
    """What `batch` costs at `rates`, None where nothing tells.

    `average` is what one of its requests is expected to use: needed where the server has not counted. `requests` is
    how many it was submitted with, for as long as the server does not tell.
    """
    counts = Counts() if batch.counts is None or counts_nothing(batch) else batch.counts
    total = counts.total or requests
    by_tokens = not is_one_of(batch.endpoint, NOT_BY_TOKENS)
    each = _each(rates, average) if rates is not None and by_tokens else None
    if batch.endpoint in FREE:
        return Cost(0.0, 0.0, measured=True)
    if _nothing_ran(batch):
        return Cost(0.0, _in_the_end(batch, 0.0, each, total), measured=True)
    if not by_tokens or rates is None:
        return None
    if (usage := told_usage(batch)) is not None:
        spent = _price(usage, rates)
        return Cost(spent, _in_the_end(batch, spent, each, total), measured=True)
    if each is None:
        return None
    spent_about = None if counts.completed is None else each * counts.completed
    at_end = _in_the_end(batch, spent_about, each, total)
    return None if spent_about is None and at_end is None else Cost(spent_about, at_end, measured=False)


def _nothing_ran(batch: Batch) -> bool:
    """Whether it is still being looked at, or was refused, before its first request ran."""
    if batch.status not in {Status.VALIDATING, Status.FAILED} or (batch.counts and batch.counts.ended):
        return False
    return batch.usage is None or not batch.usage.total_tokens


def _price(usage: Usage, rates: Rates) -> float:
    cached = min(usage.cached_tokens, usage.input_tokens)
    plain = usage.input_tokens - cached
    return plain * rates.input + cached * rates.cached_input + usage.output_tokens * rates.output


def _each(rates: Rates, average: Average | None) -> float | None:
    return None if average is None else average.input_tokens * rates.input + average.output_tokens * rates.output


def _in_the_end(batch: Batch, so_far: float | None, each: float | None, total: int | None) -> float | None:
    """As much again for each request that is left; `each` of `total` where none is over yet."""
    counts = batch.counts or Counts()
    if not batch.active or batch.status is Status.CANCELLING:
        return so_far
    if so_far and counts.progress:
        return so_far / counts.progress
    return max(so_far or 0.0, each * total) if each is not None and total else None
