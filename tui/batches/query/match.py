"""Terms of the filter language made into tests of a batch."""

import operator
import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from tui.batches.batch import Batch, Status
from tui.batches.query.terms import EXAMPLES, META, NUMBER, STATES, TEXTS, Term
from tui.batches.query.text_index import fold

# What a term asks of a batch: the batch, its name, the time now and its cost.
Test = Callable[[Batch, str, float, float | None], bool]
_Found = Callable[[str], bool]


NUMBERS: Final[dict[str, Callable[[Batch, float, float | None], float | None]]] = {
    # An age below zero is two clocks that differ a little.
    "age": lambda batch, now, _: None if batch.created_at is None else max(0.0, now - batch.created_at),
    "failed": lambda batch, *_: batch.counts.failed if batch.counts else None,
    "failed%": lambda batch, *_: batch.counts.failed_share if batch.counts else None,
    "cost": lambda _, __, cost: cost,
    "requests": lambda batch, *_: batch.counts.total if batch.counts else None,
}
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
SPAN_PART: Final = re.compile(r"([0-9.]+)([smhdw])")
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
POWERS: Final = {"": "e0", "k": "e3", "K": "e3", "M": "e6", "%": "e-2"}


def compiled(terms: Collection[Term]) -> Iterable[Test]:
    """A test for each term that names a field, the cheap ones first."""
    yield from (_status_test(term) for term in terms if term.field == "status")
    yield from (_number_test(term) for term in terms if term.field in EXAMPLES)
    yield from (_text_test(term) for term in terms if term.field in TEXTS)
    yield from (_metadata_test(term) for term in terms if term.field.startswith(META))


def _status_test(term: Term) -> Test:
    named = frozenset[Status]().union(*(STATES[word] for word in term.values))
    wanted = frozenset(Status) - named if term.negated else named
    return lambda batch, *_: batch.status in wanted


def _number_test(term: Term) -> Test:
    (text,) = term.values
    read = NUMBERS[term.field + "%" * text.endswith("%")]
    limit, step = _span(text) if term.field == "age" else (_number(text), 0.0)
    compare = _COMPARE.get(term.sign) or _equal(term.field, step)
    unwanted = term.negated

    def test(batch: Batch, _: str, now: float, cost: float | None) -> bool:
        value = read(batch, now, cost)
        return value is not None and compare(value, limit) is not unwanted

    return test


def _number(text: str) -> float:
    number = NUMBER.fullmatch(text)
    # By way of text, because 0.1 / 100 is not the nearest float to a thousandth.
    return float(number[1] + POWERS[number[2]]) if number else 0.0


def _span(text: str) -> tuple[float, float]:
    """Seconds, and the length of the smallest unit that was named."""
    parts = SPAN_PART.findall(text)
    return sum(float(number) * SECONDS[unit] for number, unit in parts), min(SECONDS[unit] for _, unit in parts)


def _equal(key: str, step: float) -> Callable[[float, float], bool]:
    """Equality as a person means it: an age in whole units as it is shown, an amount to the cent."""
    if key == "age":
        return lambda value, limit: limit <= value < limit + step
    if key == "cost":
        return lambda value, limit: round(value, 2) == round(limit, 2)
    return operator.eq


def _text_test(term: Term) -> Test:
    read, found, unwanted = TEXTS[term.field], _finder(term), term.negated
    return lambda batch, name, *_: found(fold(read(batch, name) or "")) is not unwanted


def _metadata_test(term: Term) -> Test:
    wanted, found, unwanted = fold(term.field[len(META) :]), _finder(term), term.negated

    def test(batch: Batch, *_: object) -> bool:
        for key, value in batch.metadata:
            if fold(key) == wanted and found(fold(value)):
                return not unwanted
        return unwanted

    return test


def _finder(term: Term) -> _Found:
    """Whether a folded text is, or contains, one of the term's values."""
    values = [fold(value) for value in term.values]
    if term.sign:
        return frozenset(values).__contains__
    if len(values) == 1:
        (only,) = values
        return lambda text: only in text

    def found(text: str) -> bool:
        for value in values:  # noqa: SIM110  (as in `Query.matches`)
            if value in text:
                return True
        return False

    return found
