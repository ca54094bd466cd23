"""How many tokens a file's requests have, estimated from a sample of its lines.

Most files are known well enough by 500 lines. Where lines differ much in how many bytes a token has, what they are made
of tells most of the difference: that is fitted on the sample, and found for the file at thousands of places, which
takes less time than hundreds of lines. Where it does not tell, more lines are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from random import Random
from typing import Final, NamedTuple

from tui.files.source import Cancelled, Source
from tui.requests.cost import estimators, makeup, prompts, sample
from tui.requests.cost.counted import Counted, Sums
from tui.requests.cost.estimators import Fit, Total
from tui.requests.cost.makeup import Makeup, Places
from tui.requests.cost.prompts import Prompt
from tui.requests.cost.tokens import AT_ONCE, Counters
from tui.requests.rules import is_blank
from tui.requests.validate import Report

# Lines of the first sample, and of a second one.
_LINES: Final = 500
_MOST_LINES: Final = 8_000
# Half the width of the 95 % interval, as a share of the total: 19 of 20 estimates are to be within 1 %.
_TARGET: Final = 0.009
# What is aimed at where it is not met at once; what a sample says of its own error is off by a tenth itself.
_AIM: Final = 0.008
# How many places it takes no longer to look at than to count one line.
_LINE_IN_PLACES: Final = 30
# Each costs a call to the system; of fewer the variance would not be known.
_FEWEST_PLACES: Final = 1024
_MOST_PLACES: Final = 32 * 1024
# Characters of a sampled line that are counted: the whole of most, and of a longer one pieces from all over it. Where
# lines differ from each other, more lines tell more than more of each.
_WIDTH: Final = 1024
_MORE_WIDTH: Final = 512
# By how much a count of pieces may be off, however many there are: 0.4 % of base64, hex, code or repetition. Text that
# nowhere has a seam is off by more: digits alone by 0.8 %, Thai by 1 %.
_SEAMS: Final = 0.005


class _Taken(NamedTuple):
    """One line of a sample, its figures per byte of the line."""

    model: str
    tokens: float
    lines: float
    most: float | None
    makeup: Makeup
    cut: bool = False
    """Whether it was counted in pieces."""


def sampled(source: Source, report: Report, counters: Counters) -> Counted | None:
    """The tokens of the file, estimated; None where that would be no less work than to count them all, or tell nothing.

    The same file gives the same figure. Raises `Unreadable`; `Cancelled`.
    """
    return _Sampling(source, report, counters).run()


class _Sampling:
    """One estimate of one file."""

    def __init__(self, source: Source, report: Report, counters: Counters) -> None:
        self._source = source
        self._report = report
        self._counters = counters
        self._uncounted = set[str]()

    def run(self) -> Counted | None:
        taken = self._sample("first", _LINES, _WIDTH)
        if self._report.models and not any(one.model for one in taken):
            # There are requests, and none among these lines.
            return None
        plain = _fit(taken, with_makeup=False)
        found = self._total(plain)
        if found.error <= _TARGET * found.value or not self._report.requests:
            return self._counted(taken, found)
        lines, looked_at = self._plan(taken, plain)
        number = min(lines, _MOST_LINES) - len(taken)
        if number > 0:
            if number * min(2 * _MORE_WIDTH, self._report.bytes / self._report.requests) >= self._report.bytes:
                return None
            taken += self._sample("second", number, _MORE_WIDTH)
        if not looked_at:
            return self._counted(taken, self._total(_fit(taken, with_makeup=False)))
        places = self._look(looked_at)
        return self._counted(taken, self._total(_fit(taken), places), places.number)

    def _total(self, fitted: Fit, places: Places | None = None) -> Total:
        lines = self._report.requests / self._report.bytes
        if places is None:
            return estimators.total(fitted.at([lines]), fitted.variance, self._report.bytes)
        variance = fitted.variance + places.variance(fitted.slopes[1:])
        return estimators.total(fitted.at([lines, *places.mean]), variance, self._report.bytes)

    def _plan(self, taken: Sequence[_Taken], plain: Fit) -> tuple[int, int]:
        """How many lines it takes in all, and how many places, for the least work (Cochran, 12.7).

        No places where more lines alone are less work, because what they are made of does not tell their tokens.
        """
        allowed = _allowed(taken)
        fitted = _fit(taken)
        own = fitted.variance * len(taken)
        told = self._look(_FEWEST_PLACES).variance(fitted.slopes[1:]) * _FEWEST_PLACES
        # Fewer than there are already they cannot be: the places have what these leave.
        lines = max(own + sqrt(own * told / _LINE_IN_PLACES), allowed * len(taken)) / allowed
        left = max(allowed - own / lines, allowed / _MOST_PLACES)
        places = max(told / left, _FEWEST_PLACES)
        alone = plain.variance * len(taken) / allowed
        if alone * _LINE_IN_PLACES <= lines * _LINE_IN_PLACES + places:
            return round(alone), 0
        return round(lines), round(min(places, _MOST_PLACES))

    def _look(self, number: int) -> Places:
        return makeup.look(self._source, number, self._seed(f"{number} places"))

    def _counted(self, taken: Sequence[_Taken], total: Total, places: int = 0) -> Counted:
        total = total._replace(error=max(total.error, _SEAMS * _cut_share(taken) * total.value))
        most = estimators.ratio([one.most or 0 for one in taken], [one.lines for one in taken], self._report.requests)
        unlimited = {one.model for one in taken if one.most is None}
        tokens = _shares((one.model, one.tokens) for one in taken)
        mosts = _shares((one.model, one.most or 0) for one in taken)
        by_model = {
            model: Sums(
                _part(total, tokens[model], len(taken)),
                None if model in unlimited else _part(most, mosts[model], len(taken)),
            )
            for model in self._report.models
            if model in tokens
        }
        overall = Sums(total, None if unlimited else most)
        return Counted(None, overall, by_model, self._uncounted, len(taken), places)

    def _seed(self, name: str) -> str:
        return f"{self._report.sha256} {name}"

    def _sample(self, name: str, number: int, width: int) -> list[_Taken]:
        taken = list[_Taken]()
        chance = Random(self._seed(f"{name} part"))  # noqa: S311  # the same file, the same figure
        for raws in self._raws(name, number, width):
            requests = [prompt for _, prompt in raws if prompt]
            parts = [sample.windows(prompt.texts, width, chance.random()) for prompt in requests]
            read = [(prompt.model, texts) for prompt, (texts, _) in zip(requests, parts, strict=True)]
            counts = iter(zip(self._counters.counts(read), parts, strict=True))
            for raw, prompt in raws:
                length = len(raw) or 1
                of = makeup.makeup(raw, chance.random())
                if prompt is None:
                    taken.append(_Taken("", 0, 0 if is_blank(raw) else 1 / length, 0, of))
                    continue
                tokens, (_, scale) = next(counts)
                most = None if prompt.output_most is None else prompt.output_most / length
                per_byte = (tokens * scale + prompt.tokens) / length
                taken.append(_Taken(prompt.model, per_byte, 1 / length, most, of, cut=scale > 1))
        return taken

    def _raws(self, name: str, number: int, width: int) -> Iterator[list[tuple[bytes, Prompt | None]]]:
        """The lines of a sample with their prompts, as many at a time as are counted at once."""
        together, size = list[tuple[bytes, Prompt | None]](), 0
        last, prompt = b"", None
        for raw in sample.lines(self._source, number, self._seed(name)):
            # A long line may be taken several times in a row: it is read once.
            if raw is not last:
                last, prompt = raw, prompts.read(raw, self._report.endpoint)
                self._uncounted |= prompt.uncounted if prompt else set()
            together.append((raw, prompt))
            size += min(width, len(raw))
            if size >= AT_ONCE:
                yield together
                together, size = [], 0
                if self._source.cancelled():
                    raise Cancelled
        yield together


def _fit(taken: Sequence[_Taken], *, with_makeup: bool = True) -> Fit:
    """Of tokens per byte on lines per byte, and on what the lines are made of."""
    variables = [(one.lines, *(one.makeup if with_makeup else ())) for one in taken]
    return estimators.fit([one.tokens for one in taken], variables)


def _allowed(taken: Sequence[_Taken]) -> float:
    """The variance of the mean per byte with which the error is as large as it may be."""
    mean = sum(one.tokens for one in taken) / len(taken)
    return (_AIM * mean / estimators.NORMAL) ** 2


def _cut_share(taken: Sequence[_Taken]) -> float:
    """What lines that were counted in pieces have of all tokens."""
    return sum(one.tokens for one in taken if one.cut) / (sum(one.tokens for one in taken) or 1)


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
    relative = (total.error / total.value) ** 2 + estimators.NORMAL**2 * (1 - share) / (share * number)
    return Total(total.value * share, total.value * share * relative**0.5)
