"""Batches to look at: some thirty, in every state, of any age."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tui.demo.engine import checks
from tui.demo.engine.clock import Clock
from tui.demo.engine.ids import file_id, hex_id
from tui.demo.engine.records import BatchRecord, Check, FileRecord, Plan, Problem, Recipe, Usage
from tui.demo.engine.store import Store
from tui.demo.model import catalog, chance, model
from tui.demo.seed import recipes, samples

_SEED = 20_260
_SAMPLE = 24
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_INPUT_LIFETIME = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Sketch:
    """One batch in a few words; its fate gives it a past and a plan, as of the server's start."""

    name: str
    kind: str
    rows: int
    model: str
    fate: Callable[[BatchRecord, float], BatchRecord]
    failure_rate: float = 0.0
    more: dict[str, str] = field(default_factory=dict)
    # Seconds for which its results are kept, if not for ever.
    kept: int | None = None
    # The number of its first request: that of a part goes on behind the part before it.
    first: int = 1


# Fates. Each takes a batch and the time of the server's start, and sets its past and its plan.


def _ran(batch: BatchRecord, ready: float, run: float, **plan: float) -> BatchRecord:
    """A batch that began to run at ``ready`` and takes ``run`` seconds."""
    rows = batch.check.total if batch.check else 0
    planned = replace(batch.plan, pace=rows / run if rows else 1.0, shortest_run_s=run, **plan)
    return replace(batch, created_at=ready - planned.validating_s, ready_at=ready, plan=planned)


def _done(ago: float, run: float) -> Callable[[BatchRecord, float], BatchRecord]:
    return lambda batch, now: _ran(batch, now - ago - run - batch.plan.finalizing_s, run)


def _running(share: float, left: float, **plan: float) -> Callable[[BatchRecord, float], BatchRecord]:
    run = left / (1 - share)
    return lambda batch, now: _ran(batch, now - share * run, run, **plan)


def _waiting(ago: float, validating: float, run: float) -> Callable[[BatchRecord, float], BatchRecord]:
    return lambda batch, now: _ran(batch, now - ago + validating, run, validating_s=validating)


def _finishing(ago: float, run: float, finalizing: float) -> Callable[[BatchRecord, float], BatchRecord]:
    return lambda batch, now: _ran(batch, now - ago - run, run, finalizing_s=finalizing)


def _stopped(ago: float, share: float, run: float, cancelling: float) -> Callable[[BatchRecord, float], BatchRecord]:
    return lambda batch, now: replace(
        _ran(batch, now - ago - share * run, run, cancelling_s=cancelling), cancel_at=now - ago
    )


def _late(ago: float, share: float) -> Callable[[BatchRecord, float], BatchRecord]:
    """Ran out of time ``ago`` seconds ago with ``share`` of its requests done."""
    return lambda batch, now: _ran(batch, now - ago - _DAY, _DAY * 0.8, ceiling=share)


def _refused(ago: float) -> Callable[[BatchRecord, float], BatchRecord]:
    return lambda batch, now: replace(
        batch, created_at=now - ago - batch.plan.validating_s, ready_at=now - ago, plan=batch.plan
    )


