"""How many tokens a file's requests give the models to read, and let them write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple

from tui.requests import prompts, sample
from tui.requests.prompts import Prompt
from tui.requests.rules import is_blank
from tui.requests.sample import Sampled, Total
from tui.requests.source import Cancelled, Source
from tui.requests.tokens import Counters, Vocabulary
from tui.requests.validate import Report

# Lines of the first sample; where they differ much, more are taken until 19 of 20 estimates are within 1 %.
_LINES: Final = 500
_MOST_LINES: Final = 8_000
_TARGET: Final = 0.009
# Characters of a sampled line that are counted: the whole of most, and of a longer one pieces from all over it. Where
# lines differ from each other, more lines tell more than more of each.
_WIDTH: Final = 2048
_MORE_WIDTH: Final = 512
# A file that is no larger is counted whole, for that takes no longer.
_SMALL: Final = 2 * 1024 * 1024
# Characters that are counted at once.
_AT_ONCE: Final = 128 * 1024

_NOTHING: Final = Total(0, 0)


@dataclass(slots=True)
class Sums:
    """Tokens of several requests."""

    input: Total = _NOTHING
    most: Total | None = _NOTHING
    """What they let the model write; None once one of them sets no limit."""

    def add(self, tokens: int, most: int | None) -> None:
        """One request more, known exactly."""
        self.input = Total(self.input.value + tokens, 0)
        self.most = None if most is None or self.most is None else Total(self.most.value + most, 0)


@dataclass(slots=True)
class Counted:
    """The tokens of a file's requests."""

    vocabulary: Vocabulary | None
    """What the model with the most requests was counted with; None: only its characters were."""
    total: Sums = field(default_factory=Sums)
    by_model: dict[str, Sums] = field(default_factory=dict)
    uncounted: set[str] = field(default_factory=set)
    """What there is beside text: `prompts.IMAGES`, `prompts.ELSEWHERE`."""
    lines: int | None = None
    """How many were taken as a sample; None if all were counted."""


class _Taken(NamedTuple):
    """One line of a sample, its figures per byte of the line."""

    model: str
    tokens: float
    lines: float
    most: float | None


def count_tokens(source: Source, report: Report, *, whole: bool) -> Counted:
    """Counts every line if `whole` or if the file is small, else those of a random sample.

    Raises what `source` raises.
    """
    counting = _Counting(source, report)
    return counting.all() if whole or report.bytes <= _SMALL else counting.some()


