"""`lazybatch mend`."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui.cli.commands.validate import report_lines, validated
from tui.cli.context import chosen
from tui.cli.output import Output
from tui.cli.work import worked
from tui.format.text import count, plural
from tui.requests.fix import Additions, MendReport, mend

_MOST_CHANGES = 20  # in words; --json has up to 1,000


def run(options: Namespace) -> int:
    """Write a copy with what can be put right put right; 1 where something else is wrong with it."""
    profile = chosen(options)
    output = Output(as_json=options.json)
    path, out = Path(options.file), Path(options.out)
    additions = Additions(options.endpoint, options.model)
    mended = worked(
        f"Mending {path.name}",
        lambda told, gone: mend(path, out, limits=profile.limits, additions=additions, progress=told, cancelled=gone),
    )
    report = validated(out, options.endpoint, profile, then_estimated=False)
    output.say("\n".join([*_words(mended), *report_lines(report)]))
    output.document({"changes": _changes(mended), "out": str(mended.out), "ok": report.ok})
    return 0 if report.ok else 1


def _words(mended: MendReport) -> Iterator[str]:
    for change in mended.changes[:_MOST_CHANGES]:
        yield f"  line {count(change.line)}  {change.message}"
    if mended.change_count > _MOST_CHANGES:
        yield f"  … and {count(mended.change_count - _MOST_CHANGES)} more"
    yield f"{plural(mended.change_count, 'change')} to {mended.path}, of which this is the copy:"


def _changes(mended: MendReport) -> list[dict[str, Any]]:
    return [
        {
            "line": change.line,
            "code": change.code,
            "message": change.message,
            "param": change.param,
            "custom_id": change.custom_id,
        }
        for change in mended.changes
    ]
