"""Keeping the book of batches true with as few calls as that takes.

Each round asks for the newest page, then one by one for active batches that are not on it; a batch that has ended is
never asked for again. Older pages follow in the time that is left until the next round, down to the horizon. Pages
are taken by hand because the client's own paging can go on for ever: it ends where the cursor does not move.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tui.batches.batch import Batch
from tui.batches.book import Book, Changes
from tui.state.cache import Cache
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import Page, batch_from

ACTIVE_INTERVAL = 5.0  # seconds between rounds while something moves
RESTING_INTERVAL = 30.0
HORIZON = 30 * 86400.0  # seconds; older batches are not fetched
_LONGEST_WAIT = 60.0
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer has come: what it changed, when (Unix s, this machine's clock), and whether older pages may lack."""

    changes: Changes
    at: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """A round failed; the next try comes in `wait` seconds."""

    error: WireError
    wait: float


class Monitor:
    """Follows one account. One call is in flight at a time, whatever the keys do."""

    def __init__(self, wire: Wire, book: Book, cache: Cache | None = None, *, horizon: float = HORIZON) -> None:
        self._wire = wire
        self._book = book
        self._cache = cache
        self._horizon = horizon
        self._asked = asyncio.Event()
        self._cursor: str | None = None
        self._passed: set[str] = set()
        self._complete = False
        self._first = True

    def refresh(self) -> None:
        """End the wait: the next round begins now, or when the one under way is over."""
        self._asked.set()

    async def steps(self) -> AsyncIterator[Seen | Offline]:
        """Rounds, for ever; ends by being closed or cancelled."""
        failures = 0
        while True:
            self._asked.clear()
            began = time.monotonic()
            try:
                async for seen in self._round(began):
                    yield seen
                failures, wait = 0, self._interval()
            except WireError as error:
                failures += 1
                wait = _back_off(failures, error)
                # However long the failure took, the server asked for a pause after it.
                began = time.monotonic()
                yield Offline(error, wait)
            await self._rest(began, wait)

    async def _round(self, began: float) -> AsyncIterator[Seen]:
        page = await self._wire.list_batches(limit=_PAGE)
        changes = await self._take(page.items)
        met_known = len(changes.added) < len(page.items)
        if self._first or (page.items and not met_known):
            # Nothing on this page was known: there may be a gap between it and what is.
            self._first = False
            self._turn(page, None)
        yield self._seen(changes)
        on_page = {item.get("id") for item in page.items}
        for batch in self._book.active():
            if batch.id not in on_page:
                yield self._seen(await self._look_at(batch))
        # One page in any case: many active batches can take up a whole interval.
        in_time = True
        while self._cursor is not None and in_time:
            before = self._cursor
            page = await self._wire.list_batches(after=before, limit=_PAGE)
            changes = await self._take(page.items)
            self._turn(page, before)
            yield self._seen(changes)
            in_time = time.monotonic() - began < self._interval()

    def _turn(self, page: Page, before: str | None) -> None:
        """Set the cursor behind `page`, or end the paging where it is the last, beyond the horizon or a repetition."""
        oldest = min((at for item in page.items if (at := _created(item)) is not None), default=None)
        beyond = oldest is not None and oldest < time.time() - self._horizon
        if before is None:
            self._passed.clear()
        # A server may answer a cursor that it does not know, or the last one, with the first page again.
        stuck = page.last_id is None or page.last_id in self._passed or not page.items
        self._passed.add(page.last_id or "")
        self._complete = not page.has_more
        self._cursor = None if stuck or beyond or not page.has_more else page.last_id

    async def _look_at(self, batch: Batch) -> Changes:
        try:
            answer = await self._wire.retrieve_batch(batch.id)
        except WireError as error:
            if error.kind in {Kind.SERVER, Kind.NOT_AN_API, Kind.REFUSED}:
                # One batch that the server has trouble with does not keep the others from being looked at.
                return Changes()
            if error.kind is not Kind.NOT_FOUND:
                raise
            if self._cache is not None:
                await asyncio.to_thread(self._cache.forget, [batch.id])
            return self._book.remove([batch.id])
        return await self._take([answer])

    async def _take(self, items: Iterable[Mapping[str, Any]]) -> Changes:
        found = [(batch, item) for item in items if (batch := batch_from(item)) is not None]
        changes = self._book.apply(batch for batch, _ in found)
        if self._cache is not None and changes:
            touched = changes.added | changes.changed
            rows = [(batch.id, batch.created_at or 0, item) for batch, item in found if batch.id in touched]
            await asyncio.to_thread(self._cache.save, rows, time.time())
        return changes

    def _seen(self, changes: Changes) -> Seen:
        return Seen(changes, time.time(), self._complete)

    def _interval(self) -> float:
        return ACTIVE_INTERVAL if self._book.active() else RESTING_INTERVAL

    async def _rest(self, began: float, wait: float) -> None:
        left = wait - (time.monotonic() - began)
        try:
            await asyncio.wait_for(self._asked.wait(), max(0.05, left))
        except TimeoutError:
            return


def _created(item: Mapping[str, Any]) -> int | None:
    batch = batch_from(item)
    return batch.created_at if batch else None


def _back_off(failures: int, error: WireError) -> float:
    """Seconds until the next try: doubled each time, with jitter; never less than the server asked for."""
    wait = min(_LONGEST_WAIT, 2.0**failures) * random.uniform(0.75, 1.25)  # noqa: S311  (no secret)
    return max(wait, error.retry_after or 0)
