"""What a file of requests will cost, as a range that says what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tui.files.source import Changed, Source
from tui.format.text import clean_line, count, percent, plural
from tui.requests.cost import counting
from tui.requests.cost.counted import Counted, Sums
from tui.requests.cost.estimators import Total
from tui.requests.cost.prices import Rates, rates
from tui.requests.endpoints import NO_OUTPUT, NOT_BY_TOKENS, is_one_of
from tui.requests.validate import Report

# How far a count may be off that another model's vocabulary made, or none.
_STAND_IN_ERROR: Final = 0.2
_CHARACTERS_ERROR: Final = 0.4


@dataclass(frozen=True, slots=True)
class Estimate:
    """The cost of a file, before it is submitted."""

    input_tokens: int
    """As many as were counted; where something is `uncounted` there are more."""
    input_error: float
    """Relative half-width of the 95 % interval: 0.01 is ±1 %. 0 for an exact count with the model's own vocabulary."""
    exact: bool
    """Whether every line was counted."""
    output_most: int | None
    """What the requests' own limits let the model write; None where one sets none."""
    output_expected: int | None
    """From the history that was given; None where it does not know one of the models."""
    cost_low: Decimal | None
    """Of the input alone, at the lower end of its interval; of the models that have a price."""
    cost_high: Decimal | None
    """Of the input at its upper end and all output allowed; None where the output has no limit or a model no price."""
    cost_expected: Decimal | None
    """Of the input and the expected output."""
    currency: str
    basis: str
    """One sentence that says what all this rests on; safe to show."""
    unpriced: tuple[str, ...]
    """Models without a known price, raw as the file has them."""
    uncounted: tuple[str, ...] = ()
    """What of the input is not counted, in words: images, requests of an unknown kind. It has no upper end then."""


PriceOf = Callable[[str, int], Rates | None]


