"""A create of which no answer came: what the server shows of it."""

import asyncio
from collections.abc import Container, Sequence
from dataclasses import replace

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.giving_up import never_told
from tui.flows.lookup import Doubtful, find_batch
from tui.flows.steps import Created, Unknowable, passing
from tui.state.journal import Journal, Stage, Submission
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError


async def looked_for_batch(
    submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float], *, enough: int | None = None
) -> Batch | None:
    """The submission's batch, if one of several looks finds it; `enough` that find nothing end them early.

    Raises `LazybatchError` where the last look got no answer, `Unknowable` where none can be had.
    """
    for place, wait in enumerate(looks, 1):
        await asyncio.sleep(wait)
        try:
            if batch := await find_batch(submission, wire, journal):
                return batch
            if place == enough:
                return None
        except WireError as error:
            if never_told(error) and (place == len(looks) or error.kind is Kind.NOT_FOUND):
                raise _unknowable(error, await asyncio.to_thread(journal.by_batch)) from None
            if place == len(looks) or not passing(error):
                raise not_known(error) from None
    return None


def not_known(error: LazybatchError) -> LazybatchError:
    """What is told where the server did not answer when it was asked what came of a create."""
    return LazybatchError(
        f"It is not known whether the batch was created: {error.sentence} "
        "Nothing more is sent before the server has been asked; submit the same file to ask it.",
        3,
    )


def _unknowable(error: WireError, ours: Container[str]) -> Unknowable:
    """What is told; batches in `ours` are known to be of other submissions."""
    known = f"It is not known whether the batch was created: {error.sentence}"
    candidates = [batch for batch in error.candidates if batch.id not in ours] if isinstance(error, Doubtful) else []
    if not candidates:
        return Unknowable(
            f"{known} The provider cannot be asked. Look elsewhere whether it runs: submitted again it may be paid for "
            "twice."
        )
    several = len(candidates) > 1
    told = "One of these may be it" if several else "This one may be it"
    return Unknowable(f"{known} {told}; if not, submitted again it is paid for once.", candidates)


async def created(submission: Submission, batch: Batch, journal: Journal, *, adopted: bool) -> Created:
    """Note the batch that a submission has come to."""
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
    return Created(batch, replace(submission, stage=Stage.CREATED, batch_id=batch.id), adopted)