_MINI, _SMALL = "gpt-4o-mini", "text-embedding-3-small"
_PARTS = {"lazybatch_group": "6f1d20c58e7b94a3-3b9ac5e1"}  # of one file, as lazybatch marks them
SKETCHES: list[Sketch] = [
    # The ones that move while somebody looks.
    Sketch("nightly-eval", "evals", 4_000, "gpt-4.1-mini", _running(0.65, 4 * _MINUTE), 0.012, {"branch": "main"}),
    Sketch("embed-docs 3/12", "embeddings", 3_000, _SMALL, _running(0.21, 38 * _MINUTE), 0.0, _PARTS, first=1201),
    Sketch("smoke-test", "sums", 120, _MINI, _running(0.55, 40.0), 0.02),
    Sketch("labels-2026-11-23", "labels", 900, _MINI, _running(0.8, 110.0), 0.004),
    Sketch(
        "backfill tickets (oops)",
        "extraction",
        50_000,
        "gpt-4o",
        _running(0.18, 3.2 * _HOUR),
        0.62,
        {"team": "support", "ticket": "OPS-4411"},
    ),
    Sketch("translate-reviews-ja", "translations", 2_400, "gpt-4.1", _running(0.4, 21 * _MINUTE), 0.03),
    Sketch("レビュー分類 11月分", "labels", 1_500, _MINI, _running(0.07, 55 * _MINUTE)),
    Sketch("crawl-summaries", "evals", 12_000, "gpt-4.1-nano", _running(0.71, 9.5 * _HOUR), 0.008),
    Sketch("synthetic-qa v7", "evals", 8_000, "o4-mini", _running(0.55, 6 * _HOUR, ceiling=0.58), 0.015),
    Sketch("embed-docs 4/12", "embeddings", 3_000, _SMALL, _waiting(12.0, 45.0, 30 * _MINUTE), 0.0, _PARTS, first=4201),
    Sketch("queued behind the rest", "labels", 400, _MINI, _waiting(70.0, 300.0, 60.0)),
    Sketch("weekly-report", "responses", 500, "gpt-5-mini", _finishing(20.0, 25 * _MINUTE, 75.0), 0.01),
    Sketch("wrong-prompt", "evals", 2_000, "gpt-4o", _stopped(100.0, 0.3, 40 * _MINUTE, 420.0), 0.001),
    # What came of the others.
    Sketch("embed-docs 2/12", "embeddings", 600, _SMALL, _done(12 * _MINUTE, 33 * _MINUTE), 0.0, _PARTS, first=601),
    Sketch("embed-docs 1/12", "embeddings", 600, _SMALL, _done(47 * _MINUTE, 31 * _MINUTE), 0.0, _PARTS),
    Sketch("moderate-comments", "moderations", 500, "omni-moderation-latest", _done(2 * _HOUR, 6 * _MINUTE)),
    Sketch("labels-2026-11-22", "labels", 900, _MINI, _done(_DAY, 1.4 * _HOUR), 0.004),
    Sketch("nightly-eval", "evals", 400, "gpt-4.1-mini", _done(0.9 * _DAY, 2 * _HOUR), 0.0, {"branch": "main"}),
    Sketch("nightly-eval", "evals", 400, "gpt-4.1-mini", _done(1.9 * _DAY, 2.2 * _HOUR), 0.015, {"branch": "main"}),
    Sketch("nightly-eval", "evals", 400, "gpt-4.1-mini", _done(2.9 * _DAY, 1.7 * _HOUR), 0.0, {"branch": "main"}),
    Sketch("prompt A/B 🅰️", "responses", 250, "gpt-5", _done(3 * _DAY, 50 * _MINUTE), 0.02, {"arm": "a"}),
    Sketch("prompt A/B 🅱️", "responses", 250, "gpt-5", _done(3 * _DAY - 500, 55 * _MINUTE), 0.18, {"arm": "b"}),
    Sketch("all rows refused", "extraction", 60, "gpt-4o", _done(4 * _DAY, 9 * _MINUTE), 1.0),
    Sketch("labels-2026-11-18", "labels", 600, _MINI, _done(5 * _DAY, 1.1 * _HOUR)),
    Sketch(
        "translate-reviews-ja (pilot)",
        "translations",
        150,
        "gpt-4.1",
        _done(6.2 * _DAY, 14 * _MINUTE),
        0.04,
        kept=8 * 86_400,
    ),
    Sketch("", "sums", 40, "gpt-4o", _done(8 * _DAY, 3 * _MINUTE)),
    Sketch("quarterly-rescore", "evals", 700, "gpt-4.1", _late(1.3 * _DAY, 0.61), 0.01, {"quarter": "2026Q3"}),
    Sketch("duplicate run, stopped", "labels", 500, _MINI, _stopped(2.4 * _DAY, 0.42, 1.5 * _HOUR, 95.0), 0.006),
    Sketch("labels-2026-11-23 (first try)", "problems", 0, _MINI, _refused(3 * _HOUR)),
    Sketch("full-archive", "token_limit", 30_000, "gpt-4o", _refused(7 * _HOUR), 0.0, {"team": "search"}),
    Sketch("empty export", "empty", 0, _MINI, _refused(9.5 * _DAY)),
]