class _Counting:
    """One count of one file."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report
        self._counters = Counters()
        self._main = max(report.models, key=report.models.__getitem__, default="")
        self._result = Counted(self._counters.of(self._main).vocabulary)

    def all(self) -> Counted:
        """Every line, in the order of the file."""
        waiting, size = list[Prompt](), 0
        for block in self._source.blocks():
            for raw in _split(block.lines):
                if prompt := self._read(raw):
                    waiting.append(prompt)
                    size += sum(map(len, prompt.texts))
                if size >= _AT_ONCE:
                    self._add(waiting)
                    waiting, size = [], 0
        self._add(waiting)
        return self._result

    def some(self) -> Counted:
        """A sample, and where that is not enough a larger one beside it, or all lines if that is no more work."""
        rounds = [self._sample(_LINES, _WIDTH, "first")]
        self._estimate(rounds)
        total = self._result.total.input
        if total.error <= _TARGET * total.value or not self._report.requests:
            return self._result
        needed = _LINES * (total.error / (_TARGET * total.value)) ** 2 if total.value else _MOST_LINES
        number = round(min(max(needed, _LINES), _MOST_LINES))
        if number * min(2 * _MORE_WIDTH, self._report.bytes / self._report.requests) >= self._report.bytes:
            return _Counting(self._source, self._report).all()
        rounds.append(self._sample(number, _MORE_WIDTH, "second"))
        self._estimate(rounds)
        return self._result

    def _read(self, raw: bytes | bytearray) -> Prompt | None:
        prompt = prompts.read(raw, self._report.endpoint)
        if prompt:
            self._result.uncounted |= prompt.uncounted
        return prompt

    def _add(self, waiting: Sequence[Prompt]) -> None:
        counts = self._counters.counts([(prompt.model, prompt.texts) for prompt in waiting])
        for prompt, texts in zip(waiting, counts, strict=True):
            tokens = texts + prompt.tokens
            self._result.total.add(tokens, prompt.output_most)
            if prompt.model in self._report.models:
                self._result.by_model.setdefault(prompt.model, Sums()).add(tokens, prompt.output_most)

    def _sample(self, number: int, width: int, name: str) -> list[_Taken]:
        taken = list[_Taken]()
        chance = Random(f"{self._report.sha256} {name} part")  # noqa: S311  # the same file, the same figure
        for raws in self._raws(number, width, name):
            requests = [(raw, prompt) for raw, prompt in raws if prompt]
            parts = [sample.windows(prompt.texts, width, chance.random()) for _, prompt in requests]
            read = [(prompt.model, texts) for (_, prompt), (texts, _) in zip(requests, parts, strict=True)]
            counts = iter(zip(self._counters.counts(read), parts, strict=True))
            for raw, prompt in raws:
                if prompt is None:
                    taken.append(_Taken("", 0, 0 if is_blank(raw) or not raw else 1 / len(raw), 0))
                    continue
                tokens, (_, scale) = next(counts)
                most = None if prompt.output_most is None else prompt.output_most / len(raw)
                taken.append(_Taken(prompt.model, (tokens * scale + prompt.tokens) / len(raw), 1 / len(raw), most))
        return taken

    def _raws(self, number: int, width: int, name: str) -> Iterator[list[tuple[bytes, Prompt | None]]]:
        """The lines of a sample with their prompts, as many at a time as are counted at once."""
        together, size = list[tuple[bytes, Prompt | None]](), 0
        last, prompt = b"", None
        for raw in sample.lines(self._source, number, f"{self._report.sha256} {name}"):
            # A long line may be taken several times in a row: it is read once.
            if raw is not last:
                last, prompt = raw, self._read(raw)
            together.append((raw, prompt))
            size += min(width, len(raw))
            if size >= _AT_ONCE:
                yield together
                together, size = [], 0
                if self._source.cancelled():
                    raise Cancelled
        yield together

    def _estimate(self, rounds: Sequence[Sequence[_Taken]]) -> None:
        lines = [one for taken in rounds for one in taken]
        total = self._total([[Sampled(one.tokens, one.lines) for one in taken] for taken in rounds])
        most = self._total([[Sampled(one.most or 0, one.lines) for one in taken] for taken in rounds], by_line=True)
        unlimited = {one.model for one in lines if one.most is None}
        self._result.lines = len(lines)
        self._result.total = Sums(total, None if unlimited else most)
        tokens = _shares((one.model, one.tokens) for one in lines)
        mosts = _shares((one.model, one.most or 0) for one in lines)
        self._result.by_model = {
            model: Sums(
                _part(total, tokens[model], len(lines)),
                None if model in unlimited else _part(most, mosts[model], len(lines)),
            )
            for model in self._report.models
            if model in tokens
        }

    def _total(self, rounds: Sequence[Sequence[Sampled]], *, by_line: bool = False) -> Total:
        """What several samples say together, each with the weight of its lines."""
        number = sum(map(len, rounds))
        totals = [sample.total(one, self._report.bytes, self._report.requests, by_line=by_line) for one in rounds]
        value = sum(len(one) * total.value for one, total in zip(rounds, totals, strict=True)) / number
        square = sum((len(one) * total.error) ** 2 for one, total in zip(rounds, totals, strict=True))
        return Total(max(0, value), square**0.5 / number)


def _split(lines: bytes | bytearray) -> list[bytes] | list[bytearray]:
    """The lines; a long one, which is alone, is not copied."""
    return [lines] if isinstance(lines, bytearray) else lines.split(b"\n")


def _shares(figures: Iterable[tuple[str, float]]) -> dict[str, float]:
    """What each model has of a quantity, the whole being 1."""
    sums = dict[str, float]()
    for model, figure in figures:
        sums[model] = sums.get(model, 0) + figure
    whole = sum(sums.values())
    return {model: figure / whole if whole else 0 for model, figure in sums.items()}


def _part(total: Total, share: float, number: int) -> Total:
    """One model's share of a total; the share itself is only as good as a sample of `number` lines makes it."""
    if not share or not total.value:
        return Total(0, 0)
    relative = (total.error / total.value) ** 2 + 1.96**2 * (1 - share) / (share * number)
    return Total(total.value * share, total.value * share * relative**0.5)
