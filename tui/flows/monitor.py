"""Keeping the book of batches true with as few calls as that takes.

Each round asks for the newest page, then one by one for active batches that are not on it; of those that are on it,
one is retrieved now and then, for servers that move a batch only then. A batch that has ended is asked for again only
when its user wants it. Older pages follow in the time that is left until the next round, down to the horizon. Pages
are taken by hand because the client's own paging can go on for ever: it ends where the cursor does not move.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.batches.batch import Batch
from tui.batches.book import Book, Changes
from tui.batches.pace import Sample
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.flows.listing.coverage import HORIZON, Listing, Reach
from tui.flows.retrieval import Retrieved
from tui.store.cache import Cache
from tui.store.samples import Samples

ACTIVE_INTERVAL = 5.0  # seconds between rounds while something moves
RESTING_INTERVAL = 30.0
_LONGEST_WAIT = 60.0
_MINUTE = 60.0
_DENIALS = 3  # answers that there is no such batch, in as many rounds, until it is gone
_NO_SUCH_CALL = frozenset({405, 501})


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer has come: what it changed, when (Unix s, this machine's clock), and how far the list was followed."""

    changes: Changes
    at: float
    reach: Reach


@dataclass(frozen=True, slots=True)
class Offline:
    """A round failed; the next try comes in `wait` seconds."""

    error: WireError
    wait: float


