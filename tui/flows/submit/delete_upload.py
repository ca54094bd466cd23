"""Taking back the uploaded file of a create that nobody answered, before anything is sent again.

A server may carry a create out at any time after its caller has stopped to wait. It names the uploaded file: where that
is gone, it is refused or its batch fails, and what is uploaded anew can be asked for without fear of a second one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

from tui.batches.stored_files import StoredFile
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.errors import LazybatchError
from tui.flows.files.delete import Deleted, Outcome, delete_one
from tui.flows.submit.find import seen_upload
from tui.flows.submit.ownership import why_kept
from tui.flows.submit.resolve import BatchSearch, created, not_known
from tui.flows.submit.steps import Created, Looking, Unknowable, Withdrawing, Withdrawn, passing
from tui.flows.submit.upload_steps import check_unchanged
from tui.format.text import key_hint
from tui.requests.validate import Report
from tui.store.journal import Journal, Stage, Submission

_LOOKS: Final = 5  # after the file is gone, for what was made just before


async def withdraw(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Withdrawing | Looking | Withdrawn | Created]:
    """Delete the uploaded file of a submission in doubt; the last step is `Withdrawn`.

    It is `Created` where the batch shows after all. Raises `Unknowable` where the file cannot be deleted, and
    `LazybatchError` where it is not known whether it is: then the next attempt goes on from there.
    """
    stored = await _to_delete(submission, report, wire, journal, looks)
    if stored is not None:
        await asyncio.to_thread(journal.withdraw, submission.id, stored.id, key_hint(wire.address.key))
        submission = replace(submission, stage=Stage.WITHDRAWING)
        yield Withdrawing(stored.id)
        await _deleted(stored, submission, wire, journal, looks)
    search = BatchSearch(submission, wire, journal, looks, enough=_LOOKS)
    async for looking in search.steps():
        yield looking
    if search.batch is not None:
        yield await created(submission, search.batch, journal, adopted=True)
        return
    await asyncio.to_thread(journal.renew, submission.id)
    yield Withdrawn(replace(submission, stage=Stage.UPLOADING, file_id=None))


async def _to_delete(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> StoredFile | None:
    """The file; None where an earlier process has deleted it. Raises where it cannot go, before anything is sent."""
    stored = await _still_seen(submission, wire, looks)
    if stored is None:
        withdrawn = await asyncio.to_thread(journal.withdrawn, submission.id)
        same_key = withdrawn.get(submission.file_id or "") == key_hint(wire.address.key)
        if submission.stage is Stage.WITHDRAWING and same_key:
            return None
        # A list without the batch tells nothing, because it may be another project's.
        raise Unknowable(
            f"It is not known whether the batch was created: {wire.address.host} shows this key neither a batch of it "
            "nor the uploaded file. With the key it was sent with, it can be found out; submitted again with this one "
            "it may be paid for twice."
        )
    if (why := await asyncio.to_thread(why_kept, stored, submission, journal)) is not None:
        raise _may_come_yet(why, wire)
    try:
        await check_unchanged(report)
    except LazybatchError:
        raise _may_come_yet(f"{report.path} has changed or gone and could not be uploaded anew", wire) from None
    return stored


async def _still_seen(submission: Submission, wire: Wire, looks: Sequence[float]) -> StoredFile | None:
    """The uploaded file, asked for a few times where no answer comes: minutes of looks rest on it."""
    waits = [0.0, *looks[:3]]
    while True:
        await asyncio.sleep(waits.pop(0))
        try:
            return await seen_upload(submission, wire)
        except WireError as error:
            if not waits or not passing(error):
                raise not_known(error) from None


async def _deleted(
    stored: StoredFile, submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float]
) -> None:
    """Delete the file and make sure that it is gone; raises where it is not, or that is not known."""
    number = await asyncio.to_thread(journal.delete_asked, stored.id)
    end = await delete_one(stored, wire, first_wait=looks[0])
    gone = await _is_gone(submission, wire, looks)
    if gone:
        await asyncio.to_thread(journal.delete_told, number, Outcome.DELETED, None)
        return
    if end.outcome is Outcome.UNREACHABLE or gone is None:
        await asyncio.to_thread(journal.delete_told, number, Outcome.UNREACHABLE, end.message)
        raise not_known(LazybatchError(end.message or f"{wire.address.host} does not answer.", 3))
    await asyncio.to_thread(journal.delete_told, number, Outcome.REFUSED, end.message)
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATING)
    raise _may_come_yet(f"the uploaded file cannot be deleted{_said(end)}", wire)


async def _is_gone(submission: Submission, wire: Wire, looks: Sequence[float]) -> bool | None:
    """Whether the file is gone, whatever was said of the delete; None where no look was answered."""
    told = None
    for wait in (0.0, *looks[:3]):
        await asyncio.sleep(wait)
        try:
            told = await seen_upload(submission, wire) is None
        except WireError as error:
            if not passing(error):
                raise not_known(error) from None
        if told:
            return True
    return told


def _said(end: Deleted) -> str:
    return f" ({end.message.rstrip('.')})" if end.message else ""


def _may_come_yet(why: str, wire: Wire) -> Unknowable:
    return Unknowable(
        f"{wire.address.host} never answered the create and shows no batch. One may come of it yet, because {why}. "
        "Look again later; submitted again it may be paid for twice."
    )
