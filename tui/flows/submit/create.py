"""A batch of an uploaded file, once: the second half of a submission."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tui.client.api import Wire
from tui.client.errors import WireError
from tui.client.models import batch_from
from tui.flows.submit.delete_upload import withdraw
from tui.flows.submit.resolve import BatchSearch, created
from tui.flows.submit.steps import PATIENCE, TRIES, Created, Looking, Unclear, Withdrawing, Withdrawn, passing
from tui.requests.validate import Report
from tui.store.journal import Journal, Stage, Submission

_Steps = AsyncIterator[Unclear | Looking | Withdrawing | Withdrawn | Created]


async def create(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> _Steps:
    """Have the batch made; the last step is `Created`, or `Withdrawn`: then the file is to be uploaded anew.

    Raises `LazybatchError`; after an unclear answer the submission stays in doubt.
    """
    if submission.in_doubt:
        # An earlier process sent it off and never heard.
        async for step in _found_out(submission, report, wire, journal, looks):
            yield step
        return
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
                async for step in _found_out(submission, report, wire, journal, looks):
                    yield step
                return
            await asyncio.to_thread(journal.advance, submission.id, Stage.UPLOADED)
            if attempt == TRIES or (error.retry_after or 0) > PATIENCE:
                raise
            await asyncio.sleep(max(looks[0], error.retry_after or 0))
        else:
            if batch is None:
                raise AssertionError("the wire lets no batch without an id through")
            yield await created(submission, batch, journal, adopted=False)
            return
    raise AssertionError("the last attempt raises")


async def _found_out(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> _Steps:
    search = BatchSearch(submission, wire, journal, looks)
    async for looking in search.steps():
        yield looking
    if search.batch is not None:
        yield await created(submission, search.batch, journal, adopted=True)
        return
    async for step in withdraw(submission, report, wire, journal, looks):
        yield step
