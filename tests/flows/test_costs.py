"""What the batches of an account cost: learned beside the keys, told from memory."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import CHAT, Validated
from tui.batches.batch import Batch, Counts, Status, Usage
from tui.batches.cost import Cost, Expected
from tui.flows.account import Session
from tui.flows.costs import Costs
from tui.flows.submit.steps import Created, Order
from tui.flows.submit.submit import submit

NOW = 1_790_000_000
DONE = Batch(
    "done", Status.COMPLETED, "completed", created_at=NOW, endpoint=CHAT, model="gpt-4o-mini-2024-07-18",
    counts=Counts(1000, 1000, 0), usage=Usage(1_000_000, 1_000_000),
)  # fmt: skip
RUNNING = replace(
    DONE, id="running", status=Status.IN_PROGRESS, model="gpt-4o-mini", counts=Counts(1000, 500, 0), usage=None
)
# OpenAI's batch price of gpt-4o-mini: $0.075 and $0.30 for a million tokens.
DONE_COST = Cost(pytest.approx(0.375), pytest.approx(0.375), measured=True)  # type: ignore[arg-type]


@pytest.fixture
def costs(tmp_path: Path) -> Costs:
    return Costs(tmp_path / "state", "account", "https://api.openai.com/v1")


async def test_nothing_is_told_before_it_is_learned(session: Session) -> None:
    session.book.apply([DONE])
    assert session.cost_of(DONE) is None
    assert await session.learn_costs()
    assert session.cost_of(DONE) == DONE_COST
    assert not await session.learn_costs(), "nothing has changed since"


def test_what_ended_batches_used_is_expected_of_the_running(costs: Costs) -> None:
    assert costs.learn([RUNNING])
    assert costs.of(RUNNING) is None
    assert costs.learn([RUNNING, DONE])
    assert costs.of(RUNNING) == Cost(pytest.approx(0.1875), pytest.approx(0.375), measured=False)  # type: ignore[arg-type]
    assert costs.output_of("gpt-4o-mini") == 1000
    # Further on, at a price that is known by now: no need to learn.
    assert costs.of(replace(RUNNING, counts=Counts(1000, 1000, 0))) == replace(DONE_COST, measured=False)


def test_only_what_changed_is_looked_at(costs: Costs) -> None:
    assert costs.learn([DONE, RUNNING])
    further = replace(RUNNING, counts=Counts(1000, 750, 0))
    assert not costs.learn([DONE, further])
    for batch, share in ((RUNNING, 0.5), (further, 0.75)):
        known = costs.of(batch)
        assert known and known.so_far == pytest.approx(0.375 * share)
    other = replace(RUNNING, model="gpt-4o")
    assert costs.of(other) is None
    assert costs.learn([DONE, other])


@pytest.mark.parametrize("model", ["a-model-of-our-own", None, ""])
def test_without_a_price_there_is_no_cost(costs: Costs, model: str | None) -> None:
    unpriced = replace(DONE, model=model)
    costs.learn([unpriced])
    assert costs.of(unpriced) is None


def test_long_requests_have_their_own_price(costs: Costs) -> None:
    usage = Usage(3_000_000, 1000)
    short, long = (
        replace(
            DONE, id=str(done), model="gpt-5.4", created_at=1_793_500_000, counts=Counts(done, done, 0), usage=usage
        )
        for done in (3000, 10)
    )
    costs.learn([short, long])
    cheap, dear = costs.of(short), costs.of(long)
    assert cheap and dear and cheap.so_far and dear.so_far
    assert dear.so_far > 1.5 * cheap.so_far


async def test_our_own_estimate_tells_what_a_running_batch_costs(session: Session, validated: Validated) -> None:
    expected = Expected(requests=4, input_tokens=4_000_000, output_tokens=4_000_000)
    report = validated(4)
    async for step in submit(Order(report, CHAT, {}, expected=expected), wire=session.wire, journal=session.journal):
        if isinstance(step, Created):
            # A server that tells neither the model nor what was used.
            made = replace(step.batch, model=None, usage=None, counts=Counts(4, 1, 0), status=Status.IN_PROGRESS)
    session.book.apply([made])
    await session.learn_costs()
    assert session.cost_of(made) == Cost(pytest.approx(0.375), pytest.approx(1.5), measured=False)  # type: ignore[arg-type]


async def test_costs_of_batches_that_are_gone_are_forgotten(session: Session) -> None:
    session.book.apply([DONE, RUNNING])
    await session.learn_costs()
    costs = await session.costs()
    costs.learn([DONE])
    assert list(costs._costs) == list(costs._learned) == [DONE.id]
    assert {key.day for key in costs._rates} == {costs._key(DONE, DONE.model or "").day}
    assert costs.of(DONE) == DONE_COST


async def test_a_broken_state_tells_what_the_server_does(session: Session) -> None:
    session.book.apply([DONE, RUNNING])
    with sqlite3.connect(session.folder / "lazybatch.sqlite3") as other:
        for table in ("usages", "estimates", "submissions"):
            other.execute(f"DROP TABLE {table}")
    told = list[str]()
    session.trouble.listen(told.append)
    await session.learn_costs()
    assert session.cost_of(DONE) == DONE_COST
    assert session.cost_of(RUNNING) is None
    assert sorted(re.sub(r" in .* cannot be used: no such table", "", sentence)[:24] for sentence in told) == [
        "The journal: submissions",
        "The state: usages. Nothi",
    ]