def estimate(
    report: Report,
    *,
    expected_output: Callable[[str], float | None] | None = None,
    exact: bool = False,
    price_of: PriceOf | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Estimate:
    """The cost of the file that `report` is about, from a sample of its lines or, if `exact`, from all.

    `expected_output` gives the mean output tokens of a request to a model, from history. `price_of` gives the rates of
    a model for requests of so many tokens, by default those of today at OpenAI. `progress` is told the bytes done and
    in total, of an exact count.
    The same file gives the same estimate. Meant for a thread; memory is bounded by the longest line.

    Raises `Unreadable`; `Changed` if the file is not the one that was validated; `Cancelled`.
    """
    with Source(report.path, progress, cancelled) as source:
        if source.identity != report.identity:
            raise Changed(report.path)
        counted = counting.count_tokens(source, report, whole=exact)
        source.check_unchanged()
    price_of = price_of or (lambda model, tokens: rates(model, request_tokens=tokens))
    return _Pricing(report, counted, price_of, expected_output or (lambda model: None)).estimate()


def estimate_json(value: Estimate) -> dict[str, Any]:
    """The contract's fields. `cost` is what is expected, without a history the most that it can be, else not known.

    Never the input's alone: it would read as the price of a file whose output has no limit.
    """
    cost = value.cost_high if value.cost_expected is None else value.cost_expected
    return {
        "input_tokens": value.input_tokens or (None if value.uncounted else 0),
        "cost": None if cost is None else round(float(cost), 6),
        "currency": value.currency,
        "basis": value.basis,
    }


class _Pricing:
    """One estimate being made of what was counted."""

    def __init__(
        self,
        report: Report,
        counted: Counted,
        price_of: PriceOf,
        expected_output: Callable[[str], float | None],
    ) -> None:
        self._report = report
        self._counted = counted
        self._expected_output = expected_output
        self._by_tokens = not is_one_of(report.endpoint, NOT_BY_TOKENS)
        self._no_output = is_one_of(report.endpoint, NO_OUTPUT)
        mean = round(counted.total.input.value / report.requests) if report.requests else 1
        models = report.models if self._by_tokens else ()
        self._rates = {model: price_of(model, mean) for model in models}
        # What they cost hangs on a model that only the server knows.
        self._unnamed = report.requests - sum(report.models.values()) if self._by_tokens else 0
        self._error = self._relative_error()

    def estimate(self) -> Estimate:
        """Everything together."""
        counted = self._counted
        most = counted.total.most
        expected = self._expected()
        return Estimate(
            input_tokens=round(counted.total.input.value),
            input_error=self._error,
            exact=counted.lines is None,
            output_most=None if most is None else round(most.value + most.error),
            output_expected=None if expected is None else round(sum(expected.values())),
            cost_low=self._low(),
            cost_high=self._high(),
            cost_expected=None if expected is None or self._open_end else self._cost(0, expected),
            currency="USD",
            basis=self._basis(expected),
            unpriced=tuple(model for model, found in self._rates.items() if found is None),
            uncounted=tuple(sorted(counted.uncounted)),
        )

    @property
    def _nothing_counted(self) -> bool:
        return bool(self._counted.uncounted) and not self._counted.total.input.value

    @property
    def _open_end(self) -> bool:
        """Whether something costs that is not counted, or has no price; what is free does not."""
        return self._unnamed > 0 or self._uncounted_costs

    @property
    def _uncounted_costs(self) -> bool:
        return bool(self._counted.uncounted) and any(found is None or found.input for found in self._rates.values())

    def _relative_error(self) -> float:
        total = self._counted.total.input
        if not total.value:
            return 0.0
        sampled = total.error / total.value
        vocabulary = self._counted.vocabulary
        if vocabulary is None:
            return max(sampled, _CHARACTERS_ERROR)
        return sampled if vocabulary.known else max(sampled, _STAND_IN_ERROR)

    def _expected(self) -> dict[str, float] | None:
        """Output tokens by model; the limits win over the history."""
        result = {}
        if self._unnamed > 0:
            return None
        for model, requests in self._report.models.items():
            mean = 0.0 if self._no_output else self._expected_output(model)
            if mean is None or not self._by_tokens:
                return None
            most = self._sums(model).most
            result[model] = mean * requests if most is None else min(mean * requests, most.value)
        return result

    def _low(self) -> Decimal | None:
        return None if self._nothing_counted and self._uncounted_costs else self._cost(-1, {}, partly=True)

    def _high(self) -> Decimal | None:
        most = {}
        if self._open_end:
            return None
        for model in self._rates:
            sums = self._sums(model)
            if sums.most is None:
                return None
            most[model] = sums.most.value + sums.most.error
        return self._cost(1, most)

    def _cost(self, side: int, output: dict[str, float], *, partly: bool = False) -> Decimal | None:
        """Of the input at its lower end (-1), as it is (0) or at its upper end (1), and of output tokens by model.

        Of those models that have a price if `partly`, else None if one has none.
        """
        known = {model: found for model, found in self._rates.items() if found}
        if not known or (len(known) < len(self._rates) and not partly):
            return None
        return sum((self._of(model, found, side, output.get(model, 0)) for model, found in known.items()), Decimal(0))

    def _of(self, model: str, found: Rates, side: int, output: float) -> Decimal:
        value, error = self._sums(model).input
        tokens_in = max(0, value + side * max(error, value * self._error))
        return round(tokens_in) * found.input + round(output) * found.output

    def _sums(self, model: str) -> Sums:
        """Of a model that no line of the sample names, what as many other requests have, give or take all of it."""
        found = self._counted.by_model.get(model)
        if found is not None or self._counted.lines is None:
            return found or Sums()
        total, share = self._counted.total, self._report.models[model] / self._report.requests
        most = None if total.most is None else Total(total.most.value * share, total.most.value * share)
        return Sums(Total(total.input.value * share, total.input.value * share), most)

    def _basis(self, expected: dict[str, float] | None) -> str:
        parts = [self._input_basis(), self._output_basis(expected), self._price_basis()]
        if self._counted.uncounted:
            parts.append(f"not counted: {', '.join(sorted(self._counted.uncounted))}")
        return "; ".join(filter(None, parts)) + "."

    def _input_basis(self) -> str:
        counted = self._counted
        if self._nothing_counted:
            return "no input tokens could be counted"
        way = "all lines" if counted.lines is None else f"a sample of {plural(counted.lines, 'line')}"
        if counted.places:
            way += f" and a look at {plural(counted.places, 'other place')}"
        off = f" ±{percent(self._error)}" if self._error else ""
        if counted.vocabulary is None:
            way += " measured by their characters, for no tokenizer is there"
        elif not counted.vocabulary.known:
            way += f" counted with {counted.vocabulary.name}, which may not be the model's vocabulary"
        return f"{count(round(counted.total.input.value))} input tokens{off} from {way}"

    def _output_basis(self, expected: dict[str, float] | None) -> str:
        if self._no_output or not self._by_tokens or not self._report.requests:
            return ""
        most = self._counted.total.most
        if most is None:
            limit = "no limit on output"
        else:
            limit = f"at most {count(round(most.value + most.error))} output tokens"
            # One line without a limit, which the sample may have missed, and there is none.
            limit += "" if self._counted.lines is None else " if all lines set limits as the sample's do"
        if expected is None:
            return limit
        return f"about {count(round(sum(expected.values())))} output tokens as in earlier batches, {limit}"

    def _price_basis(self) -> str:
        if not self._by_tokens:
            return "what this endpoint makes is not priced by tokens"
        sources = list(dict.fromkeys(found.basis for found in self._rates.values() if found))
        unpriced = [clean_line(model) for model, found in self._rates.items() if found is None]
        if self._unnamed > 0:
            sources.append(f"no price for {plural(self._unnamed, 'request')} without a model")
        if unpriced:
            more = f" and {len(unpriced) - 3} more" if len(unpriced) > 3 else ""
            sources.append(f"no known price for {', '.join(unpriced[:3])}{more}")
        return ", ".join(sources)
