"""`lazybatch validate`, which is also the first step of `submit`."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from threading import Thread
from typing import Any

from tui.cli.context import chosen
from tui.cli.costs import costing
from tui.cli.output import Output
from tui.cli.work import worked
from tui.flows.estimate import prepare, priced, range_text
from tui.format.text import count, plural, size
from tui.requests.cost.estimate import Estimate, estimate_json
from tui.requests.validate import Problem, Report, validate
from tui.settings.profiles import Profile

_MOST_GROUPS = 50  # in words; --json has up to 1,000 problems
_MOST_RANGES = 5
_MOST_WARNINGS = 10


def run(options: Namespace) -> int:
    """Print every problem of a file; 1 where there is one."""
    output = Output(as_json=options.json)
    profile = chosen(options)
    report = validated(Path(options.file), options.endpoint, profile)
    worth = estimated(report, profile) if report.ok else None
    output.document(report_object(report, worth))
    output.say("\n".join(report_lines(report)))
    if worth is not None:
        output.say(f"  estimated cost: {range_text(worth)}. {worth.basis}")
    return 0 if report.ok else 1


def estimated(report: Report, profile: Profile) -> Estimate:
    """What the requests of a good file will cost, with what earlier batches tell of the output."""
    with costing(profile) as costs:
        return worked(f"Estimating {report.path.name}", lambda told, gone: priced(report, costs, told, gone))


def validated(path: Path, endpoint: str | None, profile: Profile, *, then_estimated: bool = True) -> Report:
    """The report on the file at `path`, with a progress bar on the way."""
    if then_estimated:
        Thread(target=_prepare, args=(path, profile)).start()
    return worked(
        f"Validating {path.name}",
        lambda told, gone: validate(path, endpoint=endpoint, limits=profile.limits, progress=told, cancelled=gone),
    )


def _prepare(path: Path, profile: Profile) -> None:
    with costing(profile) as costs:
        prepare(path, costs)


def report_object(report: Report, worth: Estimate | None) -> dict[str, Any]:
    """The contract's fields."""
    return {
        "file": str(report.path),
        "bytes": report.bytes,
        "sha256": report.sha256,
        "requests": None if report.encoding else report.requests,
        "endpoint": report.endpoint,
        "models": dict(report.models),
        "ok": report.ok,
        "problem_count": report.problem_count,
        "problems": [_problem_object(problem) for problem in report.problems],
        "warnings": [_problem_object(warning) for warning in report.warnings],
        "estimate": None if worth is None else estimate_json(worth),
    }


def report_lines(report: Report) -> Iterator[str]:
    """What the file is and everything that is wrong with it, for people."""
    yield f"{report.path}: {summary(report)}"
    groups = dict[tuple[str, str], list[Problem]]()
    for problem in report.problems:
        groups.setdefault((problem.code, problem.sentence), []).append(problem)
    shown = list(groups.values())[:_MOST_GROUPS]
    yield from (f"  {_problems_line(problems)}" for problems in shown)
    if more := report.problem_count - sum(map(len, shown)):
        yield f"  … and {count(more)} more (--json lists up to 1,000)"
    for warning in report.warnings[:_MOST_WARNINGS]:
        yield f"  warning: {_problems_line([warning])}"
    if report.warning_count > _MOST_WARNINGS:
        yield f"  … and {plural(report.warning_count - _MOST_WARNINGS, 'warning')} more"
    if report.ok:
        yield "✓ Nothing is wrong with it."
    else:
        found = (f"{count(number)} {code}" for code, number in report.counts_by_code.items())
        yield f"✗ {plural(report.problem_count, 'problem')}: {', '.join(found)}"


def summary(report: Report) -> str:
    """`200 requests, 72 kB, /v1/chat/completions, gpt-4o-mini`."""
    if report.encoding is not None:
        return f"{report.encoding.name}, {size(report.bytes)}"
    parts = [plural(report.requests, "request"), size(report.bytes), report.endpoint or "no endpoint"]
    names = list(report.models)
    if names:
        several = f"{count(len(names))} models ({', '.join(names[:3])}{', …' if names[3:] else ''})"
        parts.append(names[0] if len(names) == 1 else several)
    return ", ".join(parts)


def _problems_line(problems: Sequence[Problem]) -> str:
    """Problems that differ in their lines alone, in the order of those."""
    first = problems[0]
    lines = [problem.line for problem in problems if problem.line is not None]
    where = f"line{'s' if lines[1:] else ''} {_ranges(lines)}" if lines else "file"
    return f"{where}  {first.code}  {first.sentence}"


def _ranges(lines: Sequence[int]) -> str:
    """`11`, `3, 51-90`, `1, 3, 5, 7, 9 and 20 others`."""
    # Consecutive numbers are as far from their places as the first is.
    runs = [[line for _, line in run] for _, run in groupby(enumerate(lines), lambda each: each[1] - each[0])]
    told = [count(run[0]) + (f"-{count(run[-1])}" if run[1:] else "") for run in runs[:_MOST_RANGES]]
    others = sum(map(len, runs[_MOST_RANGES:]))
    return ", ".join(told) + (f" and {plural(others, 'other')}" if others else "")


def _problem_object(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "code": problem.code,
        "message": problem.message,
        "param": problem.param,
        "custom_id": problem.custom_id,
    }
