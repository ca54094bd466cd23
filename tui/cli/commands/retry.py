"""`lazybatch retry`."""

import asyncio
from argparse import Namespace
from pathlib import Path
from typing import Any

from tui.batches.metadata import retry_metadata
from tui.cli.commands.submit.whole import send
from tui.cli.commands.validate import estimated, report_lines, validated
from tui.cli.confirm import need_a_terminal
from tui.cli.context import to_change, with_key
from tui.cli.fetch_results import Judged, judged
from tui.cli.output import Output
from tui.cli.work import worked
from tui.errors import LazybatchError
from tui.flows.estimate import expected
from tui.flows.results.download import Part, result_path
from tui.flows.submit.steps import Already, Created, Order
from tui.format.text import count, plural
from tui.results.export.retry_file import Remainder, write_remainder
from tui.settings.profiles import Profile


def run(options: Namespace) -> int:
    """Write a batch's remainder and, if told to, submit it; 1 where that is refused."""
    profile = to_change(options, "submit anything") if options.submit else with_key(options)
    if options.submit:
        need_a_terminal(yes=options.yes, verb="submit")
    output = Output(as_json=options.json)
    found, remainder = _remainder(options, profile)
    output.say(_words(remainder))
    status, batch_id = 0, None
    running = next((batch.id for batch, _ in found.left_out if batch.status.active), None)
    if running is not None:
        output.note(f"{running} is still running requests of {found.batch.id} again: they may come out well there.")
    if options.submit and remainder.out is not None:
        if running is not None:
            output.say("Nothing was submitted: that would pay for them twice.")
            status, batch_id = 1, running
        elif found.mismatch and not options.allow_mismatch:
            output.say(
                f"{found.mismatch} Nothing was submitted: requests could be paid for that have good results. "
                "To submit them all the same: --allow-mismatch"
            )
            status = 1
        else:
            try:
                status, batch_id = _submit(found, remainder.out, profile, output, options)
            except LazybatchError:
                # The file is written, whatever becomes of its batch.
                output.document(_object(remainder, None))
                raise
    output.document(_object(remainder, batch_id))
    return status


def _remainder(options: Namespace, profile: Profile) -> tuple[Judged, Remainder]:
    found = asyncio.run(judged(profile, options.id, options.input))
    if found.judgement.requests is None:
        raise LazybatchError("Without the input file the requests to run again are not known: give --input FILE.", 1)
    out = _default_name(found.batch.id) if options.out is None else Path(options.out)
    remainder = worked(f"Writing {out.name}", lambda told, gone: write_remainder(found.judgement, out, told, gone))
    return found, remainder


def _default_name(batch_id: str) -> Path:
    """`ID.remainder.jsonl` in the working folder, for an id of any kind."""
    name = result_path(Path(), batch_id, Part.INPUT).name
    return Path(f"{name.removesuffix('.input.jsonl')}.remainder.jsonl")


def _submit(found: Judged, out: Path, profile: Profile, output: Output, options: Namespace) -> tuple[int, str | None]:
    """The exit status, and the id of the remainder's batch if there is one."""
    report = validated(out, found.batch.endpoint, profile)
    if not report.ok or report.endpoint is None:
        output.say("\n".join(report_lines(report)))
        return 1, None
    worth = estimated(report, profile)
    order = Order(
        report,
        report.endpoint,
        retry_metadata(found.batch),
        expected=expected(report, worth),
        retried=frozenset(batch.id for batch in found.joined),
    )
    status, end = send(order, worth, profile, output, yes=options.yes, over_budget=options.over_budget)
    return status, end.batch.id if isinstance(end, Created | Already) else None


def _words(remainder: Remainder) -> str:
    if remainder.out is None:
        return "Every request has an answer: there is nothing to run again."
    reasons = (
        (remainder.failed, "failed"),
        (remainder.expired, "expired"),
        (remainder.cancelled, "cancelled"),
        (remainder.empty, "empty"),
        (remainder.unreadable, "unreadable"),
        (remainder.missing, "without a result"),
    )
    why = ", ".join(f"{count(number)} {word}" for number, word in reasons if number)
    unreadable = (
        f"\n{plural(lines, 'result line')} cannot be read: as many may have been answered all the same."
        if (lines := remainder.unreadable + remainder.unnamed)
        else ""
    )
    return f"{remainder.out}: {plural(remainder.requests, 'request')} to run again ({why}){unreadable}"


def _object(remainder: Remainder, batch_id: str | None) -> dict[str, Any]:
    return {
        "requests": remainder.requests,
        "out": None if remainder.out is None else str(remainder.out),
        "reasons": {
            "failed": remainder.failed,
            "expired": remainder.expired,
            "cancelled": remainder.cancelled,
            "missing": remainder.missing,
            "empty": remainder.empty,
            "unreadable": remainder.unreadable,
        },
        "batch_id": batch_id,
    }
