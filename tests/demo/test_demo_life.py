"""A batch's life as a function of time."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.demo.engine import life
from tui.demo.engine.clock import Clock
from tui.demo.engine.records import BatchRecord, Check, Plan, Problem, Result, Usage

NOW = 1_800_000_000.0
AFTER = {
    "validating": {
        "validating",
        "in_progress",
        "failed",
        "cancelling",
        "cancelled",
        "finalizing",
        "completed",
        "expired",
    },
    "in_progress": {"in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"},
    "finalizing": {"finalizing", "completed", "expired", "cancelling", "cancelled"},
    "cancelling": {"cancelling", "cancelled"},
}


@st.composite
def batches(draw: st.DrawFn) -> BatchRecord:
    """Batches with any plan; cancelled at any time, or not."""
    total = draw(st.integers(1, 60_000))
    plan = Plan(
        validating_s=draw(st.floats(0, 1e4)),
        pace=draw(st.floats(0.01, 1e4)),
        shortest_run_s=draw(st.floats(1, 1e4)),
        finalizing_s=draw(st.floats(0, 1e3)),
        cancelling_s=draw(st.floats(0, 1e3)),
        failure_rate=draw(st.floats(0, 1)),
        ceiling=draw(st.sampled_from([1.0, 0.5, 0.999])),
    )
    problems = draw(st.sampled_from([(), (Problem("empty_file", "x"),)]))
    check = Check(problems, total, "m", "m", Usage(1000, 0, 1000, 0))
    cancel = draw(st.none() | st.floats(0, 2e5))
    return BatchRecord(
        "batch_x",
        "/v1/embeddings",
        "file-x",
        "24h",
        NOW,
        plan,
        draw(st.integers(0, 1 << 31)),
        check=check,
        ready_at=NOW + plan.validating_s,
        cancel_at=None if cancel is None else NOW + cancel,
    )


@settings(max_examples=300)
@given(batches(), st.lists(st.floats(0, 3e5), min_size=2, max_size=12))
def test_nothing_goes_back(batch: BatchRecord, moments: list[float]) -> None:
    line = life.timeline(batch)
    if batch.cancel_at is not None and line.end < batch.cancel_at:
        return
    views = [life.view(batch, NOW + at) for at in sorted(moments)]
    for before, after in pairwise(views):
        assert before.status in life.ENDED or after.status in AFTER[before.status]
        assert before.completed <= after.completed
        assert before.failed <= after.failed
        assert before.usage.input <= after.usage.input
        assert before.stamps.items() <= after.stamps.items()
    for view in views:
        assert view.completed + view.failed <= view.total or view.total == 0


@settings(max_examples=100)
@given(batches())
def test_counts_are_those_of_the_rows(batch: BatchRecord) -> None:
    line = life.timeline(batch)
    done = life.done_at(batch, line.stop)
    rows = min(done, 3_000)
    assert life.failed_of(batch, rows) == sum(life.fails(batch, place) for place in range(rows))
    if line.outcome == "completed":
        assert batch.check is not None
        assert done == batch.check.total


def test_work_that_takes_longer_than_planned_ends_when_it_ends() -> None:
    plan = Plan(1, 10, 1, 2, 5)
    batch = BatchRecord("b", "e", "f", "24h", NOW, plan, 1, check=Check(total=10), ready_at=NOW + 1)
    assert life.view(batch, NOW + 100).status == "finalizing"
    batch = replace(batch, result=Result(NOW + 101, 10, 0, Usage(), "file-o", None))
    assert life.view(batch, NOW + 100.5).status == "finalizing"
    ended = life.view(batch, NOW + 101)
    assert (ended.status, ended.stamps["completed_at"], ended.completed) == ("completed", NOW + 101, 10)


def test_the_clock_goes_forward_only() -> None:
    clock = Clock(NOW, speed=100)
    time.sleep(0.02)
    assert clock.now() > NOW + 1.9
    clock.freeze()
    stood = clock.now()
    time.sleep(0.01)
    assert clock.now() == stood
    assert clock.jump(60) == stood + 60
    for wrong in (lambda: clock.jump(-1), lambda: clock.set_speed(0), lambda: clock.set_speed(-2)):
        with pytest.raises(ValueError, match="clock"):
            wrong()
    clock.set_speed(1)
    clock.run()
    assert stood + 60 <= clock.now() < stood + 61
