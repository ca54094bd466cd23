"""Turning a validated file into a batch, exactly once.

The journal is a step ahead of the server: each step is written down before it is taken. An answer that leaves open
whether the work was done is never followed by the same call; the server is asked for what the call would have made,
which carries the submission's id in its name (the upload) or its metadata (the batch), and what is found is adopted.
Where no batch is found, the uploaded file is deleted, and the work begins anew with another one: the call that nobody
answered names a file that is gone.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

from tui.batches.batch import CONTENT_KEY, SUBMISSION_KEY, Status
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp, abandoned, outdated, written_off
from tui.flows.submit.create import create
from tui.flows.submit.find import CONTENT_DIGITS, find_content, find_upload, still_there
from tui.flows.submit.resolve import created
from tui.flows.submit.steps import (
    LOOKS,
    TRIES,
    Already,
    Created,
    Forgotten,
    Order,
    OtherwiseSubmitted,
    Step,
    Uploaded,
    Withdrawn,
)
from tui.flows.submit.upload import upload
from tui.format.text import clean_line, plural
from tui.store.journal import Journal, Stage, Submission, new_id

_IN_PARTS = "Its requests went out in parts: what was begun with the whole file is written off."
_NAME_ROOM = 80  # characters of the input file's name that the upload's name keeps


async def submit(order: Order, *, wire: Wire, journal: Journal, looks: Sequence[float] = LOOKS) -> AsyncIterator[Step]:
    """Upload the file and create its batch; the last step is `Created` or `Already`.

    Takes up an earlier submission of the same content that was broken off. Raises `LazybatchError` where it cannot be
    done; where even that is not known, the submission stays open in the journal and the sentence says so.
    """
    with journal.claim(order.report.sha256):
        async for given_up in outdated(order.report, wire, journal):
            yield given_up
        earlier = await asyncio.to_thread(journal.of_content, order.report.sha256)
        open_one = next((found for found in earlier if found.open), None)
        if not order.again and (already := await _already(order, earlier, wire, journal)):
            if open_one is not None:
                yield GivenUp(await abandoned(open_one, _IN_PARTS, wire, journal))
            yield already
            return
        if order.adopt is not None:
            yield await _adopted(open_one, order.adopt, wire, journal)
            return
        if open_one is not None and order.again and (lost := await written_off(open_one, wire, journal)):
            yield GivenUp(lost)
            open_one = None
        submission = await (_taken_up(open_one, order, journal) if open_one else _opened(order, journal))
        async for step in _carried_out(submission, order, wire, journal, looks, begun=open_one is not None):
            yield step


async def _carried_out(
    submission: Submission, order: Order, wire: Wire, journal: Journal, looks: Sequence[float], *, begun: bool
) -> AsyncIterator[Step]:
    """Upload and create; anew where the file had to be withdrawn. `begun` tells that an earlier process was at it."""
    if order.expected is not None:
        await asyncio.to_thread(journal.expect, submission.id, order.expected)
    for _ in range(TRIES + submission.in_doubt):
        if submission.stage is Stage.UPLOADING:
            # Only an earlier attempt can have left something on the server.
            file_id = await find_upload(submission, wire, journal) if begun else None
            file_id = file_id or await still_there(order.file_id, submission.bytes, wire)
            if file_id is not None:
                yield Uploaded(file_id, adopted=True)
            else:
                async for step in upload(submission, order.report, wire, journal, looks):
                    yield step
                    file_id = step.file_id if isinstance(step, Uploaded) else None
            await asyncio.to_thread(journal.advance, submission.id, Stage.UPLOADED, file_id=file_id)
            submission = replace(submission, stage=Stage.UPLOADED, file_id=file_id)
        last: Step | None = None
        async for last in create(submission, order.report, wire, journal, looks):
            yield last
        if not isinstance(last, Withdrawn):
            return
        submission, begun = await _taken_up(last.submission, order, journal), False
        order = replace(order, file_id=None)
    raise LazybatchError(
        "The server never said whether the batch was created, and shows none. What was uploaded for it is deleted, so "
        "that none can come of it later. Submit the same file to try again.",
        3,
    )


async def _opened(order: Order, journal: Journal) -> Submission:
    report, identity = order.report, order.submission_id or new_id()
    models = list(report.models)
    submission = Submission(
        id=identity,
        account=journal.account,
        sha256=report.sha256,
        path=str(report.path.absolute()),
        bytes=report.bytes,
        requests=report.requests,
        endpoint=order.endpoint,
        model=models[0] if len(models) == 1 else None,
        metadata=_named(order, identity),
        upload_name=f"{clean_line(report.path.stem)[:_NAME_ROOM]}.{identity}.jsonl",
        stage=Stage.UPLOADING,
    )
    await asyncio.to_thread(journal.open, submission)
    return submission


async def _taken_up(submission: Submission, order: Order, journal: Journal) -> Submission:
    """A broken-off submission with what has been said yes to now, unless its batch may exist already."""
    if submission.in_doubt:
        return submission
    metadata = _named(order, submission.id)
    await asyncio.to_thread(journal.amend, submission.id, order.endpoint, metadata)
    return replace(submission, endpoint=order.endpoint, metadata=metadata)


def _named(order: Order, submission_id: str) -> dict[str, str]:
    """The user's metadata with what the batch is known again by."""
    return dict(order.metadata) | {SUBMISSION_KEY: submission_id, CONTENT_KEY: order.report.sha256[:CONTENT_DIGITS]}


