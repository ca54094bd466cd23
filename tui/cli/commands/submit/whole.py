"""`lazybatch submit`."""

import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.batches.batch import PARENT_KEY, Batch
from tui.batches.metadata import metadata
from tui.cli.commands.submit.budget import goes_on, of_content, permitted, to_budget, to_quota
from tui.cli.commands.validate import estimated, report_lines, summary, validated
from tui.cli.confirm import need_a_terminal
from tui.cli.context import connected, journal, opened, to_change
from tui.cli.output import Output
from tui.cli.progress import Progress
from tui.errors import LazybatchError
from tui.flows.estimate import expected, range_text
from tui.flows.queue.part_queue import Line
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.limit_checks import NO_ROOM, Objection, token_budget
from tui.flows.submit.parts import Queued, least_parts, only_limits, submit_or_wait
from tui.flows.submit.steps import (
    Already,
    Created,
    Looking,
    Order,
    OtherwiseSubmitted,
    Step,
    Unclear,
    Unknowable,
    Uploaded,
    Uploading,
    Withdrawing,
    Withdrawn,
    left_undone,
)
from tui.flows.submit.submit import submit
from tui.format.text import age, plural
from tui.requests.cost.estimate import Estimate
from tui.requests.validate import Report
from tui.settings.profiles import Profile
from tui.store.journal import Submission


def run(options: Namespace) -> int:
    """Submit a file; 1 where it has problems, was submitted before, or the answer to the question is no."""
    profile = to_change(options, "submit anything")
    pairs = metadata_of(options)
    need_a_terminal(yes=options.yes, verb="submit")
    output = Output(as_json=options.json)
    report = validated(Path(options.file), options.endpoint, profile)
    said = {"yes": options.yes, "again": options.again, "adopt": options.adopt, "over_budget": options.over_budget}
    if options.split and only_limits(report):
        from tui.cli.commands.submit.parts import send_parts

        return send_parts(report, pairs, profile, output, **said)
    if not report.ok or report.endpoint is None:
        output.say("\n".join(report_lines(report)))
        if only_limits(report):
            number = least_parts(report, profile.limits)
            output.note(f"Nothing else is wrong with it: --split submits it in {number} parts or more.")
        _document(output, report)
        return 1
    worth = estimated(report, profile)
    if options.split and token_budget(report, profile, worth):
        from tui.cli.commands.submit.parts import send_parts

        return send_parts(report, pairs, profile, output, worth=worth, **said)
    order = Order(report, report.endpoint, pairs, options.again, expected(report, worth), adopt=options.adopt)
    try:
        status, end = send(
            order, worth, profile, output, yes=options.yes, over_budget=options.over_budget, queue=options.queue
        )
    except LazybatchError:
        _document(output, report, None, _left(report, profile))
        raise
    if isinstance(end, Queued):
        _document(output, report, queued=end.entry.id)
    elif end is None:
        _document(output, report)
    else:
        _document(output, report, end.batch, end.submission)
    return status


def _left(report: Report, profile: Profile) -> Submission | None:
    """The submission of the file that the journal has, of this process or of another, if it came to no batch."""
    newest = None
    with suppress(LazybatchError):
        newest = next(iter(of_content(report, profile)), None)
    return newest if newest is not None and newest.batch_id is None else None


def metadata_of(options: Namespace) -> Mapping[str, str]:
    """The metadata that the options give a batch."""
    # What was not UTF-8 among the arguments has surrogates in it, and no JSON can carry it.
    if any(not _is_text(text) for text in (*options.meta, options.description or "")):
        raise LazybatchError("The description and the metadata must be text in UTF-8.")
    return metadata(options.description or "", options.meta)


def send(
    order: Order,
    worth: Estimate,
    profile: Profile,
    output: Output,
    *,
    yes: bool,
    over_budget: bool,
    queue: bool = False,
) -> tuple[int, Created | Already | Queued | None]:
    """Submit a good file after asking, unless `yes`: the exit status, and the flow's end if it was begun.

    What is over the budget or the quota is refused where `yes` was said beforehand, unless `over_budget` was too; with
    `queue` it waits where there is no room now.
    """
    report = order.report
    output.note(f"{report.path}: {summary(report)}. Estimated cost: {range_text(worth)}.")
    objections = [*to_quota(report, worth, profile, now=not queue), *to_budget([worth], profile, output)]
    # A batch that is there already is not paid for anew; that of which this is a retry is not this one.
    own = not order.again and PARENT_KEY not in order.metadata
    if objections and own and goes_on(of_content(report, profile), profile):
        objections = []
    ways = _ways(report, worth, profile, objections)
    question = f"Submit {plural(report.requests, 'request')} to {profile.host}?"
    if not permitted(question, objections, output, yes=yes, over_budget=over_budget, ways=ways):
        return 1, None
    try:
        end = asyncio.run(_carry_out(order, profile, output, queue=queue))
    except Unknowable as error:
        raise only_again(error, output, error.candidates, report.path) from None
    except OtherwiseSubmitted as error:
        raise only_again(error, output, (), report.path) from None
    except LazybatchError as error:
        raise LazybatchError(f"{error.sentence} {left_undone(error)}".rstrip(), error.exit_code) from None
    return _told(end, report, output), end


