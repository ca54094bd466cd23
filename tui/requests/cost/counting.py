"""How many tokens a file's requests give the models to read, and let them write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.files.source import Source
from tui.requests.cost import prompts
from tui.requests.cost.counted import Counted, Sums
from tui.requests.cost.prompts import Prompt
from tui.requests.cost.sampling import sampled
from tui.requests.cost.tokens import AT_ONCE, Counters
from tui.requests.validate import Report

# A file that is no larger is counted whole, for that takes no longer.
_SMALL: Final = 2 * 1024 * 1024


def count_tokens(source: Source, report: Report, *, whole: bool) -> Counted:
    """Counts every line if `whole`, if the file is small or if that is no more work; else those of a random sample.

    Raises what `source` raises.
    """
    counters = Counters()
    found = None if whole or report.bytes <= _SMALL else sampled(source, report, counters)
    found = found or _all(source, report, counters)
    found.vocabulary = counters.of(max(report.models, key=report.models.__getitem__, default="")).vocabulary
    return found


def _all(source: Source, report: Report, counters: Counters) -> Counted:
    """Every line, in the order of the file."""
    result = Counted()
    waiting, size = list[Prompt](), 0
    for block in source.blocks():
        for raw in _split(block.lines):
            if prompt := prompts.read(raw, report.endpoint):
                result.uncounted |= prompt.uncounted
                waiting.append(prompt)
                size += sum(map(len, prompt.texts))
            if size >= AT_ONCE:
                _add(result, waiting, report, counters)
                waiting, size = [], 0
    _add(result, waiting, report, counters)
    return result


def _add(result: Counted, waiting: Sequence[Prompt], report: Report, counters: Counters) -> None:
    counts = counters.counts([(prompt.model, prompt.texts) for prompt in waiting])
    for prompt, texts in zip(waiting, counts, strict=True):
        tokens = texts + prompt.tokens
        result.total.add(tokens, prompt.output_most)
        if prompt.model in report.models:
            result.by_model.setdefault(prompt.model, Sums()).add(tokens, prompt.output_most)


def _split(lines: bytes | bytearray) -> list[bytes] | list[bytearray]:
    """The lines; a long one, which is alone, is not copied."""
    return [lines] if isinstance(lines, bytearray) else lines.split(b"\n")
