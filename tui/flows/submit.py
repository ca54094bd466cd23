"""Turning a validated file into a batch, exactly once.

The journal is a step ahead of the server: each step is written down before it is taken. An answer that leaves open
whether the work was done is never followed by the same call; the server is asked for what the call would have made,
which carries the submission's id in its name (the upload) or its metadata (the batch), and what is found is adopted.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tui.batches.batch import SUBMISSION_KEY, Batch, Status
from tui.errors import LazybatchError
from tui.flows.giving_up import GivenUp, abandoned, never_told, outdated, written_off
from tui.flows.lookup import find_batch, find_upload
from tui.requests.validate import Identity, Report
from tui.state.journal import Journal, Stage, Submission, new_id
from tui.text import clean_line
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from

# Seconds between two looks after an unclear answer. Only when the last look has found nothing either is the server
# taken to have done nothing.
LOOKS: Sequence[float] = (0.5, 1, 2, 4, 8, 15)
_TRIES = 3
_TICK = 0.1  # seconds between two steps of progress
_NAME_ROOM = 80  # characters of the input file's name that the upload's name keeps
_PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no second try


@dataclass(frozen=True, slots=True)
class Order:
    """What a person has said yes to. `again` allows a second batch of the same content.

    It also writes off a submission of which the provider cannot tell whether it came to a batch.
    """

    report: Report
    endpoint: str
    metadata: Mapping[str, str]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Uploading:
    """Bytes sent so far, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The server has the file; `adopted` if it was there already from an attempt that got no answer."""

    file_id: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """A call got no clear answer; the server is being asked what came of it."""

    error: WireError


@dataclass(frozen=True, slots=True)
class Created:
    """The batch is there."""

    batch: Batch
    submission: Submission
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Already:
    """The same content was submitted before and did not fail: nothing was sent."""

    submission: Submission
    batch: Batch


Step = Uploading | Uploaded | Unclear | GivenUp | Created | Already


class Unknowable(LazybatchError):  # noqa: N818  # what it says of the outcome; the base is an Error by name
    """Whether a batch was created can never be found out here: the provider does not list its batches.

    Only its user can look elsewhere, and decide: an `Order` with `again` writes the open submission off.
    """


async def submit(order: Order, *, wire: Wire, journal: Journal, looks: Sequence[float] = LOOKS) -> AsyncIterator[Step]:
    """Upload the file and create its batch; the last step is `Created` or `Already`.

    Takes up an earlier submission of the same content that was broken off. Raises `LazybatchError` where it cannot be
    done; where even that is not known, the submission stays open in the journal and the sentence says so.
    """
    with journal.claim(order.report.sha256):
        async for given_up in outdated(order.report, journal):
            yield given_up
        earlier = await asyncio.to_thread(journal.of_content, order.report.sha256)
        open_one = next((found for found in earlier if found.open), None)
        if open_one is None and not order.again:
            # What went out in parts has gone out as well.
            parts = await asyncio.to_thread(journal.of_source, order.report.sha256)
            if already := await already_there([*earlier, *parts], wire):
                yield already
                return
        if open_one is not None and order.again and (lost := await written_off(open_one, wire, journal)):
            yield GivenUp(lost)
            open_one = None
        submission = await (_taken_up(open_one, order, journal) if open_one else _opened(order, journal))
        if submission.stage is Stage.UPLOADING:
            # Only an earlier attempt can have left something on the server.
            file_id = await find_upload(submission, wire) if open_one else None
            if file_id is not None:
                yield Uploaded(file_id, adopted=True)
            else:
                async for step in _upload(submission, order.report, wire, journal, looks):
                    yield step
                    file_id = step.file_id if isinstance(step, Uploaded) else None
            await asyncio.to_thread(journal.advance, submission.id, Stage.UPLOADED, file_id=file_id)
            submission = replace(submission, stage=Stage.UPLOADED, file_id=file_id)
        async for created in _create(submission, wire, journal, looks):
            yield created


async def _opened(order: Order, journal: Journal) -> Submission:
    report, identity = order.report, new_id()
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
        metadata=dict(order.metadata) | {SUBMISSION_KEY: identity},
        upload_name=f"{clean_line(report.path.stem)[:_NAME_ROOM]}.{identity}.jsonl",
        stage=Stage.UPLOADING,
    )
    await asyncio.to_thread(journal.open, submission)
    return submission


async def _taken_up(submission: Submission, order: Order, journal: Journal) -> Submission:
    """A broken-off submission with what has been said yes to now, unless its batch may exist already."""
    if submission.stage is Stage.CREATING:
        return submission
    metadata = dict(order.metadata) | {SUBMISSION_KEY: submission.id}
    await asyncio.to_thread(journal.amend, submission.id, order.endpoint, metadata)
    return replace(submission, endpoint=order.endpoint, metadata=metadata)


async def already_there(earlier: Sequence[Submission], wire: Wire) -> Already | None:
    """The newest of earlier submissions whose batch is there and did not fail."""
    for found in earlier:
        if found.batch_id is None:
            continue
        try:
            batch = batch_from(await wire.retrieve_batch(found.batch_id))
        except WireError as error:
            if error.kind is Kind.NOT_FOUND:
                continue
            raise
        if batch is not None and batch.status is not Status.FAILED:
            return Already(found, batch)
    return None


async def _upload(
    submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Uploading | Uploaded | Unclear]:
    for attempt in range(1, _TRIES + 1):
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
            if not _passing(error):
                await asyncio.to_thread(journal.advance, submission.id, Stage.REFUSED, reason=error.sentence)
                raise
            if error.unclear:
                yield Unclear(error)
                if found := await _looked_for_upload(submission, wire, looks):
                    yield Uploaded(found, adopted=True)
                    return
            elif attempt == _TRIES or (error.retry_after or 0) > _PATIENCE:
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
        f"The upload broke off {_TRIES} times; no batch was created. Submit the file again to go on with it.", 3
    )


async def _looked_for_upload(submission: Submission, wire: Wire, looks: Sequence[float]) -> str | None:
    for wait in looks[:3]:  # a file that is there twice costs nothing: three looks are enough
        await asyncio.sleep(wait)
        try:
            if found := await find_upload(submission, wire):
                return found
        except WireError as error:
            if not _passing(error):
                raise
    return None


async def _create(
    submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float]
) -> AsyncIterator[Unclear | Created]:
    if submission.stage is Stage.CREATING:
        # An earlier process sent it off and never heard.
        batch = await _looked_for_batch(submission, wire, looks)
        if batch is not None:
            yield await _created(submission, batch, journal, adopted=True)
            return
    for attempt in range(1, _TRIES + 1):
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
            if not _passing(error):
                await asyncio.to_thread(journal.advance, submission.id, Stage.REFUSED, reason=error.sentence)
                raise
            if error.unclear:
                yield Unclear(error)
                batch = await _looked_for_batch(submission, wire, looks)
                if batch is not None:
                    yield await _created(submission, batch, journal, adopted=True)
                    return
            else:
                await asyncio.to_thread(journal.advance, submission.id, Stage.UPLOADED)
                if attempt == _TRIES or (error.retry_after or 0) > _PATIENCE:
                    raise
                await asyncio.sleep(max(looks[0], error.retry_after or 0))
        else:
            if batch is None:
                raise AssertionError("the wire lets no batch without an id through")
            yield await _created(submission, batch, journal, adopted=False)
            return
    raise LazybatchError(
        "The server never said whether the batch was created, and shows none. Submit the same file to look again.", 3
    )


async def _looked_for_batch(submission: Submission, wire: Wire, looks: Sequence[float]) -> Batch | None:
    """The submission's batch, if one of several looks finds it; raises where the last look got no answer."""
    for place, wait in enumerate(looks, 1):
        await asyncio.sleep(wait)
        try:
            if batch := await find_batch(submission, wire):
                return batch
        except WireError as error:
            if never_told(error) and (place == len(looks) or error.kind is Kind.NOT_FOUND):
                raise Unknowable(
                    f"It is not known whether the batch was created: {error.sentence} The provider cannot be asked. "
                    "Look elsewhere whether it runs: submitted again it may be paid for twice.",
                    3,
                ) from None
            if place == len(looks) or not _passing(error):
                raise LazybatchError(
                    f"It is not known whether the batch was created: {error.sentence} "
                    "Nothing more is sent before the server has been asked; submit the same file to ask it.",
                    3,
                ) from None
    return None


async def _created(submission: Submission, batch: Batch, journal: Journal, *, adopted: bool) -> Created:
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
    return Created(batch, replace(submission, stage=Stage.CREATED, batch_id=batch.id), adopted)


def _unchanged(report: Report) -> None:
    """Raise where the file is no longer the one that was validated."""
    try:
        same = Identity.of(report.path.stat()) == report.identity
    except OSError:
        same = False
    if not same:
        raise LazybatchError(f"{report.path} has changed or gone since it was validated: validate it again.", 1)


def _passing(error: WireError) -> bool:
    """Whether the same call may succeed later: nothing was decided against it."""
    return error.unclear or error.kind in {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.SERVER}