def plant(store: Store, clock: Clock) -> list[BatchRecord]:
    """Adds the sketched batches with their input files, as of the clock's start; what is there already stays.

    Result files and large inputs are not written here but when somebody asks for them. Raises OSError, sqlite3.Error.
    """
    now, rng = float(int(clock.start)), chance.seeded(_SEED)
    if store.batch(hex_id("batch_", chance.seeded(_SEED))) is not None:
        return []
    files, batches = [], []
    for sketch in SKETCHES:
        file, batch = _drawn(sketch, store, now, rng)
        files.append(file)
        batches.append(batch)
    # Oldest first, as they would have come.
    batches.sort(key=lambda batch: batch.created_at)
    store.save_files(sorted(files, key=lambda file: file.created_at))
    store.save_batches(batches)
    return batches


def _drawn(sketch: Sketch, store: Store, now: float, rng: random.Random) -> tuple[FileRecord, BatchRecord]:
    chat = sketch.kind in {"problems", "empty", "token_limit"}
    endpoint = "/v1/chat/completions" if chat else recipes.endpoint(sketch.kind)
    plan = Plan(14.0, 1.0, 20.0, 40.0, 95.0, failure_rate=sketch.failure_rate)
    metadata = {**({"description": sketch.name} if sketch.name else {}), **sketch.more}
    batch = BatchRecord(
        hex_id("batch_", rng),
        endpoint,
        file_id(rng),
        "24h",
        now,
        plan,
        rng.getrandbits(31),
        metadata or None,
        output_expires_s=sketch.kept,
    )
    recipe = None if chat else Recipe(sketch.kind, sketch.rows, batch.seed, sketch.model, sketch.first)
    size = None
    if sketch.kind == "token_limit":
        recipe = Recipe("evals", sketch.rows, batch.seed, sketch.model)
        batch = replace(batch, check=Check((_too_many_tokens(sketch.model),)))
    elif recipe is None:
        content = samples.problems() if sketch.kind == "problems" else b""
        path = store.path(batch.input_file_id)
        path.write_bytes(content)
        size = len(content)
        batch = replace(batch, check=checks.check(batch, path, checks.Limits(), threading.Event()))
    else:
        batch = replace(batch, check=_foreseen(recipe, endpoint))
    batch = sketch.fate(batch, now)
    uploaded = batch.created_at - 3
    name = re.sub(r"\W+", "-", sketch.name).strip("-") or "requests"
    file = FileRecord(batch.input_file_id, f"{name}.jsonl", "batch", size, uploaded, uploaded + _INPUT_LIFETIME, recipe)
    return file, batch


def _foreseen(recipe: Recipe, endpoint: str) -> Check:
    """What validation would find in a file that is not written yet; its tokens from a sample of its requests."""
    used = Usage()
    few = replace(recipe, rows=min(recipe.rows, _SAMPLE))
    for request in recipes.requests(few):
        used += model.answer(endpoint, request["body"], request["custom_id"]).usage
    return Check((), recipe.rows, recipe.model, catalog.dated(recipe.model), used.scaled(recipe.rows / few.rows))


def _too_many_tokens(name: str) -> Problem:
    message = (
        f"Enqueued token limit reached for {name} in organization org-demo. Limit: 900,000 enqueued tokens. Please try"
        " again once some in_progress batches have been completed."
    )
    return Problem("token_limit_exceeded", message)