async def _adopted(submission: Submission | None, batch_id: str, wire: Wire, journal: Journal) -> Created:
    """Raises `LazybatchError` where nothing is in doubt, or there is no such batch, or it is another submission's."""
    if submission is None or not submission.in_doubt:
        raise LazybatchError("Nothing of this file waits to be told which batch it came to. Nothing was sent.", 1)
    if batch_id in await asyncio.to_thread(journal.by_batch):
        raise LazybatchError(f"{batch_id} is the batch of another submission. Nothing was sent.", 1)
    try:
        batch = batch_from(await wire.retrieve_batch(batch_id))
    except WireError as error:
        # That no batch came of it is not said by that: the submission stays in doubt.
        raise LazybatchError(f"{error.sentence} Nothing was sent.", error.exit_code) from None
    if batch is None:
        raise AssertionError("the wire lets no batch without an id through")
    return await created(submission, batch, journal, adopted=True)


async def _already(order: Order, earlier: Sequence[Submission], wire: Wire, journal: Journal) -> Already | None:
    """What the same content came to before, whole or in parts, here or elsewhere.

    Raises `OtherwiseSubmitted` where parts of it are going out.
    """
    open_one = next((found for found in earlier if found.open), None)
    if open_one is not None and open_one.in_doubt:
        # What may have been created whole keeps all parts from going out.
        return None
    parts = await asyncio.to_thread(journal.of_source, order.report.sha256)
    whole = [] if open_one is not None else earlier
    try:
        if already := await already_there([*whole, *parts], wire, order.no_duplicate_of):
            return already
    except Forgotten:
        # Some servers list what they do not find by its id.
        if (listed := await _already_elsewhere(order, wire)) is not None:
            return listed
        raise
    if any(part.in_doubt for part in parts):
        raise OtherwiseSubmitted(
            "Parts of this file were submitted, and it is not known whether one of them came to a batch: submit it in "
            "parts again to find out. Nothing was sent.",
            1,
        )
    if waiting := await asyncio.to_thread(journal.waiting_parts, order.report.sha256):
        others = f" and {plural(len(waiting) - 1, 'other')}" if waiting[1:] else ""
        raise OtherwiseSubmitted(
            f"Parts of this file wait in the queue, as {waiting[0]}{others}: remove those first. Nothing was sent.", 1
        )
    return await _already_elsewhere(order, wire) if open_one is None else None


async def _already_elsewhere(order: Order, wire: Wire) -> Already | None:
    """What another machine, or a state folder that is gone, has submitted."""
    batch = await find_content(order.report.sha256, wire, order.no_duplicate_of)
    return None if batch is None else Already(None, batch)


async def already_there(
    earlier: Sequence[Submission], wire: Wire, no_duplicate_of: Collection[str] = ()
) -> Already | None:
    """The newest of earlier submissions whose batch is there and did not fail.

    Not of those that are retried, nor of what was submitted before the newest of them: its results were read since.
    Raises `Forgotten` where there is none, and the server no longer knows one that it had.
    """
    forgotten: Submission | None = None
    since = max((found.opened_at for found in earlier if found.batch_id in no_duplicate_of), default=0.0)
    for found in earlier:
        if found.batch_id is None or found.opened_at < since or found.batch_id in no_duplicate_of:
            continue
        try:
            batch = batch_from(await wire.retrieve_batch(found.batch_id))
        except WireError as error:
            if error.kind is Kind.NOT_FOUND:
                forgotten = forgotten or found
                continue
            raise
        if batch is not None and batch.status is not Status.FAILED:
            return Already(found, batch)
    if forgotten is not None:
        raise Forgotten(forgotten, wire.address.host)
    return None
