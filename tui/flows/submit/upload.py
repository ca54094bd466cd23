"""A file on its way to the server, once: the first half of a submission."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tui.client.api import Wire
from tui.client.errors import WireError
from tui.errors import LazybatchError
from tui.flows.submit import multipart
from tui.flows.submit.abandon import abandoned, forget_pieces
from tui.flows.submit.multipart import OnlyWhole, PartsUpload
from tui.flows.submit.steps import TRIES, Unclear, Uploaded, Uploading, passing
from tui.flows.submit.upload_steps import Sending, broken_off, check_unchanged, looked_for_upload, wait_after
from tui.requests.validate import Report
from tui.store.journal import Journal, Stage, Submission


async def upload(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Uploading | Uploaded | Unclear]:
    """Send the file, a large one in parts where the provider takes them; the last step is `Uploaded`.

    Raises `LazybatchError`; then nothing but the file itself, or some parts of it, can be there.
    """
    try:
        await check_unchanged(report)
    except LazybatchError as error:
        # Nothing of it can come to a batch: what is open no more is not asked about at every start.
        await abandoned(submission, error.sentence, wire, journal)
        raise
    try:
        async for step in _sent(submission, report, wire, journal, looks):
            if isinstance(step, Uploaded):
                await _check_after(step.file_id, submission, report, journal)
            yield step
    except WireError as error:
        if not passing(error):
            await forget_pieces(submission, wire, journal)
            await asyncio.to_thread(journal.advance, submission.id, Stage.REFUSED, reason=error.sentence)
        raise


async def _sent(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Uploading | Uploaded | Unclear]:
    if submission.bytes > multipart.LARGE and await asyncio.to_thread(lambda: journal.uploads.possible):
        try:
            async for step in PartsUpload(submission, report, wire, journal, looks).steps():
                yield step
        except OnlyWhole:
            pass
        else:
            return
    async for step in _whole(submission, report, wire, journal, looks):
        yield step


async def _whole(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Uploading | Uploaded | Unclear]:
    for attempt in range(1, TRIES + 1):
        await check_unchanged(report)
        sending = Sending(
            lambda note: wire.upload(report.path, submission.upload_name, note), before=0, total=submission.bytes
        )
        try:
            async for step in sending.steps():
                yield step
        except WireError as error:
            if not passing(error):
                raise
            if not error.unclear:
                await wait_after(error, attempt)
                continue
            yield Unclear(error)
            if found := await looked_for_upload(submission, wire, journal, looks):
                yield Uploaded(found, adopted=True)
                return
            await asyncio.sleep(error.retry_after or 0)
        else:
            yield Uploaded(sending.result.id)
            return
    raise broken_off()


async def _check_after(file_id: str, submission: Submission, report: Report, journal: Journal) -> None:
    try:
        await check_unchanged(report)
    except LazybatchError as error:
        # What the server has is neither the old file nor the new one.
        await asyncio.to_thread(journal.advance, submission.id, Stage.ABANDONED, file_id=file_id, reason=error.sentence)
        raise
