"""The filter language of the table.

A query is words and `field:value` terms with blanks between them; all must hold:

    nightly "two words" status:running,failed model:gpt-4o meta.team:red age:<2d failed:>1% cost:>5 !draft

A word is looked for in name, id, model, endpoint and metadata values. `status` takes a state in the words of the
screen or of the API, `active` or `ended`. `name`, `id`, `model`, `endpoint` and `meta.KEY` take a text that is
contained, after `=` the whole text; a comma means "or". `age`, `failed`, `cost` and `requests` are compared. `!`
negates; `"` takes blanks and signs as they are, and inside quotes a backslash does so for a quote. Upper and lower
case are alike. What is unknown matches no comparison, a negated one neither: `!cost:<5` means `cost:>=5`.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final
from unicodedata import normalize

from tui.batches.batch import ENDED, Batch, Status
from tui.text import clean_line

# What a term asks of a batch: the batch, its name, the time now and its cost.
_Test = Callable[[Batch, str, float, float | None], bool]
_Found = Callable[[str], bool]

# A quote that is left open reaches to the end of the text.
_TERM: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s"])+', re.DOTALL)
_SIGN: Final = re.compile(r"[<>]=?|=")
_PLAIN: Final = re.compile(r'[^\s"]+')
_BLOT: Final = "\0"
_SHOWN: Final = 40  # characters of a term in the sentence about it

_WORDS: Final = {Status.IN_PROGRESS: "running", Status.COMPLETED: "done"}
_STATES: Final[dict[str, frozenset[Status]]] = {
    **{_WORDS.get(status, status.value): frozenset({status}) for status in Status},
    "active": frozenset(Status) - ENDED,
    "ended": ENDED,
}
_ALSO: Final = {"in_progress": "running", "completed": "done", "canceled": "cancelled", "canceling": "cancelling"}

_TEXTS: Final[dict[str, Callable[[Batch, str], str | None]]] = {
    "name": lambda _, name: name,
    "id": lambda batch, _: batch.id,
    "model": lambda batch, _: batch.model,
    "endpoint": lambda batch, _: batch.endpoint,
}
_META: Final = "meta."

_NUMBERS: Final[dict[str, Callable[[Batch, float, float | None], float | None]]] = {
    # An age below zero is two clocks that differ a little.
    "age": lambda batch, now, _: None if batch.created_at is None else max(0.0, now - batch.created_at),
    "failed": lambda batch, *_: batch.counts.failed if batch.counts else None,
    "failed%": lambda batch, *_: batch.counts.failed_share if batch.counts else None,
    "cost": lambda _, __, cost: cost,
    "requests": lambda batch, *_: batch.counts.total if batch.counts else None,
}
_EXAMPLES: Final = {
    "age": ("a time with its unit (s m h d w)", ("<1h", "<1d", ">1d", ">1w")),
    "failed": ("a share or a number", (">0", ">1%", ">10%")),
    "cost": ("an amount", (">1", ">10", ">100")),
    "requests": ("a number", (">1k", ">10k", ">1M")),
}
_FIELDS: Final = ("status", *_TEXTS, *_EXAMPLES)

_SPAN: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?[smhdw])+")
_SPAN_PART: Final = re.compile(r"([0-9.]+)([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([kKM%]?)")
_POWERS: Final = {"": "e0", "k": "e3", "K": "e3", "M": "e6", "%": "e-2"}
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Fault:
    """A term that cannot be as it is written: `term` is `text[start:end]`, `sentence` what is wrong with it."""

    term: str
    start: int
    end: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a word where `field` is empty; any of `values` will do; `sign` is a comparison or empty."""

    field: str
    sign: str
    values: tuple[str, ...]
    negated: bool

    def __str__(self) -> str:
        key = f"{_quoted(self.field, ':')}:" if self.field else ""
        values = ",".join(_quoted(value, ",<>=" if self.field else ":!<>=") for value in self.values)
        return f"{'!' * self.negated}{key}{self.sign}{values}"


@dataclass(frozen=True, slots=True)
class Query:
    """What `parse` read: the terms that filter, and the faults of those that do not.

    `str` gives its normal form, which reads back as the same terms. It is true when it has any.
    """

    terms: tuple[Term, ...] = ()
    faults: tuple[Fault, ...] = ()
    _tests: tuple[_Test, ...] = field(default=(), repr=False, compare=False)

    def matches(self, batch: Batch, *, name: str, now: float, cost: float | None = None) -> bool:
        """Whether every term holds for `batch`, called `name` on the screen; `now` in Unix seconds."""
        for test in self._tests:  # noqa: SIM110  (a generator costs half as much again, 10,000 times a key)
            if not test(batch, name, now, cost):
                return False
        return True

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


class _BadTermError(Exception):
    """Why a term cannot be, in a sentence."""


