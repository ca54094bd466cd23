"""`lazybatch submit --split` of a file that is over the limits of one batch."""

import asyncio
from collections.abc import Mapping, Sequence

from tui.batches.batch import GROUP_KEY
from tui.cli.commands.split import cut_to_limits
from tui.cli.commands.submit.budget import permitted, to_budget, to_uncounted
from tui.cli.commands.submit.whole import note, only_again
from tui.cli.commands.validate import estimated, summary
from tui.cli.context import journal, opened
from tui.cli.output import Output
from tui.cli.progress import Progress
from tui.errors import LazybatchError
from tui.flows.estimate import expected, range_text
from tui.flows.queue.part_queue import Line
from tui.flows.submit.parts import Broken, PartsOrder, Queued, submit_parts
from tui.flows.submit.steps import Already, Created, OtherwiseSubmitted, Uploading
from tui.format.text import plural
from tui.requests.cost.estimate import Estimate
from tui.requests.validate import Report
from tui.settings.profiles import Profile

_Ends = dict[int, Created | Already | Queued]


def send_parts(
    report: Report,
    pairs: Mapping[str, str],
    profile: Profile,
    output: Output,
    *,
    worth: Estimate | None = None,
    yes: bool,
    again: bool,
    adopt: str | None,
    over_budget: bool,
) -> int:
    """Cut the file to its limits and submit its parts after one question; the exit status. `worth` is its estimate.

    Broken off, the document tells how far it came before the error is raised.
    """
    worth = worth or estimated(report, profile)
    parts = cut_to_limits(report, worth, profile)
    held = f"{plural(len(parts), 'part')} of {report.path}: {summary(report)}"
    output.note(f"{held}. Estimated cost of all: {range_text(worth)}.")
    objections = []
    # Broken off, all of it was within the budget when it began, and what is there counts as spent already.
    if again or not _begun(report, profile):
        objections = [*to_uncounted(report, worth, profile), *to_budget([worth], profile, output, parts=len(parts))]
    question = f"Submit {plural(len(parts), 'part')}, {plural(report.requests, 'request')} to {profile.host}?"
    if not permitted(question, objections, output, yes=yes, over_budget=over_budget):
        _document(output, report, parts, {})
        return 1
    ends: _Ends = {}
    try:
        order = PartsOrder(report, parts, report.endpoint or "", pairs, again, expected(report, worth), adopt)
        asyncio.run(_carry_out(order, profile, output, ends))
    except LazybatchError as error:
        _document(output, report, parts, ends)
        unknowable = isinstance(error, Broken) and error.unknowable
        if not unknowable and not isinstance(error, OtherwiseSubmitted):
            raise
        candidates = error.candidates if isinstance(error, Broken) else ()
        raise only_again(error, output, candidates, report.path, "--split") from None
    _document(output, report, parts, ends)
    return _told(ends, report, output)


def _begun(report: Report, profile: Profile) -> bool:
    with journal(profile) as book:
        return bool(book.of_source(report.sha256))


async def _carry_out(order: PartsOrder, profile: Profile, output: Output, ends: _Ends) -> None:
    """Submit every part; `ends` has how far it came even where it breaks off."""
    of = len(order.parts)
    with Progress(f"Uploading {of} parts") as bar:
        async with opened(profile) as session:
            line = Line(session)
            async for told in submit_parts(order, wire=session.wire, journal=session.journal, line=line):
                step = told.step
                if isinstance(step, Uploading):
                    bar.update(step.done, step.total)
                    continue
                bar.clear()
                if isinstance(step, Created | Already):
                    ends[told.number] = step
                    what = "was there already" if isinstance(step, Already) or step.adopted else "created"
                    output.say(f"Part {told.number} of {of}: {step.batch.id} {what}")
                elif isinstance(step, Queued):
                    ends[told.number] = step
                    output.say(f"Part {told.number} of {of}: waits in the queue, as {step.entry.id}")
                else:
                    note(step, output)


def _told(ends: _Ends, report: Report, output: Output) -> int:
    if waiting := sum(isinstance(end, Queued) for end in ends.values()):
        output.note(
            f"There is no room for {plural(waiting, 'part')} now: lazybatch queue run sends the rest as room frees, "
            "or the screen while it is open."
        )
        return 0
    if all(isinstance(end, Already) for end in ends.values()):
        output.refuse(
            f"All parts of {report.path} were submitted already. Nothing was sent. "
            f"To make second batches of them: lazybatch submit {report.path} --split --again",
            "already_submitted",
        )
        return 1
    return 0


def _document(output: Output, report: Report, parts: Sequence[Report], ends: _Ends) -> None:
    output.document(
        {
            "submission": None,
            "batch_id": None,
            "input_file_id": None,
            "sha256": report.sha256,
            "requests": report.requests,
            "parts": [_part(part, ends.get(number)) for number, part in enumerate(parts, 1)],
        }
    )


def _part(part: Report, end: Created | Already | Queued | None) -> Mapping[str, object]:
    there = end if isinstance(end, Created | Already) else None
    submission = None if there is None else there.submission
    return {
        "file": str(part.path),
        "requests": part.requests,
        "bytes": part.bytes,
        "sha256": part.sha256,
        "group": None if submission is None else submission.metadata.get(GROUP_KEY),
        "submission": None if submission is None else submission.id,
        "batch_id": None if there is None else there.batch.id,
        "queued": end.entry.id if isinstance(end, Queued) else None,
        "input_file_id": None if submission is None else submission.file_id,
    }
