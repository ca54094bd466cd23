"""Cancelling batches, one after another, each with an outcome that is told."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui.batches.batch import Batch, Status
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.store.journal import Journal

_TRIES = 4
_FIRST_WAIT = 1.0  # seconds before the second try; doubled each time
_PATIENCE = 60.0  # seconds for one batch; a server that asks for a longer wait gets no further try
_PACE = 0.1  # seconds between two cancels: well under the rate limits that providers state
_SLOWEST = 5.0
_RECOVERY = 0.8  # what the pace is multiplied by with every answer, once it was slowed down
# Why a call failed that says nothing of the batch: it is not asked for.
_NOT_OF_THE_BATCH = {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.UNAUTHORIZED, Kind.FORBIDDEN}
_SILENT = 3  # batches in a row without an answer after which the server is held to be away


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server wants fewer requests, or gave no answer: the next try comes in `seconds`; `error` says why."""

    batch_id: str
    seconds: float
    error: WireError


async def cancel(batch_ids: Iterable[str], *, wire: Wire, journal: Journal) -> AsyncIterator[Waiting | Cancelled]:
    """Cancel each of `batch_ids`; repeating a cancel is harmless, so one that got no answer is tried again.

    Each has exactly one `Cancelled`, in their order. A server that asks for fewer requests gets the next ones more
    slowly. Once it has not answered for three batches in a row, the others are not sent: they are `UNREACHABLE`.
    """
    pace, silent, last = _PACE, 0, None
    for place, batch_id in enumerate(batch_ids):
        if silent >= _SILENT and last is not None:
            yield Cancelled(batch_id, Outcome.UNREACHABLE, message=f"Not sent. {last.sentence}", error=last)
            continue
        if place:
            await asyncio.sleep(pace)
        number = await asyncio.to_thread(journal.cancel_asked, batch_id)
        # Whoever gave no answer to four tries is not waited for again with each of a hundred batches.
        async for step in _tries(batch_id, wire, _TRIES if not silent else 1):
            if isinstance(step, Cancelled):
                await asyncio.to_thread(journal.cancel_told, number, step.outcome, step.message)
                silent, last = (silent + 1, step.error) if step.outcome is Outcome.UNREACHABLE else (0, None)
                pace = max(pace * _RECOVERY, _PACE)
            elif step.error.kind is Kind.RATE_LIMITED:
                pace = min(2 * pace, _SLOWEST)
            yield step


async def _tries(batch_id: str, wire: Wire, tries: int) -> AsyncIterator[Waiting | Cancelled]:
    """Waits, and what the cancel of one batch came to in the end.

    A server that asks for fewer requests has answered: that is no try, and goes on for as long as patience lasts.
    """
    wait, waited = _FIRST_WAIT, 0.0
    while True:
        try:
            yield _told(batch_id, batch_from(await wire.cancel_batch(batch_id)))
            return
        except WireError as error:
            passing = error.unclear or error.kind in {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED}
            if error.kind not in _NOT_OF_THE_BATCH and wire.has_cancel:
                # Servers refuse to cancel what has ended with 400, 404, 409 or 500: the batch itself tells.
                end = await _after_refusal(batch_id, wire, error)
                if end.outcome is not Outcome.REFUSED or not passing:
                    yield end
                    return
            tries -= error.kind is not Kind.RATE_LIMITED
            pause = max(wait, error.retry_after or 0.0)
            if not passing or tries <= 0 or waited + pause > _PATIENCE:
                outcome = Outcome.UNREACHABLE if passing else Outcome.REFUSED
                yield Cancelled(batch_id, outcome, message=error.sentence, error=error)
                return
            yield Waiting(batch_id, pause, error)
        await asyncio.sleep(pause)
        wait, waited = 2 * wait, waited + pause


async def _after_refusal(batch_id: str, wire: Wire, error: WireError) -> Cancelled:
    """What the batch itself says after a cancel that failed: it may have ended, or be on its way there."""
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
