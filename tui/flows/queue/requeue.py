"""A batch that was refused for want of room, as what is to be submitted when there is room."""

import asyncio
from pathlib import Path

from tui.batches.batch import CONTENT_KEY, SUBMISSION_KEY, Batch
from tui.batches.quota import refused
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.estimate import expected, price
from tui.flows.submit.steps import Order
from tui.flows.validate import Validated, check
from tui.requests.validate import Identity, Report
from tui.store.journal import Submission

_MARKS = frozenset({SUBMISSION_KEY, CONTENT_KEY})  # each submission has its own
_NOWHERE = Identity(0, 0, 0, 0)


async def order_again(batch: Batch, session: Session) -> Order:
    """`batch` once more, with the uploaded file that it has. Raises `LazybatchError` where its requests are not known.

    What was submitted from here is known without its file. Of another's batch the input is read, and downloaded where
    it is not on this machine.
    """
    if refused(batch) is None:
        raise LazybatchError("It was not refused for what waits already.", 1)
    submission = (await asyncio.to_thread(session.journal.by_batch)).get(batch.id)
    if submission is not None:
        known = (await asyncio.to_thread(session.journal.expected)).get(batch.id)
        metadata = {key: value for key, value in submission.metadata.items() if key not in _MARKS}
        report = await asyncio.to_thread(_report, submission)
        return Order(report, submission.endpoint, metadata, expected=known, file_id=batch.input_file_id)
    path = await session.input_of(batch)
    if path is None or batch.endpoint is None:
        raise LazybatchError("The server does not tell what it was made of: submit its file again.", 1)
    report = await _validated(path, batch.endpoint, session)
    value = await price(report, await session.costs())
    metadata = {key: value for key, value in batch.metadata if key not in _MARKS}
    return Order(report, batch.endpoint, metadata, expected=expected(report, value), file_id=batch.input_file_id)


async def _validated(path: Path, endpoint: str, session: Session) -> Report:
    async for step in check(path, endpoint=endpoint, limits=session.profile.limits):
        if isinstance(step, Validated):
            if not step.report.ok:
                raise LazybatchError(f"Its input file has problems: {step.report.problems[0].sentence}", 1)
            return step.report
    raise AssertionError("the last step is the report")


def _report(submission: Submission) -> Report:
    """What validation found before it was submitted."""
    path = Path(submission.path)
    try:
        identity = Identity.of(path.stat())
    except OSError:
        # It is needed only where its upload is gone as well, and then is told of.
        identity = _NOWHERE
    return Report(
        path=path, bytes=submission.bytes, sha256=submission.sha256, requests=submission.requests,
        endpoint=submission.endpoint, models={submission.model: submission.requests} if submission.model else {},
        inputs=0, problems=(), problem_count=0, counts_by_code={}, warnings=(), warning_count=0, identity=identity,
    )  # fmt: skip