def _ways(report: Report, worth: Estimate, profile: Profile, objections: Sequence[Objection]) -> str:
    """The options that help against the quota."""
    if token_budget(report, profile, worth):
        return " --split submits it in parts."
    return " --queue has it wait for room." if any(each.brief == NO_ROOM for each in objections) else ""


async def _carry_out(order: Order, profile: Profile, output: Output, *, queue: bool) -> Created | Already | Queued:
    end: Created | Already | Queued | None = None
    with Progress(f"Uploading {order.report.path.name}") as bar:
        async for step in _waited(order, profile) if queue else _submitted(order, profile):
            if isinstance(step, Uploading):
                bar.update(step.done, step.total)
                continue
            bar.clear()
            if isinstance(step, Created | Already | Queued):
                end = step
            else:
                note(step, output)
    if end is None:
        raise AssertionError("the last step tells the batch")
    return end


async def _submitted(order: Order, profile: Profile) -> AsyncIterator[Step]:
    with journal(profile) as book:
        async with connected(profile) as wire:
            async for step in submit(order, wire=wire, journal=book):
                yield step


async def _waited(order: Order, profile: Profile) -> AsyncIterator[Step | Queued]:
    async with opened(profile) as session:
        async for step in submit_or_wait(order, wire=session.wire, journal=session.journal, line=Line(session)):
            yield step


def note(step: Step, output: Output) -> None:
    """Tell a step on the way that is neither progress nor the end."""
    match step:
        case Unclear(error):
            output.note(f"{error.sentence} Asking the server what came of it …")
        case Looking(fresh=fresh):
            if fresh:
                output.note(step.sentence)
        case Uploaded(file_id, adopted):
            output.note(f"{'Found the upload' if adopted else 'Uploaded'}: {file_id}")
        case Withdrawing():
            output.note("No batch is there. Deleting the uploaded file, so that none can come of it later …")
        case Withdrawn():
            output.note("It is gone. Uploading the file anew.")
        case GivenUp(submission):
            output.note(submission.reason or "")


def only_again(
    error: LazybatchError, output: Output, candidates: Sequence[Batch], path: Path, *options: str
) -> LazybatchError:
    """`error`, with the ways out that only the user can take; what may be meant is listed."""
    for batch in candidates:
        since = f"created {age(time.time() - batch.created_at)} ago" if batch.created_at else "of unknown age"
        output.note(f"  {batch.id}  {batch.status}, {since}  {batch.description or ''}".rstrip())
    way = " ".join(("lazybatch submit", str(path), *options))
    adopted = f" To say which batch it is: {way} --adopt ID." if candidates else ""
    return LazybatchError(f"{error.sentence}{adopted} To submit it all the same: {way} --again", error.exit_code)


def _told(end: Created | Already | Queued, report: Report, output: Output) -> int:
    if isinstance(end, Queued):
        output.say(f"{report.path} waits in the queue, as {end.entry.id}")
        output.note("lazybatch queue run sends it as room frees, or the screen while it is open.")
        return 0
    if isinstance(end, Already):
        output.refuse(
            f"{report.path} was submitted already, as {end.batch.id} ({end.batch.status}). Nothing was sent. "
            f"To make a second batch of it: lazybatch submit {report.path} --again",
            "already_submitted",
        )
        return 1
    output.say(f"{'Found' if end.adopted else 'Created'} {end.batch.id}")
    return 0


def _document(
    output: Output,
    report: Report,
    batch: Batch | None = None,
    submission: Submission | None = None,
    queued: int | None = None,
) -> None:
    output.document(
        {
            "submission": None if submission is None else submission.id,
            "batch_id": None if batch is None else batch.id,
            "input_file_id": None if submission is None else submission.file_id,
            "sha256": report.sha256,
            "requests": None if report.encoding else report.requests,
            "parts": [],
            **({} if queued is None else {"queued": queued}),
        }
    )


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
