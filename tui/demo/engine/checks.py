"""Validation of a batch's input file, by the rules that lazybatch checks files with before it sends them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from tui.demo.engine import life
from tui.demo.engine.records import BatchRecord, Check, Problem, Usage
from tui.demo.engine.results import StoppedError
from tui.demo.model import catalog, model
from tui.requests.checker import Checker
from tui.requests.limits import Limits
from tui.requests.rules import is_blank

__all__ = ["Limits", "check"]

_MOST_PROBLEMS = 1_000
_SAMPLE = 256


class _Survey:
    """What the good requests of a file will take, learnt as they go by."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._asked = self._cached = 0
        self._sample = Usage()
        self.refused: set[int] = set()
        self.seen = 0

    def add(self, request: dict[str, Any]) -> None:
        body = request["body"]
        if model.problem(self._endpoint, body):
            self.refused.add(self.seen)
        elif self.seen < _SAMPLE:
            used = model.answer(self._endpoint, body, request["custom_id"]).usage
            self._sample += used
        self._asked += model.prompt_usage(self._endpoint, body)
        self.seen += 1

    def usage(self) -> Usage:
        """Prompt tokens as counted, the others as many for each request as in the sample."""
        times = self.seen / max(1, min(self.seen, _SAMPLE))
        sample = self._sample
        scaled = Usage(0, int(sample.cached * times), int(sample.output * times), int(sample.reasoning * times))
        return replace(scaled, input=self._asked)


def check(batch: BatchRecord, path: Path, limits: Limits, stopping: threading.Event) -> Check:
    """Reads a batch's input file once. Raises StoppedError when ``stopping`` is set, OSError from the disk."""
    rules, survey = Checker(batch.endpoint, limits), _Survey(batch.endpoint)
    problems: list[Problem] = []
    with path.open("rb", buffering=1 << 20) as lines:
        for number, raw in enumerate(lines, 1):
            if not number % 256 and stopping.is_set():
                raise StoppedError
            line = raw.removesuffix(b"\n")
            if is_blank(line) or len(problems) >= _MOST_PROBLEMS:
                continue
            wrong = [Problem(p.code, p.message, p.line, p.param) for p in rules.check(line, number).problems()]
            problems += wrong or _looked_at(line, number, survey)
        size = lines.tell()
    problems += [Problem(p.code, p.message, p.line, p.param) for p in rules.finish(size)]
    if problems:
        return Check(tuple(sorted(problems, key=lambda p: p.line or 0)[:_MOST_PROBLEMS]))
    name = rules.model or ""
    found = Check((), survey.seen, name, catalog.dated(name), survey.usage())
    return replace(found, bad=_places(replace(batch, check=found), survey.refused))


def _looked_at(line: bytes, number: int, survey: _Survey) -> list[Problem]:
    """What only a server can say of a line that keeps to the rules: whether it has the model."""
    try:
        request = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        # A number out of range, or nesting too deep: both are JSON, and more than the stand-in can read.
        return [Problem("invalid_json_line", "This line is not parseable as valid JSON.", number)]
    name = request["body"]["model"]
    if not catalog.known(name):
        message = f"The provided model '{name}' is not supported by the Batch API."
        return [Problem("model_not_found", message, number, "body.model")]
    survey.add(request)
    return []


def _places(batch: BatchRecord, refused: set[int]) -> tuple[int, ...]:
    """Where in the order of completion the refused requests stand, those left out that the plan lets fail anyway."""
    if not refused:
        return ()
    return tuple(p for p, index in enumerate(life.order(batch)) if index in refused and not life.fails(batch, p))
