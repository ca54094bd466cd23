"""The work behind the batches: validation, result files, inputs that are made when they are asked for."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tui.demo.api import errors
from tui.demo.engine import checks, life, results
from tui.demo.engine.clock import Clock
from tui.demo.engine.ids import file_id
from tui.demo.engine.records import BatchRecord, Check, FileRecord, Problem, Result
from tui.demo.engine.store import Store
from tui.demo.faults.knobs import Knobs
from tui.demo.model import chance
from tui.demo.seed import recipes

_T = TypeVar("_T")

PATIENCE = 2.0
"""Real seconds for which a look at a batch waits for work that the clock says is over; then it is shown as running."""


class Runner:
    """Does the slow work in threads and answers what a batch looks like now.

    A batch is never shown in a state it had left before: work that takes longer than planned ends when it ends, at the
    earliest at the last moment at which the batch was shown without it. To be used from the server's event loop.
    """

    def __init__(self, store: Store, clock: Clock, knobs: Knobs) -> None:
        self._store, self._clock, self._knobs = store, clock, knobs
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="demo-work")
        self._stopping = threading.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, float] = {}
        self._inputless: set[str] = set()  # batches whose input was deleted while it was validated

    def start(self) -> None:
        """Takes up what an earlier run of the server, or its seed, left undone."""
        for batch in self._store.unchecked():
            self._begin(batch.id, self._check(batch.id))
        now = self._clock.now()
        for batch in self._store.due(now):
            self._overdue(batch, now)

    async def close(self) -> None:
        """Ends the work; what was under way starts anew with the next ``start``."""
        self._store.reached(self._clock.now())
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.to_thread(self._pool.shutdown)

    def submit(self, batch: BatchRecord) -> None:
        """Takes in a new batch."""
        self._store.save_batches([batch])
        self._shown[batch.id] = batch.created_at
        self._begin(batch.id, self._check(batch.id))

    def cancel(self, batch: BatchRecord) -> BatchRecord:
        """Marks a batch as cancelled now; the caller has seen that it may be."""
        batch = replace(batch, cancel_at=self._clock.now())
        self._store.save_batches([batch])
        return batch

    def forget(self, file: FileRecord) -> None:
        """Deletes a file; a batch that is still validating it fails."""
        now = self._clock.now()
        for batch in self._store.reading(file.id):
            if now >= max(batch.ready_at or 0.0, batch.created_at + batch.plan.validating_s):
                continue
            self._inputless.add(batch.id)
            if batch.check is not None:
                self._store.save_batches([replace(batch, check=_without(file.id))])
        self._store.delete_file(file.id)

    async def views(self, batches: Sequence[BatchRecord]) -> list[tuple[BatchRecord, life.View]]:
        """What the batches look like now."""
        now = self._clock.now()
        # Twice, since a batch whose validation is awaited may be due to end as well.
        for _ in range(2):
            late = [task for batch in batches if (task := self._overdue(batch, now))]
            if late:
                await asyncio.wait(late, timeout=PATIENCE)
                batches = [self._store.batch(batch.id) or batch for batch in batches]
        seen = [(batch, life.view(batch, now)) for batch in batches]
        for batch, view in seen:
            if view.status in life.ENDED:
                self._shown.pop(batch.id, None)
            else:
                self._shown[batch.id] = max(now, self._shown.get(batch.id, now))
        return seen

    async def settle(self, purpose: str | None = None) -> None:
        """Brings all files of a purpose, or of any, into being that should be there by now."""
        now = self._clock.now()
        # Twice, since a batch whose validation is awaited may be due to end as well.
        for _ in range(2):
            open_ones = (*self._store.unchecked(), *self._store.due(now))
            late = [task for batch in open_ones if (task := self._overdue(batch, now))]
            if late:
                await asyncio.wait(late, timeout=PATIENCE)
        for file in self._store.unmade_files():
            if purpose in {None, file.purpose}:
                await self.made(file)

    async def made(self, file: FileRecord) -> FileRecord:
        """The file with its content on disk and its size known."""
        if file.bytes is not None:
            return file
        # Shielded, because others may be waiting for the same file.
        await asyncio.shield(self._begin(file.id, self._make(file)))
        return self._store.file(file.id) or file

    async def _make(self, file: FileRecord) -> None:
        if file.recipe is not None:
            size = await self._in_thread(partial(recipes.write, file.recipe, self._store.path(file.id)))
            self._store.save_files([replace(file, bytes=size)])

    def _overdue(self, batch: BatchRecord, now: float) -> asyncio.Task[None] | None:
        """The task that stands between this batch and the state that the clock says it is in."""
        if batch.check is None and batch.cancel_at is None:
            due = now >= batch.created_at + batch.plan.validating_s
            return self._begin(batch.id, self._check(batch.id)) if due else None
        if life.needs_files(batch) and now >= life.timeline(batch).end:
            return self._begin(batch.id, self._finish(batch.id))
        return None

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if name in self._tasks:
            work.close()
            return self._tasks[name]
        task = self._tasks[name] = asyncio.create_task(work)
        task.add_done_callback(partial(self._ended, name))
        return task

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(name, None)
        if not task.cancelled() and task.exception() is not None:
            # The batch stays as it is, and the next look at it tries again. The terminal belongs to somebody else.
            logging.getLogger(__name__).error("Work on %s failed.", name, exc_info=task.exception())

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _source(self, batch: BatchRecord) -> Path:
        file = self._store.file(batch.input_file_id)
        if file is not None:
            await self.made(file)
        return self._store.path(batch.input_file_id)

    async def _check(self, batch_id: str) -> None:
        batch = self._store.batch(batch_id)
        if batch is None:
            return
        path, limits = await self._source(batch), self._knobs.limits()
        found = await self._in_thread(partial(checks.check, batch, path, limits, self._stopping))
        batch = self._store.batch(batch_id) or batch
        ready = max(batch.created_at + batch.plan.validating_s, self._shown.get(batch_id, 0.0))
        gone = batch_id in self._inputless
        found = _without(batch.input_file_id) if gone else self._within_tokens(found, ready)
        self._store.save_batches([replace(batch, check=found, ready_at=ready)])
        self._store.reached(self._clock.now())

    def _within_tokens(self, found: Check, now: float) -> Check:
        limit = self._knobs.token_limits.get(found.requested or "")
        if found.problems or found.model is None or limit is None:
            return found
        if self._store.enqueued(found.model, now) + found.usage.input <= limit:
            return found
        message = (
            f"Enqueued token limit reached for {found.requested} in organization org-demo. Limit: {limit:,} enqueued"
            " tokens. Please try again once some in_progress batches have been completed."
        )
        return Check((Problem("token_limit_exceeded", message),))

    async def _finish(self, batch_id: str) -> None:
        batch = self._store.batch(batch_id)
        if batch is None or not life.needs_files(batch):
            return
        source = await self._source(batch)
        rng = chance.seeded(batch.seed)
        output, errors = file_id(rng), file_id(rng)
        paths = self._store.path(output), self._store.path(errors)
        wrote = await self._in_thread(partial(results.write, batch, source, *paths, self._stopping))
        ended = max(life.timeline(batch).end, self._shown.pop(batch_id, 0.0))
        expires = None if batch.output_expires_s is None else ended + batch.output_expires_s
        made = [
            FileRecord(name, f"{batch_id}_{kind}.jsonl", "batch_output", size, ended, expires)
            for name, kind, size in ((output, "output", wrote.output_bytes), (errors, "error", wrote.error_bytes))
            if size
        ]
        result = Result(
            ended,
            wrote.completed,
            wrote.failed,
            wrote.usage,
            output if wrote.output_bytes else None,
            errors if wrote.error_bytes else None,
        )
        self._store.save_files(made)
        self._store.save_batches([replace(batch, result=result)])
        self._store.reached(self._clock.now())
        self._store.drop_content(batch.input_file_id)


def _without(file_id: str) -> Check:
    """What is found of a batch whose input file is gone (wording not confirmed)."""
    return Check((Problem("invalid_input_file", errors.no_input(file_id)),))
