"""A file on its way to the server, once: the first half of a submission."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tui.errors import LazybatchError
from tui.flows.giving_up import abandoned
from tui.flows.lookup import find_upload
from tui.flows.steps import PATIENCE, TRIES, Unclear, Uploaded, Uploading, passing
from tui.requests.validate import Identity, Report
from tui.state.journal import Journal, Stage, Submission
from tui.wire.client import Wire
from tui.wire.errors import WireError

_TICK = 0.1  # seconds between two steps of progress


async def upload(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Uploading | Uploaded | Unclear]:
    for attempt in range(1, TRIES + 1):
        try:
            await asyncio.to_thread(_unchanged, report)
        except LazybatchError as error:
            # Nothing of it can come to a batch: what is open no more is not asked about at every start.
            await abandoned(submission, error.sentence, journal)
            raise
        sent = [0, submission.bytes]

        def note(done: int, total: int, sent: list[int] = sent) -> None:
            sent[:] = done, total

        work = asyncio.ensure_future(wire.upload(report.path, submission.upload_name, note))
        try:
            while not (await asyncio.wait({work}, timeout=_TICK))[0]:
                yield Uploading(sent[0], sent[1])
            stored = work.result()
        except WireError as error:
            if not passing(error):
                await asyncio.to_thread(journal.advance, submission.id, Stage.REFUSED, reason=error.sentence)
                raise
            if error.unclear:
                yield Unclear(error)
                if found := await _looked_for_upload(submission, wire, looks):
                    yield Uploaded(found, adopted=True)
                    return
            elif attempt == TRIES or (error.retry_after or 0) > PATIENCE:
                raise
            await asyncio.sleep(error.retry_after or 0)
            continue
        finally:
            work.cancel()
        try:
            await asyncio.to_thread(_unchanged, report)
        except LazybatchError as error:
            # What the server has is neither the old file nor the new one.
            await asyncio.to_thread(
                journal.advance, submission.id, Stage.ABANDONED, file_id=stored.id, reason=error.sentence
            )
            raise
        yield Uploaded(stored.id)
        return
    raise LazybatchError(
        f"The upload broke off {TRIES} times; no batch was created. Submit the file again to go on with it.", 3
    )


async def _looked_for_upload(submission: Submission, wire: Wire, looks: Sequence[float]) -> str | None:
    for wait in looks[:3]:  # a file that is there twice costs nothing: three looks are enough
        await asyncio.sleep(wait)
        try:
            if found := await find_upload(submission, wire):
                return found
        except WireError as error:
            if not passing(error):
                raise
    return None


def _unchanged(report: Report) -> None:
    """Raise where the file is no longer the one that was validated."""
    try:
        same = Identity.of(report.path.stat()) == report.identity
    except OSError:
        same = False
    if not same:
        raise LazybatchError(f"{report.path} has changed or gone since it was validated: validate it again.", 1)