def parse(text: str) -> Query:
    """Read a query; never raises. A term that cannot be filters nothing and is told in `faults`.

    A quote that is left open is a fault too, but its term filters, so that the table follows the typing.
    """
    terms: dict[Term, None] = {}
    faults: list[Fault] = []
    for match in _TERM.finditer(text):
        plain, shape, is_open = _read(match[0])
        told = "The quote is not closed." if is_open else ""
        try:
            terms[_term(plain, shape)] = None
        except _BadTermError as bad:
            told = str(bad)
        if told:
            faults.append(Fault(match[0], match.start(), match.end(), told))
    return Query(tuple(terms), tuple(faults), tuple(_compiled(terms)))


def complete(text: str, cursor: int) -> list[str]:
    """What the term that ends at `cursor` may become: whole texts, each with that term carried on.

    Each begins with what stands before the cursor and ends with what stands behind it.
    """
    cursor = min(max(cursor, 0), len(text))
    before, after = text[:cursor], text[cursor:]
    begun = next((match[0] for match in _TERM.finditer(before) if match.end() == cursor), "")
    if '"' in begun or after[:1].strip():
        return []
    key, colon, value = begun.lstrip("!").partition(":")
    choices: Iterable[str] = ()
    if not colon:
        value, choices = key, (*(f"{name}:" for name in _FIELDS), _META)
    elif key.lower() == "status":
        *chosen, value = value.split(",")
        choices = (word for word in _STATES if word not in chosen)
    elif key.lower() in _EXAMPLES:
        choices = _EXAMPLES[key.lower()][1]
    start = value.lower()
    able = (choice for choice in choices if choice.lower().startswith(start) and len(choice) > len(start))
    return [f"{before}{choice[len(start) :]}{after}" for choice in able]


# From text to terms


def _read(raw: str) -> tuple[str, str, bool]:
    """A term without its quotes, the same with what was quoted blotted out, and whether a quote is left open."""
    plain, shape, quoted = [], [], False
    characters = iter(raw)
    for character in characters:
        if character == '"':
            quoted = not quoted
            continue
        taken = next(characters, character) if quoted and character == "\\" else character
        plain.append(taken)
        shape.append(_BLOT if quoted else taken)
    return "".join(plain), "".join(shape), quoted


def _quoted(text: str, signs: str) -> str:
    """`text` as a term has to spell it, where `signs` have a meaning of their own."""
    if _PLAIN.fullmatch(text) and not any(sign in text for sign in signs):
        return text
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _term(plain: str, shape: str) -> Term:
    bare = shape.lstrip("!")
    negations = len(shape) - len(bare)
    plain, negated = plain[negations:], negations % 2 == 1
    head, colon, rest = bare.partition(":")
    if not colon:
        return _word(plain, bare, negated)
    key, value = plain[: len(head)], plain[len(head) + 1 :]
    key = _META + key[len(_META) :] if key.lower().startswith(_META) else key.lower()
    if key == _META or not (key.startswith(_META) or key in _FIELDS):
        raise _BadTermError(_no_field(key, plain))
    found = _SIGN.match(rest)
    sign = found[0] if found else ""
    value, rest = value[len(sign) :], rest[len(sign) :]
    if key in _EXAMPLES:
        return _comparison(key, sign or "=", value, negated)
    values = tuple(dict.fromkeys(filter(None, _split(value, rest))))
    if not values:
        raise _BadTermError(f"Nothing to look for after {_shown(key)}:{sign}")
    if sign not in {"", "="}:
        raise _BadTermError(f"{_shown(key)}: cannot be compared by {sign}; quote a text that begins with it.")
    if key == "status":
        return Term(key, "", tuple(dict.fromkeys(map(_state, values))), negated)
    return Term(key, sign, values, negated)


def _word(plain: str, bare: str, negated: bool) -> Term:
    if not plain:
        raise _BadTermError("Nothing to look for.")
    sign = _SIGN.search(bare)
    if sign and bare[: sign.start()].lower() in _FIELDS:
        key, value = plain[: sign.start()].lower(), plain[sign.start() :]
        raise _BadTermError(f"Write {key}:{_shown(value)} for the field, or quote the text.")
    return Term("", "", (plain,), negated)


def _comparison(key: str, sign: str, value: str, negated: bool) -> Term:
    value = value.removeprefix("$") if key == "cost" else value
    pattern = _SPAN if key == "age" else _NUMBER
    if not pattern.fullmatch(value) or (value.endswith("%") and key != "failed"):
        kind, examples = _EXAMPLES[key]
        given = f", not {_shown(value)!r}" if value else ""
        raise _BadTermError(f"{key}: takes {kind}, such as {key}:{examples[1]}{given}.")
    # The opposite rather than a negation: what is unknown must match neither.
    if negated and sign in _OPPOSITE:
        return Term(key, _OPPOSITE[sign], (value,), False)
    return Term(key, sign, (value,), negated)


