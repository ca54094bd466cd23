"""Cancelling batches, one after another, each with an outcome that is told."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui.batches.batch import Batch, Status
from tui.state.journal import Journal
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from

_TRIES = 4
_FIRST_WAIT = 1.0  # seconds before the second try; doubled each time
_PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no further try
_PACE = 0.1  # seconds between two cancels: well under the rate limits that providers state


class Outcome(StrEnum):
    """What became of a cancel."""

    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    ALREADY_ENDED = "already_ended"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The end of one cancel: `batch` as the server told it afterwards, `message` in its words where it refused.

    `error` is what `REFUSED` and `UNREACHABLE` come from: a key that is not accepted is no fault of the batch.
    """

    batch_id: str
    outcome: Outcome
    batch: Batch | None = None
    message: str | None = None
    error: WireError | None = None


async def cancel(batch_ids: Iterable[str], *, wire: Wire, journal: Journal) -> AsyncIterator[Cancelled]:
    """Cancel each of `batch_ids`; repeating a cancel is harmless, so one that got no answer is tried again."""
    for place, batch_id in enumerate(batch_ids):
        if place:
            await asyncio.sleep(_PACE)
        number = await asyncio.to_thread(journal.cancel_asked, batch_id)
        result = await _cancel_one(batch_id, wire)
        await asyncio.to_thread(journal.cancel_told, number, result.outcome, result.message)
        yield result


async def _cancel_one(batch_id: str, wire: Wire) -> Cancelled:
    wait = _FIRST_WAIT
    for attempt in range(1, _TRIES + 1):
        try:
            return _told(batch_id, batch_from(await wire.cancel_batch(batch_id)))
        except WireError as error:
            if error.kind is Kind.CONFLICT:
                return await _after_conflict(batch_id, wire, error)
            passing = error.unclear or error.kind in {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED}
            if not passing or attempt == _TRIES or (error.retry_after or 0) > _PATIENCE:
                outcome = Outcome.UNREACHABLE if passing else Outcome.REFUSED
                return Cancelled(batch_id, outcome, message=error.sentence, error=error)
            await asyncio.sleep(max(wait, error.retry_after or 0))
            wait *= 2
    raise AssertionError("the last try returns")


async def _after_conflict(batch_id: str, wire: Wire, error: WireError) -> Cancelled:
    """A refusal because of the batch's state: it is over already, or it is on its way there."""
    try:
        batch = batch_from(await wire.retrieve_batch(batch_id))
    except WireError:
        batch = None
    if batch is not None and (not batch.status.active or batch.status is Status.CANCELLING):
        return _told(batch_id, batch)
    return Cancelled(batch_id, Outcome.REFUSED, batch, error.message or error.sentence, error)


def _told(batch_id: str, batch: Batch | None) -> Cancelled:
    if batch is None or batch.status.active:
        return Cancelled(batch_id, Outcome.CANCELLING, batch)
    if batch.status is Status.CANCELLED:
        return Cancelled(batch_id, Outcome.CANCELLED, batch)
    return Cancelled(batch_id, Outcome.ALREADY_ENDED, batch, f"It is {batch.status} already.")
