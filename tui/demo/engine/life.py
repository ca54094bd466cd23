"""The life of a batch as a pure function of its stored plan, of what was done to it, of the time."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from tui.demo.engine.records import BatchRecord, Usage
from tui.demo.model import chance

Status = Literal["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]
ENDED: frozenset[Status] = frozenset({"failed", "completed", "expired", "cancelled"})
_BEFORE = 1e-6


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a batch gets where, in Unix seconds; ``inf`` for what is not known yet, None for what will not happen."""

    ready: float | None
    stop: float
    finalizing: float | None
    cancelling: float | None
    end: float
    outcome: Status


@dataclass(frozen=True, slots=True)
class View:
    """A batch at one moment: status, counts, and the time of each state reached so far."""

    status: Status
    total: int
    completed: int
    failed: int
    usage: Usage
    stamps: dict[str, int]


def timeline(record: BatchRecord) -> Timeline:
    """The course of a batch, as far as it is settled by validation, cancellation and the completion window."""
    plan, cancel = record.plan, record.cancel_at
    end = record.result.ended_at if record.result else math.inf
    if cancel is not None and (record.ready_at is None or cancel <= record.ready_at):
        return Timeline(None, cancel, None, cancel, cancel + plan.cancelling_s, "cancelled")
    if record.check is None or record.ready_at is None:
        return Timeline(None, math.inf, None, None, math.inf, "completed")
    ready = record.ready_at
    if record.check.problems:
        return Timeline(None, ready, None, None, ready, "failed")
    run = max(plan.shortest_run_s, record.check.total / plan.pace) if plan.ceiling >= 1 else math.inf
    expires = max(ready, record.created_at + plan.window_s)
    stop = min(ready + run, expires)
    finalizing: float | None = stop
    outcome: Status = "completed" if stop < expires else "expired"
    planned = stop + plan.finalizing_s
    if cancel is not None:
        finalizing = stop if stop < cancel else None
        stop = min(stop, cancel + min(plan.drain_s, plan.cancelling_s))
        planned, outcome = cancel + plan.cancelling_s, "cancelled"
    return Timeline(ready, stop, finalizing, cancel, end if record.result else planned, outcome)


def needs_files(record: BatchRecord) -> bool:
    """Whether result files stand between this batch and its end."""
    return record.result is None and timeline(record).ready is not None


def done_at(record: BatchRecord, now: float) -> int:
    """How many requests are done at a time, whether they succeeded or not."""
    line, check = timeline(record), record.check
    if line.ready is None or check is None or now <= line.ready:
        return 0
    run = max(record.plan.shortest_run_s, check.total / record.plan.pace)
    reached = min(now, line.stop)
    # Compared as times: a share of a run that is over may come out a hair under 1.
    share = 1.0 if reached >= line.ready + run else (reached - line.ready) / run
    return math.floor(check.total * min(_wobble(share, record.seed), record.plan.ceiling) + 1e-9)


def _wobble(share: float, seed: int) -> float:
    """Progress that quickens and slackens as a real batch does; rises from 0 to 1 and never falls."""
    if share >= 1:
        return 1.0
    turns, depth, phase = 3, 0.6, (seed % 628) / 100
    swing = math.sin(math.tau * turns * share + phase) - math.sin(phase)
    return min(1.0, max(0.0, share + depth * swing / (math.tau * turns)))


def quota(record: BatchRecord, done: int) -> int:
    """How many of the first ``done`` requests the plan's failure rate makes fail."""
    return int(done * record.plan.failure_rate + (record.seed % 97) / 97)


def fails(record: BatchRecord, place: int) -> bool:
    """Whether the request at this place in the order of completion fails by the plan's failure rate."""
    return quota(record, place + 1) > quota(record, place)


def failed_of(record: BatchRecord, done: int) -> int:
    """How many of the first ``done`` requests fail, for whatever reason."""
    bad = record.check.bad if record.check else ()
    return quota(record, done) + bisect_left(bad, done)


def order(record: BatchRecord) -> list[int]:
    """The order of completion: the request (counted from 0, blank lines left out) that is done at each place."""
    lines = list(range(record.check.total if record.check else 0))
    chance.seeded(record.seed).shuffle(lines)
    return lines


def view(record: BatchRecord, now: float) -> View:
    """The batch at ``now``. One whose result files are not written yet is shown as it was just before its end."""
    line = timeline(record)
    if needs_files(record):
        now = min(now, line.end - _BEFORE)
    status, stamps = _status(record, line, now)
    check = record.check
    seen = status not in {"validating", "failed"} and line.ready is not None
    total = check.total if check and seen else 0
    if record.result and status in ENDED:
        result = record.result
        return View(status, total, result.completed, result.failed, result.usage, stamps)
    done = done_at(record, now)
    failed = failed_of(record, done)
    usage = check.usage.scaled((done - failed) / check.total) if check and check.total else Usage()
    return View(status, total, done - failed, failed, usage, stamps)


def _status(record: BatchRecord, line: Timeline, now: float) -> tuple[Status, dict[str, int]]:
    steps: list[tuple[Status, float | None]] = [
        ("in_progress", line.ready),
        ("finalizing", line.finalizing),
        ("cancelling", line.cancelling),
        (line.outcome, line.end),
    ]
    status: Status = "validating"
    stamps: dict[str, int] = {}
    for name, at in steps:
        if at is not None and at <= now:
            status = name
            stamps[f"{name}_at"] = int(at)
    return status, stamps
