"""What a batch costs, from what its server has counted or from what is expected of its requests."""

from dataclasses import replace

import pytest

from tui.batches.batch import Batch, Counts, Status, Usage
from tui.batches.cost import Average, Cost, Expected, Rates, cost

RATES = Rates(input=0.001, cached_input=0.0005, output=0.01)
AVERAGE = Average(input_tokens=100, output_tokens=10)  # $0.20 a request
CHAT = "/v1/chat/completions"
RUNNING = Batch("b", Status.IN_PROGRESS, "in_progress", endpoint=CHAT, model="m", counts=Counts(100, 24, 1))
DONE = replace(RUNNING, status=Status.COMPLETED, counts=Counts(100, 99, 1))


def approximately(so_far: float | None, at_end: float | None, *, measured: bool) -> Cost:
    return Cost(pytest.approx(so_far), pytest.approx(at_end), measured)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("usage", "spent"),
    [(Usage(1000, 100), 2.0), (Usage(1000, 100, cached_tokens=400), 1.8), (Usage(1000, 100, cached_tokens=9999), 1.5)],
)
def test_tokens_that_were_counted_are_the_measure(usage: Usage, spent: float) -> None:
    assert cost(replace(DONE, usage=usage), RATES, AVERAGE) == approximately(spent, spent, measured=True)
    # Of a running batch what is to come is as much a request, those that failed among them.
    assert cost(replace(RUNNING, usage=usage), RATES) == approximately(spent, spent * 4, measured=True)


def test_without_counted_tokens_each_request_that_is_done_is_taken_at_the_average() -> None:
    assert cost(RUNNING, RATES, AVERAGE) == approximately(24 * 0.2, 24 * 0.2 * 4, measured=False)
    assert cost(DONE, RATES, AVERAGE) == approximately(99 * 0.2, 99 * 0.2, measured=False)
    waiting = replace(RUNNING, counts=Counts(100, 0, 0))
    assert cost(waiting, RATES, AVERAGE) == approximately(0, 20, measured=False)
    # Nothing more is begun once a cancel is under way.
    stopping = replace(RUNNING, status=Status.CANCELLING)
    assert cost(stopping, RATES, AVERAGE) == approximately(24 * 0.2, 24 * 0.2, measured=False)


@pytest.mark.parametrize("counts", [None, Counts(), Counts(total=None, failed=3)])
def test_without_counts_there_is_nothing_to_tell(counts: Counts | None) -> None:
    assert cost(replace(RUNNING, counts=counts), RATES, AVERAGE) is None
    assert cost(replace(DONE, counts=counts), RATES, AVERAGE) is None


def test_only_the_total_tells_the_end_alone() -> None:
    assert cost(replace(RUNNING, counts=Counts(100)), RATES, AVERAGE) == approximately(None, 20, measured=False)


def test_zero_tokens_for_requests_that_are_done_are_not_believed() -> None:
    nothing = Usage(0, 0)
    assert cost(replace(DONE, usage=nothing), RATES, AVERAGE) == approximately(19.8, 19.8, measured=False)
    assert cost(replace(DONE, usage=nothing), RATES) is None
    waiting = replace(RUNNING, usage=nothing, counts=Counts(100, 0, 0))
    assert cost(waiting, RATES, AVERAGE) == approximately(0, 20, measured=True)


def test_the_end_is_never_less_than_what_was_spent() -> None:
    # Tokens are told before the counts.
    early = replace(RUNNING, usage=Usage(100_000, 0), counts=Counts(100, 0, 0))
    assert cost(early, RATES, AVERAGE) == approximately(100, 100, measured=True)
    assert cost(early, RATES) == Cost(pytest.approx(100), None, measured=True)  # type: ignore[arg-type]


def test_what_is_free_needs_no_price() -> None:
    free = Cost(0.0, 0.0, measured=True)
    assert cost(replace(RUNNING, endpoint="/v1/moderations", model=None), None) == free
    # Refused before a request ran.
    refused = replace(RUNNING, status=Status.FAILED, counts=Counts(0, 0, 0))
    assert cost(refused, None) == cost(replace(refused, counts=None), None) == free


def test_what_is_still_validated_has_cost_nothing_yet() -> None:
    new = replace(RUNNING, status=Status.VALIDATING, counts=None, usage=Usage(0, 0))
    assert cost(new, None) == Cost(0.0, None, measured=True)
    assert cost(new, RATES, AVERAGE, requests=10) == approximately(0, 2, measured=True)
    # The server knows better how many there are, once it tells.
    assert cost(replace(new, counts=Counts(100, 0, 0)), RATES, AVERAGE, 10) == approximately(0, 20, measured=True)
    running = replace(RUNNING, counts=None)
    assert cost(running, RATES, AVERAGE, requests=10) == approximately(None, 2, measured=False)


def test_what_has_no_price_is_not_told() -> None:
    assert cost(replace(DONE, usage=Usage(5, 5)), None, AVERAGE) is None
    assert cost(replace(DONE, usage=Usage(5, 5), endpoint="/v1/images/generations"), RATES, AVERAGE) is None
    # A failed batch that has run requests has cost something.
    assert cost(replace(DONE, status=Status.FAILED), None, AVERAGE) is None


def test_an_estimate_before_submission_tells_the_average() -> None:
    told = Expected(requests=10, input_tokens=1000, output_tokens=100, low=1.0, high=4.0)
    assert told.average(None) == told.average(Average(1, 1)) == Average(100, 10)
    unlimited = replace(told, output_tokens=None)
    assert unlimited.average(None) is None
    assert unlimited.average(Average(1, 7)) == Average(100, 7)
    assert replace(told, requests=0).average(AVERAGE) is None
    assert told.of_part(3, 0.25) == Expected(3, 250, 25, 0.25, 1.0)
    assert Expected(10, 1000).of_part(5, 0.5) == Expected(5, 500)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.EXPIRED, Status.IN_PROGRESS, Status.FINALIZING])
@pytest.mark.parametrize("usage", [None, Usage(0, 0)])
def test_none_of_no_requests_is_no_count(status: Status, usage: Usage | None) -> None:
    batch = replace(DONE, status=status, counts=Counts(0, 0, 0), usage=usage)
    found = cost(batch, RATES, AVERAGE)
    assert found is None or found.so_far is None
    # What the server has counted is the measure all the same.
    used = cost(replace(batch, usage=Usage(5, 5)), RATES, AVERAGE)
    assert used is not None
    assert used.measured
    assert used.so_far


def test_what_was_stopped_before_it_ran_cost_nothing() -> None:
    batch = replace(DONE, status=Status.CANCELLED, counts=Counts(0, 0, 0), usage=None)
    assert (found := cost(batch, RATES, AVERAGE)) is not None
    assert found.so_far == 0
    assert cost(replace(batch, output_file_id="file-1"), RATES, AVERAGE) is None
