"""Batches retrieved again and again until each has ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.flows.listing.pager import batches as list_of_batches

_PATIENCE: Final = 900.0  # seconds without an answer: a night's watch outlives a break of the line
_LONGEST_WAIT: Final = 60.0  # seconds
# A batch that was seen is gone only when the server has said so several times in a row.
_GONE_AFTER: Final = 3
# The server as a whole gave no answer: asking it for the other batches would bring the same.
_OF_THE_SERVER: Final = {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED}
# Asking again does not help.
_FINAL: Final = {Kind.UNAUTHORIZED, Kind.FORBIDDEN}
# Up to so many batches are retrieved one by one; of more the newest page of the list is read first.
_FEW: Final = 2


@dataclass(frozen=True, slots=True)
class Changed:
    """A batch as it was first seen, or after a change."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Gone:
    """The server no longer has that batch, or has given no readable answer about it for 15 minutes (`error`)."""

    batch_id: str
    error: WireError


@dataclass(frozen=True, slots=True)
class Retrying:
    """A call failed with `error`; the next one comes in `seconds`. `batch_id` is None where the server is away."""

    batch_id: str | None
    error: WireError
    seconds: float


async def retrieve(wire: Wire, batch_id: str) -> Batch:
    """The batch `batch_id` as it is now. Raises `WireError`."""
    batch = batch_from(await wire.retrieve_batch(batch_id))
    if batch is None:
        raise WireError(Kind.NOT_AN_API, f"{wire.address.host} answered, but not with a batch.")
    return batch


async def follow(batch_ids: Iterable[str], wire: Wire, interval: float) -> AsyncIterator[Changed | Gone | Retrying]:
    """Each batch as it is first seen and after every change, until all have ended or are gone; `interval` in seconds.

    Raises `WireError` where the first call fails, the key is refused, the only batch asked for does not exist, or the
    server has given no answer for 15 minutes.
    """
    following = _Following(batch_ids)
    while left := following.left():
        async for step in following.ask(left, wire, interval):
            yield step
        if following.left():
            await asyncio.sleep(following.pause or interval)


class _Following:
    """What is known of the batches that are followed, and of the calls that failed since the last answer."""

    def __init__(self, batch_ids: Iterable[str]) -> None:
        self._known: dict[str, Batch | None] = dict.fromkeys(batch_ids)
        self._gone: set[str] = set()
        self._not_found: dict[str, int] = {}  # times in a row that the server said so of a batch
        self._answered: dict[str, float] = {}  # when it told something of a batch, on the monotonic clock
        self._answered_at: float | None = None  # when it told anything
        self._failures = 0
        self.pause = 0.0  # seconds until the next round, where that is not the interval

    def left(self) -> list[str]:
        """The ids of the batches that have neither ended nor gone."""
        found = self._known.items()
        return [key for key, batch in found if key not in self._gone and (batch is None or batch.status.active)]

    async def ask(
        self, batch_ids: Iterable[str], wire: Wire, interval: float
    ) -> AsyncIterator[Changed | Gone | Retrying]:
        """Ask for each of `batch_ids` once."""
        self.pause = 0.0
        left = dict.fromkeys(batch_ids)
        try:
            if len(left) > _FEW:
                for batch in filter(None, map(batch_from, (await list_of_batches(wire).page()).items)):
                    if batch.id in left:
                        del left[batch.id]
                        for step in self._take(batch):
                            yield step
        except WireError as error:
            if error.kind in _OF_THE_SERVER | _FINAL:
                yield self._wait_for_server(error)
                return
            # A list that fails says nothing of the batches, which are retrieved one by one.
        for batch_id in left:
            try:
                batch = await retrieve(wire, batch_id)
            except WireError as error:
                if error.kind in _OF_THE_SERVER | _FINAL:
                    yield self._wait_for_server(error)
                    return
                yield self._failed(batch_id, error, interval)
                continue
            for step in self._take(batch, batch_id):
                yield step

    def _take(self, batch: Batch, asked_for: str | None = None) -> list[Changed]:
        key = asked_for or batch.id
        self._answered_at = self._answered[key] = time.monotonic()
        self._failures = self._not_found[key] = 0
        if batch == self._known[key]:
            return []
        self._known[key] = batch
        return [Changed(batch)]

    def _wait_for_server(self, error: WireError) -> Retrying:
        away = self._answered_at is None or time.monotonic() - self._answered_at > _PATIENCE
        if away or error.kind in _FINAL:
            raise error
        self._failures += 1
        self.pause = max(min(_LONGEST_WAIT, 2.0**self._failures), error.retry_after or 0)
        return Retrying(None, error, self.pause)

    def _failed(self, batch_id: str, error: WireError, interval: float) -> Gone | Retrying:
        """What an error about one batch means. Raises it where nothing is known of any batch yet."""
        not_found = error.kind is Kind.NOT_FOUND
        if self._answered_at is None and (len(self._known) == 1 or not not_found):
            raise error
        now = time.monotonic()
        answered = self._answered.setdefault(batch_id, now)
        self._not_found[batch_id] = self._not_found.get(batch_id, 0) + 1 if not_found else 0
        once = not_found and self._known[batch_id] is not None and self._not_found[batch_id] < _GONE_AFTER
        if once or (not not_found and now - answered <= _PATIENCE):
            return Retrying(batch_id, error, interval)
        self._gone.add(batch_id)
        return Gone(batch_id, error)
