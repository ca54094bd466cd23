"""`lazybatch results`."""

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui.cli.context import with_key
from tui.cli.fetch_results import Judged, judged
from tui.cli.output import Output
from tui.cli.work import Cancelled, Told, worked
from tui.errors import LazybatchError
from tui.format.text import count, plural
from tui.results.check import numbers
from tui.results.export.columns import columns_of
from tui.results.export.csv import csv_lines, export_csv
from tui.results.export.jsonl import export_jsonl, jsonl_lines
from tui.results.join import Judgement
from tui.results.row_state import State
from tui.settings.profiles import Profile

_MOST_FAILURES = 20  # groups in words; --json has them all


def run(options: Namespace) -> int:
    """Tell what became of a batch's requests, and write them out with their results; 1 where not all are good."""
    profile = with_key(options)
    if options.columns is not None:
        if options.format == "jsonl":
            raise LazybatchError("--columns goes with --format csv: JSON Lines have it all.")
        options.format = "csv"
    columns_of(options.columns or "")
    lines_wanted = options.only is not None or options.format is not None
    if options.json and lines_wanted and options.out is None:
        raise LazybatchError("With --json the joined lines need a file of their own: give -o OUT.")
    to_output = lines_wanted and options.out is None
    found, written = _results(options, profile)
    verdict = found.judgement.verdict
    # Where the lines are the result, the words go beside it.
    output = Output(as_json=options.json or to_output)
    if options.json:
        output.document(_object(found))
    output.say("\n".join(_words(found)))
    if options.out is not None:
        output.say(f"{options.out}: {plural(written, 'request')} with their results")
    if to_output:
        output.raw(_lines(found.judgement, options))
    return 1 if verdict.bad or found.doubts else 0


def _results(options: Namespace, profile: Profile) -> tuple[Judged, int]:
    """What was found, and how many lines were written to a file."""
    found, written = asyncio.run(judged(profile, options.id, options.input, whole=options.whole)), 0
    if options.out is not None:
        out = Path(options.out)
        written = worked(
            f"Writing {out.name}", lambda told, gone: _export(found.judgement, out, options, told, gone), count
        )
    return found, written


def _export(judgement: Judgement, out: Path, options: Namespace, told: Told, cancelled: Cancelled) -> int:
    only: State | None = options.only
    if options.format == "csv":
        return export_csv(judgement, out, columns_of(options.columns or ""), only, told, cancelled)
    return export_jsonl(judgement, out, only, told, cancelled)


def _lines(judgement: Judgement, options: Namespace) -> Iterator[bytes]:
    only: State | None = options.only
    if options.format == "csv":
        return csv_lines(judgement, columns_of(options.columns or ""), only, lambda _done, _total: None, lambda: False)
    return jsonl_lines(judgement, only, lambda _done, _total: None, lambda: False)


def _words(found: Judged) -> Iterator[str]:
    verdict = found.judgement.verdict
    if len(found.joined) > 1:
        yield f"{len(found.joined):,} batches read as one: {', '.join(batch.id for batch in found.joined)}"
    for batch, reason in found.left_out:
        yield f"{batch.id} is left out. {reason}"
    of = "" if verdict.requests is None else f"{plural(verdict.requests, 'request')}: "
    missing = "" if verdict.missing is None else f", {count(verdict.missing)} missing"
    yield f"{of}{numbers(verdict)}{missing}"
    for group in verdict.failures[:_MOST_FAILURES]:
        status = "" if group.status_code is None else f"{group.status_code} "
        reason = f"{status}{group.code or ''}".strip() or "no reason given"
        yield f"  {count(group.count)}  {reason}  {group.message}  (such as {group.example_custom_id})"
    if verdict.failures[_MOST_FAILURES:]:
        yield f"  … and {plural(len(verdict.failures) - _MOST_FAILURES, 'reason')} more"
    yield from (*verdict.notes, *found.doubts, *verdict.remarks)


def _object(found: Judged) -> dict[str, Any]:
    verdict = found.judgement.verdict
    return {
        "requests": verdict.requests,
        "ok": verdict.ok,
        "failed": verdict.failed,
        "missing": verdict.missing,
        "empty": verdict.empty,
        "refused": verdict.refused,
        "unreadable": verdict.unreadable + verdict.unnamed,
        "duplicate": verdict.duplicate,
        "unknown": verdict.unknown,
        "agrees_with_counts": verdict.agrees,
        "failures": [
            {
                "code": group.code,
                "status_code": group.status_code,
                "message": group.message,
                "count": group.count,
                "example_custom_id": group.example_custom_id,
            }
            for group in verdict.failures
        ],
        "joined": [batch.id for batch in found.joined],
        "left_out": [{"id": batch.id, "reason": reason} for batch, reason in found.left_out],
    }
