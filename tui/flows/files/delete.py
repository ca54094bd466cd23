"""Deleting files of the server's, one after another, each with an outcome that is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tui.batches.stored_files import Standing, StoredFile, Uses
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.flows.files.survey import awaited
from tui.flows.listing.pager import batches as list_of_batches
from tui.store.journal import Journal
from tui.store.queue import Queue

_TRIES: Final = 4
_FIRST_WAIT: Final = 1.0  # seconds before the second try; doubled each time
_PATIENCE: Final = 60.0  # seconds; a server that asks for a longer wait gets no further try
_PACE: Final = 0.05  # seconds between two deletes: under the rate limits that providers state


class Outcome(StrEnum):
    """What became of a delete."""

    DELETED = "deleted"
    ALREADY_GONE = "already_gone"
    IN_USE = "in_use"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Deleted:
    """The end of one delete; `message` says why the file is still there, or may be.

    `error` is what `REFUSED` and `UNREACHABLE` come from.
    """

    file: StoredFile
    outcome: Outcome
    message: str | None = None
    error: WireError | None = None


async def delete(
    files: Sequence[StoredFile], *, wire: Wire, journal: Journal, queue: Queue | None = None
) -> AsyncIterator[Deleted]:
    """Delete each of `files`, but for those that an active batch or a submission has come to use meanwhile.

    A delete without an answer is repeated only after a look shows the file still there. Raises `WireError`, before
    anything is deleted, where the batches cannot be looked at.
    """
    waiting = await asyncio.to_thread(awaited, files, journal, queue)
    newest = await list_of_batches(wire).page()
    uses = Uses(filter(None, map(batch_from, newest.items)), complete=False, awaited=waiting)
    for place, file in enumerate(files):
        if uses.standing(file, 0) is Standing.IN_USE:
            yield Deleted(file, Outcome.IN_USE, "A batch that runs uses it.")
            continue
        if place:
            await asyncio.sleep(_PACE)
        number = await asyncio.to_thread(journal.delete_asked, file.id)
        end = await delete_one(file, wire)
        await asyncio.to_thread(journal.delete_told, number, end.outcome, end.message)
        yield end


async def delete_one(file: StoredFile, wire: Wire, first_wait: float = _FIRST_WAIT) -> Deleted:
    """Delete a file, as often as it takes while it is still there; `first_wait` seconds before the second try."""
    wait = first_wait
    for attempt in range(1, _TRIES + 1):
        try:
            await wire.delete_file(file.id)
            return Deleted(file, Outcome.DELETED)
        except WireError as error:
            if error.kind is Kind.NOT_FOUND:
                if await _is_gone(file, wire):
                    return Deleted(file, Outcome.ALREADY_GONE)
                return Deleted(file, Outcome.REFUSED, f"{wire.address.host} does not delete files.", error)
            passing = error.unclear or error.kind in {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED}
            if not passing:
                return Deleted(file, Outcome.REFUSED, error.sentence, error)
            if error.unclear and await _is_gone(file, wire):
                return Deleted(file, Outcome.DELETED)
            if attempt == _TRIES or (error.retry_after or 0) > _PATIENCE:
                return Deleted(file, Outcome.UNREACHABLE, error.sentence, error)
            await asyncio.sleep(max(wait, error.retry_after or 0))
            wait *= 2
    raise AssertionError("the last try returns")


async def _is_gone(file: StoredFile, wire: Wire) -> bool:
    """Whether the server says that it has no such file."""
    try:
        await wire.retrieve_file(file.id)
    except WireError as error:
        return error.kind is Kind.NOT_FOUND
    return False
