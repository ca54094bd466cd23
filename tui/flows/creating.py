"""A batch of an uploaded file, once: the second half of a submission."""

import asyncio
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import replace

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.giving_up import never_told
from tui.flows.lookup import Doubtful, find_batch, sees_upload
from tui.flows.steps import PATIENCE, TRIES, Created, Unclear, Unknowable, passing
from tui.state.journal import Journal, Stage, Submission
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from


async def create(
    submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Unclear | Created]:
    if submission.stage is Stage.CREATING:
        # An earlier process sent it off and never heard.
        batch = await _looked_for_batch(submission, wire, journal, looks)
        if batch is not None:
            yield await created(submission, batch, journal, adopted=True)
            return
        await _check_same_project(submission, wire)
    for attempt in range(1, TRIES + 1):
        await asyncio.to_thread(journal.advance, submission.id, Stage.CREATING)
        try:
            batch = batch_from(
                await wire.create_batch(
                    input_file_id=submission.file_id or "",
                    endpoint=submission.endpoint,
                    metadata=submission.metadata,
                )
            )
        except WireError as error:
            if not passing(error):
                await asyncio.to_thread(journal.advance, submission.id, Stage.REFUSED, reason=error.sentence)
                raise
            if error.unclear:
                yield Unclear(error)
                batch = await _looked_for_batch(submission, wire, journal, looks)
                if batch is not None:
                    yield await created(submission, batch, journal, adopted=True)
                    return
            else:
                await asyncio.to_thread(journal.advance, submission.id, Stage.UPLOADED)
                if attempt == TRIES or (error.retry_after or 0) > PATIENCE:
                    raise
                await asyncio.sleep(max(looks[0], error.retry_after or 0))
        else:
            if batch is None:
                raise AssertionError("the wire lets no batch without an id through")
            yield await created(submission, batch, journal, adopted=False)
            return
    raise LazybatchError(
        "The server never said whether the batch was created, and shows none. Submit the same file to look again.", 3
    )


async def _check_same_project(submission: Submission, wire: Wire) -> None:
    """Raise where a list without the batch tells nothing, because it is another project's."""
    try:
        seen = await sees_upload(submission, wire)
    except WireError as error:
        raise LazybatchError(
            f"It is not known whether the batch was created: {error.sentence} Submit the same file to ask again.", 3
        ) from None
    if not seen:
        raise Unknowable(
            f"It is not known whether the batch was created: {wire.address.host} shows this key neither a batch of it "
            "nor the uploaded file. With the key it was sent with, it can be found out; submitted again with this one "
            "it may be paid for twice."
        )


async def _looked_for_batch(
    submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float]
) -> Batch | None:
    """The submission's batch, if one of several looks finds it; raises where the last look got no answer."""
    for place, wait in enumerate(looks, 1):
        await asyncio.sleep(wait)
        try:
            if batch := await find_batch(submission, wire):
                return batch
        except WireError as error:
            if never_told(error) and (place == len(looks) or error.kind is Kind.NOT_FOUND):
                raise _unknowable(error, await asyncio.to_thread(journal.by_batch)) from None
            if place == len(looks) or not passing(error):
                raise LazybatchError(
                    f"It is not known whether the batch was created: {error.sentence} "
                    "Nothing more is sent before the server has been asked; submit the same file to ask it.",
                    3,
                ) from None
    return None


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
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
    return Created(batch, replace(submission, stage=Stage.CREATED, batch_id=batch.id), adopted)