def _split(value: str, shape: str) -> list[str]:
    """`value` at the commas of its `shape`: one that was quoted does not part."""
    parts, start = [], 0
    for part in shape.split(","):
        parts.append(value[start : start + len(part)])
        start += len(part) + 1
    return parts


def _state(word: str) -> str:
    known = _ALSO.get(word.lower(), word.lower())
    if known in _STATES:
        return known
    hint = _close(known, (*_STATES, *_ALSO))
    hint = f"did you mean {hint}?" if hint else "try running, done, failed, active or ended."
    raise _BadTermError(f"There is no status {_shown(word)!r}: {hint}")


def _no_field(key: str, term: str) -> str:
    if hint := _close(key, (*_FIELDS, "meta.")):
        return f"There is no field {_shown(key)!r}: did you mean {'meta.KEY' if hint == _META else hint}?"
    return f"There is no field {_shown(key)!r}: to look for the text, write {_shown(_quoted(term, ':'))}."


def _shown(text: str) -> str:
    line = clean_line(text[: _SHOWN + 1])
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _close(word: str, choices: Iterable[str]) -> str:
    from difflib import get_close_matches  # milliseconds that only a typing error needs

    return next(iter(get_close_matches(word[:_SHOWN], choices, 1)), "")


# From terms to tests


def _compiled(terms: Collection[Term]) -> Iterable[_Test]:
    """A test for each term, the cheap ones first; all words share one, which puts the text together once."""
    yield from (_status_test(term) for term in terms if term.field == "status")
    yield from (_number_test(term) for term in terms if term.field in _EXAMPLES)
    yield from (_text_test(term) for term in terms if term.field in _TEXTS)
    yield from (_metadata_test(term) for term in terms if term.field.startswith(_META))
    if words := [term for term in terms if not term.field]:
        yield _word_test(words)


def _status_test(term: Term) -> _Test:
    named = frozenset[Status]().union(*(_STATES[word] for word in term.values))
    wanted = frozenset(Status) - named if term.negated else named
    return lambda batch, *_: batch.status in wanted


def _number_test(term: Term) -> _Test:
    (text,) = term.values
    read = _NUMBERS[term.field + "%" * text.endswith("%")]
    limit, step = _span(text) if term.field == "age" else (_number(text), 0.0)
    compare = _COMPARE.get(term.sign) or _equal(term.field, step)
    unwanted = term.negated

    def test(batch: Batch, _: str, now: float, cost: float | None) -> bool:
        value = read(batch, now, cost)
        return value is not None and compare(value, limit) is not unwanted

    return test


def _number(text: str) -> float:
    number = _NUMBER.fullmatch(text)
    # By way of text, because 0.1 / 100 is not the nearest float to a thousandth.
    return float(number[1] + _POWERS[number[2]]) if number else 0.0


def _span(text: str) -> tuple[float, float]:
    """Seconds, and the length of the smallest unit that was named."""
    parts = _SPAN_PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts), min(_SECONDS[unit] for _, unit in parts)


def _equal(key: str, step: float) -> Callable[[float, float], bool]:
    """Equality as a person means it: an age in whole units as it is shown, an amount to the cent."""
    if key == "age":
        return lambda value, limit: limit <= value < limit + step
    if key == "cost":
        return lambda value, limit: round(value, 2) == round(limit, 2)
    return operator.eq


def _text_test(term: Term) -> _Test:
    read, found, unwanted = _TEXTS[term.field], _finder(term), term.negated
    return lambda batch, name, *_: found(_fold(read(batch, name) or "")) is not unwanted


def _metadata_test(term: Term) -> _Test:
    wanted, found, unwanted = _fold(term.field[len(_META) :]), _finder(term), term.negated

    def test(batch: Batch, *_: object) -> bool:
        for key, value in batch.metadata:
            if _fold(key) == wanted and found(_fold(value)):
                return not unwanted
        return unwanted

    return test


def _word_test(terms: Iterable[Term]) -> _Test:
    words = [(_fold(term.values[0]), not term.negated) for term in terms]

    def test(batch: Batch, name: str, *_: object) -> bool:
        values = [value for _, value in batch.metadata]
        text = _fold("\n".join([name, batch.id, batch.model or "", batch.endpoint or "", *values]))
        for word, wanted in words:  # noqa: SIM110  (as in `Query.matches`)
            if (word in text) is not wanted:
                return False
        return True

    return test


def _finder(term: Term) -> _Found:
    """Whether a folded text is, or contains, one of the term's values."""
    values = [_fold(value) for value in term.values]
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


def _fold(text: str) -> str:
    """`text` for a comparison that knows neither case nor the two ways of spelling an accent."""
    return text.lower() if text.isascii() else normalize("NFC", text.casefold())
