"""Finding out, at a start, what became of submissions that an earlier process left open."""

import asyncio
from collections.abc import AsyncIterator, Container
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.giving_up import abandoned
from tui.flows.lookup import find_batch, find_upload
from tui.state.journal import Journal, Stage, Submission
from tui.wire.client import Wire

_NOTHING = "lazybatch ended before the upload did; nothing of it is on the server."


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found out: `batch` if there is one; without one nothing is sent until its user says so again.

    A submission of which nothing had reached the server is `Stage.ABANDONED` from now on, and told of this once.
    """

    submission: Submission
    batch: Batch | None


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
                batch = await find_batch(submission, wire)
                if batch is not None:
                    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
                elif submission.stage is Stage.UPLOADING and await find_upload(submission, wire) is None:
                    yield Settled(await abandoned(submission, _NOTHING, journal), None)
                    continue
                yield Settled(submission, batch)
        except LazybatchError:
            # Taken by another process, or the server does not answer: the next start asks again.
            continue
