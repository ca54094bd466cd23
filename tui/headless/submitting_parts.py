"""`lazybatch submit --split` of a file that is over the limits of one batch."""

import asyncio
from collections.abc import Mapping, Sequence

from tui.batches.batch import GROUP_KEY
from tui.errors import LazybatchError
from tui.flows.parts import Broken, PartsOrder, Queued, cut, submit_parts
from tui.flows.parts_line import Line
from tui.flows.price import expected, range_text
from tui.flows.steps import Already, Created, OtherwiseSubmitted, Uploading
from tui.headless.asking import agreed
from tui.headless.budgeting import tell_budget
from tui.headless.checking import estimated, summary
from tui.headless.printing import Output
from tui.headless.progress import Progress
from tui.headless.session import opened
from tui.headless.submitting import note, only_again
from tui.headless.working import worked
from tui.requests.limits import Limits
from tui.requests.validate import Report
from tui.settings import Profile, state_folder
from tui.text import plural

_Ends = dict[int, Created | Already | Queued]


def send_parts(
    report: Report,
    pairs: Mapping[str, str],
    limits: Limits,
    profile: Profile,
    output: Output,
    *,
    yes: bool,
    again: bool,
    adopt: str | None,
) -> int:
    """Cut the file to `limits` and submit its parts after one question; the exit status.

    Broken off, the document tells how far it came before the error is raised.
    """
    state = state_folder()
    parts = worked(f"Splitting {report.path.name}", lambda told, gone: cut(report, limits, state, told, gone))
    held = f"{plural(len(parts), 'part')} of {report.path}: {summary(report)}"
    worth = estimated(report, profile)
    output.note(f"{held}. Estimated cost of all: {range_text(worth)}.")
    tell_budget([worth], profile, output, parts=len(parts))
    if not yes and not agreed(
        f"Submit {plural(len(parts), 'part')}, {plural(report.requests, 'request')} to {profile.host}?"
    ):
        output.note("Nothing was submitted.")
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
        output.note(
            f"All parts of {report.path} were submitted already. Nothing was sent. "
            f"To make second batches of them: lazybatch submit {report.path} --split --again"
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