class Monitor:
    """Follows one account. One call is in flight at a time, whatever the keys do.

    `samples` takes a sample of every active batch at every answer.
    """

    def __init__(
        self,
        wire: Wire,
        book: Book,
        cache: Cache | None = None,
        *,
        samples: Samples | None = None,
        horizon: float = HORIZON,
    ) -> None:
        self._wire = wire
        self._book = book
        self._cache = cache
        self._samples = samples
        self._chosen: float | None = None
        self._paused = False
        self._changed = asyncio.Event()
        self._calls: deque[tuple[float, int]] = deque([(time.monotonic(), wire.calls)])
        self._asked = asyncio.Event()
        self._list = Listing(wire, horizon)
        self._retrieved = Retrieved()
        self._one_by_one = True
        self._denied: dict[str, int] = {}  # how often the server said that there is no such batch

    def refresh(self, batch_id: str | None = None) -> None:
        """End the wait: the next round begins now, or when the one under way is over.

        It begins with the batch `batch_id`, if that is given: it is retrieved, wherever the list has it.
        """
        if batch_id is not None:
            self._retrieved.want(batch_id)
        self._asked.set()

    @property
    def paused(self) -> bool:
        """Whether no round begins by itself; `refresh` still brings one. Set to False, a round begins at once."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if self._paused and not paused:
            self.refresh()
        self._paused = paused
        self._changed.set()

    @property
    def interval(self) -> float | None:
        """Seconds between two rounds while something moves, None for the usual time; holds for the present wait too."""
        return self._chosen

    @interval.setter
    def interval(self, seconds: float | None) -> None:
        self._chosen = seconds
        self._changed.set()

    @property
    def calls_per_minute(self) -> int:
        """The calls to the server in the last minute, those of uploads and downloads among them."""
        now = time.monotonic()
        while len(self._calls) > 1 and self._calls[1][0] <= now - _MINUTE:
            self._calls.popleft()
        return self._wire.calls - self._calls[0][1]

    def _note_calls(self) -> None:
        self._calls.append((time.monotonic(), self._wire.calls))

    async def steps(self) -> AsyncIterator[Seen | Offline]:
        """Rounds, for ever; ends by being closed or cancelled."""
        failures = 0
        while True:
            self._asked.clear()
            began = time.monotonic()
            try:
                async for seen in self._round(began):
                    yield seen
                failures = 0
                wait: float | None = None
            except WireError as error:
                failures += 1
                wait = back_off(failures, error)
                # However long the failure took, the server asked for a pause after it.
                began = time.monotonic()
                yield Offline(error, wait)
            self._note_calls()
            await self._rest(began, wait)

    async def _round(self, began: float) -> AsyncIterator[Seen]:
        self._note_calls()
        wanted = self._retrieved.wanted
        for batch_id in wanted:
            changes = await self._look_at(batch_id, believed=True)
            self._retrieved.answered(batch_id, began)
            yield self._seen(changes)
        page = await self._list.newest()
        changes = await self._take(page.items)
        met_known = len(changes.added) < len(page.items)
        if not self._list.begun or (page.items and not met_known):
            # Nothing on this page was known: there may be a gap between it and what is.
            self._list.follow(page)
        yield self._seen(changes)
        on_page = {item.get("id") for item in page.items}
        due = self._retrieved.next_due(self._book.active(), on_page, began) if self._one_by_one else None
        if due is not None:
            yield self._seen(await self._look_at(due, believed=True))
        for batch in self._book.active():
            # Where the list may yet tell of one that was denied, that is waited for.
            awaited = batch.id in self._denied and self._list.more
            looked_at = batch.id in on_page or batch.id in wanted
            if not looked_at and self._one_by_one and not awaited:
                yield self._seen(await self._look_at(batch.id))
        unseen = [batch for batch in self._book.active() if batch.id not in on_page]
        if unseen and not self._one_by_one and not self._list.followed:
            # They can be found in the list alone.
            self._list.follow(page)
        # One page in any case: many active batches can take up a whole interval.
        in_time = True
        while self._list.more and in_time:
            older = await self._list.older()
            yield self._seen(Changes() if older is None else await self._take(older.items))
            in_time = time.monotonic() - began < self._interval()
        if changes := await self._unlisted():
            yield self._seen(changes)

    async def _look_at(self, batch_id: str, *, believed: bool = False) -> Changes:
        """Retrieve a batch; where it is `believed` to exist, nothing follows from an answer that there is none."""
        try:
            answer = await self._wire.retrieve_batch(batch_id)
        except WireError as error:
            if error.kind in {Kind.SERVER, Kind.NOT_AN_API, Kind.REFUSED}:
                # One batch that the server has trouble with does not keep the others from being looked at.
                return Changes()
            if error.status in _NO_SUCH_CALL:
                # A server that tells of batches in its list alone, which is not that this one is gone.
                self._one_by_one = False
                self._retrieved.forget_all()
                return Changes()
            if error.kind is not Kind.NOT_FOUND:
                raise
            self._retrieved.forget([batch_id])
            return Changes() if believed else await self._denied_by_server(batch_id)
        return await self._take_retrieved(answer)

    async def _denied_by_server(self, batch_id: str) -> Changes:
        """The server says that it does not know a batch. Where its list does all the same, it is believed from then on.

        Once may be a fault that passes.
        """
        self._denied[batch_id] = self._denied.get(batch_id, 0) + 1
        if self._denied[batch_id] == 1:
            self._list.begun = False
        return Changes() if self._denied[batch_id] < _DENIALS else await self._mark_gone([batch_id])

    async def _mark_gone(self, ids: Sequence[str]) -> Changes:
        self._retrieved.forget(ids)
        if self._cache is not None:
            await asyncio.to_thread(self._cache.mark_gone, ids)
        return self._book.mark_gone(ids)

    async def _unlisted(self) -> Changes:
        """Mark the ended batches that the list lacks, if the server does not know the newest of them either.

        Active ones are retrieved anyway.
        """
        lacking = self._list.unlisted(batch for batch in self._book if not batch.status.active and not batch.gone)
        if not lacking:
            return Changes()
        try:
            return await self._take_retrieved(await self._wire.retrieve_batch(lacking[0].id))
        except WireError as error:
            if error.kind is not Kind.NOT_FOUND and error.status not in _NO_SUCH_CALL:
                return Changes()
        return await self._mark_gone([batch.id for batch in lacking])

    async def _take_retrieved(self, answer: Mapping[str, Any]) -> Changes:
        found = [(batch, answer)] if (batch := batch_from(answer)) is not None else []
        for batch, _ in found:
            self._denied.pop(batch.id, None)
            self._retrieved.tell(batch)
        return await self._keep(found)

    async def _take(self, items: Iterable[Mapping[str, Any]]) -> Changes:
        """Take in what the list tells, but for what lags behind a retrieve."""
        found = [(batch, item) for item in items if (batch := batch_from(item)) is not None]
        if any(batch.id in self._denied for batch, _ in found):
            self._one_by_one = False
        return await self._keep([pair for pair in found if not self._retrieved.ahead_of(pair[0])])

    async def _keep(self, found: Sequence[tuple[Batch, Mapping[str, Any]]]) -> Changes:
        changes = self._book.apply(batch for batch, _ in found)
        if self._samples is not None:
            await self._sample(batch for batch, _ in found)
        if self._cache is not None and changes:
            touched = changes.added | changes.changed
            rows = [(batch.id, batch.created_at or 0, item) for batch, item in found if batch.id in touched]
            await asyncio.to_thread(self._cache.save, rows, time.time())
        return changes

    async def _sample(self, batches: Iterable[Batch]) -> None:
        """Note how far the active ones among `batches` are; also where that is as far as before."""
        samples, now = self._samples, self._wire.now
        if samples is None:
            return
        for batch in batches:
            if batch.status.active and batch.counts is not None and batch.counts.ended is not None:
                samples.add(batch.id, Sample(now, batch.counts.ended))
        samples.keep_only({batch.id for batch in self._book.active()})
        if samples.due:
            await asyncio.to_thread(samples.save)

    def _seen(self, changes: Changes) -> Seen:
        return Seen(changes, time.time(), self._list.reach)

    def _interval(self) -> float:
        chosen = self._chosen or ACTIVE_INTERVAL
        return chosen if self._book.active() else max(chosen, RESTING_INTERVAL)

    async def _rest(self, began: float, wait: float | None) -> None:
        """Wait until the next round is due, `wait` seconds after `began` (None: the interval, also if it changes)."""
        while not self._asked.is_set():
            self._changed.clear()
            due = began + (self._interval() if wait is None else wait)
            left = None if self._paused else max(0.05, due - time.monotonic())
            asked = [asyncio.ensure_future(event.wait()) for event in (self._asked, self._changed)]
            try:
                done, _ = await asyncio.wait(asked, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiting in asked:
                    waiting.cancel()
            if not done:
                return


def back_off(failures: int, error: WireError) -> float:
    """Seconds until the next try: doubled each time, with jitter; never less than the server asked for."""
    wait = min(_LONGEST_WAIT, 2.0**failures) * random.uniform(0.75, 1.25)  # noqa: S311  (no secret)
    return max(wait, error.retry_after or 0)
