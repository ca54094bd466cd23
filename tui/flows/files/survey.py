"""Finding out which files the server keeps, and which batches refer to them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tui.batches.batch import Batch
from tui.batches.stored_files import RESULT_PURPOSE, Standing, StoredFile, Uses
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import Page, batch_from, file_from
from tui.flows.listing.coverage import HORIZON
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import batches as list_of_batches
from tui.flows.listing.pager import files as list_of_files
from tui.store.journal import Journal, Submission
from tui.store.queue import Queue, State

# Servers stamp with clocks of their own, which may differ by minutes.
_CLOCK_MARGIN: Final = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Listed:
    """Files that have not been told before."""

    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class Surveyed:
    """All has been asked for. `cut_short` says in a sentence why `uses` is not complete, or not all files are told."""

    uses: Uses
    cut_short: str | None


async def survey(
    *,
    wire: Wire,
    journal: Journal,
    queue: Queue | None = None,
    known: Iterable[Batch] = (),
    named: Iterable[str] = (),
) -> AsyncIterator[Listed | Surveyed]:
    """The files page by page, at the end what refers to them.

    What our own submissions, and those that wait in `queue`, are going to use counts as used. `known` are batches that
    the server has told before; `named` are ids of files that are asked for one by one where they are not in the list,
    which need not have all of them.

    Files come before batches: what is uploaded and used meanwhile is then missing, never taken for unused. Raises
    `WireError` where the files cannot be listed.
    """
    files: dict[str, StoredFile] = {}
    cut_short = None
    async for page in _pages_of_files(wire):
        if isinstance(page, Incomplete):
            cut_short = _short(wire, page)
            break
        # A thousand at a time: for a thread.
        told = await asyncio.to_thread(lambda items: list(filter(None, map(file_from, items))), page.items)
        new = {found.id: found for found in told if found.id not in files}
        files |= new
        yield Listed(tuple(new.values()))
    for file_id in named:
        if file_id not in files and (found := await _one_file(file_id, wire)) is not None:
            files[file_id] = found
            yield Listed((found,))
    waiting = await asyncio.to_thread(awaited, list(files.values()), journal, queue)
    given_up = await asyncio.to_thread(journal.given_up)
    batches = {batch.id: batch for batch in known}
    try:
        incomplete = await _follow_batches(list(files.values()), batches, wire)
        complete, cut_short = incomplete is None, cut_short or (_short(wire, incomplete) if incomplete else None)
    except WireError as error:
        complete, cut_short = False, f"Not all batches are known. {error.sentence}"
    yield Surveyed(await asyncio.to_thread(_uses, files, batches, complete, waiting, given_up), cut_short)


def awaited(files: Sequence[StoredFile], journal: Journal, queue: Queue | None) -> frozenset[str]:
    """The ids of the files that a submission of ours is still going to use; for a thread."""
    open_ones = journal.open_ones()
    queued = [] if queue is None else [one for one in queue.entries() if not (one.state is State.SENT and one.settled)]
    # An upload that the journal has no id of yet bears the submission's in its name.
    named = {found.id for found in files if any(one.id in (found.filename or "") for one in open_ones)}
    uploaded = [*(one.file_id for one in open_ones), *(one.file_id for one in queued)]
    return frozenset(named.union(filter(None, uploaded)))


async def _pages_of_files(wire: Wire) -> AsyncIterator[Page | Incomplete]:
    try:
        async for page in list_of_files(wire).pages():
            yield page
    except WireError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        unlisted = WireError(Kind.NOT_FOUND, f"{wire.address.host} does not list its files.")
        # It is no fault of what was asked for.
        unlisted.exit_code = 3
        raise unlisted from None


async def _one_file(file_id: str, wire: Wire) -> StoredFile | None:
    try:
        return await wire.retrieve_file(file_id)
    except WireError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return None


async def _follow_batches(files: Sequence[StoredFile], batches: dict[str, Batch], wire: Wire) -> Incomplete | None:
    """Read the list of batches into `batches` as far as one can refer to one of `files`; why it does not go so far."""
    async for page in list_of_batches(wire).pages():
        if isinstance(page, Incomplete):
            return page
        found = [batch for batch in map(batch_from, page.items) if batch is not None]
        batches |= {batch.id: batch for batch in found}
        now = wire.now
        if page.has_more and await asyncio.to_thread(_far_enough, found, files, list(batches.values()), now):
            break
    return None


def _far_enough(page: Sequence[Batch], files: Sequence[StoredFile], batches: Iterable[Batch], now: float) -> bool:
    """Whether no batch behind `page` can change what one of `files` is to the batches."""
    stamps = [batch.created_at for batch in page]
    if not all(stamps) or stamps != sorted(stamps, key=lambda at: -(at or 0)):
        # A list in another order says nothing of what is behind it.
        return False
    uses = Uses(batches, complete=True)
    reach = (_first_use(file, uses.standing(file, now), now) for file in files)
    return (stamps[-1] or 0) < min(reach, default=float("inf"))


def _first_use(file: StoredFile, standing: Standing, now: float) -> float:
    """The earliest that a batch can have been made which would change what `file` is; in Unix seconds."""
    if file.created_at is None:
        return 0.0
    if standing in {Standing.ORPHAN, Standing.NEW}:
        # A batch comes after its input.
        return file.created_at - _CLOCK_MARGIN
    if file.purpose == RESULT_PURPOSE:
        # And before its results, by no more than a completion window.
        return file.created_at - HORIZON
    # What is left is whether an active one uses it, and none is as old as that.
    return max(file.created_at - _CLOCK_MARGIN, now - HORIZON)


def _uses(
    files: dict[str, StoredFile],
    batches: dict[str, Batch],
    complete: bool,
    waiting: frozenset[str],
    given_up: Sequence[Submission],
) -> Uses:
    return Uses(
        batches.values(),
        complete=complete,
        awaited=waiting,
        given_up={known.file_id for known in given_up if known.file_id},
    )


def _short(wire: Wire, incomplete: Incomplete) -> str:
    """Why not all is known, for people."""
    if incomplete.error is None:
        return f"{wire.address.host} does not list its {incomplete.what} to the end."
    return f"Not all {incomplete.what} are known. {incomplete.sentence}"
