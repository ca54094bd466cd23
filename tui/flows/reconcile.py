"""Finding out, at a start, what became of submissions that an earlier process left open."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.lookup import find_batch
from tui.state.journal import Journal, Stage, Submission
from tui.wire.client import Wire


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found out: `batch` if there is one; without one nothing is sent until its user says so again."""

    submission: Submission
    batch: Batch | None


async def reconcile(*, wire: Wire, journal: Journal) -> AsyncIterator[Settled]:
    """Ask the server about each open submission; one that another process is at work on is left to it.

    Only looks and writes down: nothing is created here.
    """
    for submission in await asyncio.to_thread(journal.open_ones):
        try:
            with journal.claim(submission.sha256):
                batch = await find_batch(submission, wire)
                if batch is not None:
                    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
                yield Settled(submission, batch)
        except LazybatchError:
            # Taken by another process, or the server does not answer: the next start asks again.
            continue
