"""Finding out, at a start, what became of submissions that an earlier process left open."""

import asyncio
from collections.abc import AsyncIterator, Container
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.errors import LazybatchError
from tui.flows.submit.abandon import abandoned, never_told
from tui.flows.submit.find import find_batch, find_upload, seen_upload
from tui.format.text import size
from tui.store.journal import Journal, Stage, Submission

_NOTHING = "lazybatch ended before the upload did; the server shows nothing of it."
_NO_BATCH = "No batch was created. Choose it again to go on."
_NOT_SHOWN = "Whether a batch was created is not known: the server shows none. Choose it again to ask once more."
_NOT_TOLD = "Whether a batch was created is not known: the server cannot tell. Choose it again to decide."
_ANOTHER_KEY = (
    "Whether a batch was created is not known: this key is shown neither a batch nor the uploaded file. "
    "Is it another project's?"
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found out: `batch` if there is one; without one nothing is sent until its user says so again.

    `told` says in a sentence what is known, and no more than that. A submission of which nothing had reached the server
    is `Stage.ABANDONED` from now on, and told of this once.
    """

    submission: Submission
    batch: Batch | None
    told: str


async def reconcile(*, wire: Wire, journal: Journal, leave: Container[str] = ()) -> AsyncIterator[Settled]:
    """Ask the server about each open submission; one that another process is at work on is left to it.

    So are those whose ids are in `leave`.

    Only looks and writes down: nothing is created here. Giving up one that never got beyond its upload costs nothing:
    the same file makes a new one.
    """
    for submission in await asyncio.to_thread(journal.open_ones):
        if submission.id in leave:
            continue
        try:
            with journal.claim(submission.sha256):
                yield await _settled(submission, wire, journal)
        except LazybatchError:
            # Taken by another process, or the server does not answer: the next start asks again.
            continue


async def _settled(submission: Submission, wire: Wire, journal: Journal) -> Settled:
    if not submission.in_doubt:
        # Nothing had been asked for: there is no batch, whatever a list shows.
        if submission.stage is Stage.UPLOADED or await find_upload(submission, wire, journal) is not None:
            return Settled(submission, None, _NO_BATCH)
        begun = await asyncio.to_thread(journal.uploads.find, submission.id)
        if begun is not None and begun.takes_more(wire.now):
            there = f"{size(begun.arrived(submission.bytes))} of {size(submission.bytes)} are on the server"
            return Settled(submission, None, f"No batch was created. {there}. Choose it again to go on.")
        return Settled(await abandoned(submission, _NOTHING, wire, journal), None, _NO_BATCH)
    try:
        batch = await find_batch(submission, wire, journal)
    except WireError as error:
        if never_told(error):
            return Settled(submission, None, _NOT_TOLD)
        raise
    if batch is None:
        withdrawing = submission.stage is Stage.WITHDRAWING
        shown = withdrawing or await seen_upload(submission, wire) is not None
        return Settled(submission, None, _NOT_SHOWN if shown else _ANOTHER_KEY)
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
    return Settled(submission, batch, "Its batch is there.")
