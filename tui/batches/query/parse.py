"""The filter language of the table.

A query is words and `field:value` terms with blanks between them; all must hold:

    nightly "two words" status:running,failed model:gpt-4o meta.team:red age:<2d failed:>1% cost:>5 !draft

A word is looked for in name, id, model, endpoint, state and metadata values. `status` takes a state in the words of the
screen or of the API, `active` or `ended`. `name`, `id`, `model`, `endpoint` and `meta.KEY` take a text that is
contained, after `=` the whole text; a comma means "or". `age`, `failed`, `cost` and `requests` are compared. `!`
negates; `"` takes blanks and signs as they are, and inside quotes a backslash does so for a quote. Upper and lower
case are alike. What is unknown matches no comparison, a negated one neither: `!cost:<5` means `cost:>=5`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tui.batches.batch import Batch
from tui.batches.query.match import Test, compiled
from tui.batches.query.terms import ALSO, EXAMPLES, FIELDS, META, NUMBER, SPAN, STATES, Term, quoted
from tui.batches.query.text_index import Texts, Word, fold
from tui.format.text import clean_line

# A quote that is left open reaches to the end of the text.
_TERM: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s"])+', re.DOTALL)
_SIGN: Final = re.compile(r"[<>]=?|=")
_BLOT: Final = "\0"
_SHOWN: Final = 40  # characters of a term in the sentence about it

_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Fault:
    """A term that cannot be as it is written: `term` is `text[start:end]`, `sentence` what is wrong with it."""

    term: str
    start: int
    end: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Query:
    """What `parse` read: the terms that filter, and the faults of those that do not.

    `str` gives its normal form, which reads back as the same terms. It is true when it has any.
    """

    terms: tuple[Term, ...] = ()
    faults: tuple[Fault, ...] = ()
    _tests: tuple[Test, ...] = field(default=(), repr=False, compare=False)
    _words: tuple[Word, ...] = field(default=(), repr=False, compare=False)

    def matches(self, batch: Batch, *, name: str, now: float, cost: float | None = None) -> bool:
        """Whether every term holds for `batch`, called `name` on the screen; `now` in Unix seconds."""
        return bool(self.among([batch], lambda _: name, now, lambda _: cost))

    def among(
        self,
        batches: Iterable[Batch],
        name_of: Callable[[Batch], str],
        now: float,
        cost_of: Callable[[Batch], float | None] = lambda _: None,
        *,
        texts: Texts | None = None,
    ) -> list[Batch]:
        """Those of `batches` for which every term holds; `texts` keeps from one time to another what words ask for."""
        found = list(batches)
        for test in self._tests:
            found = [batch for batch in found if test(batch, name_of(batch), now, cost_of(batch))]
        return (texts or Texts()).having(found, self._words, name_of) if self._words else found

    @property
    def asks_for_cost(self) -> bool:
        """Whether a term compares the cost, which takes work to tell."""
        return any(term.field == "cost" for term in self.terms)

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
    words = tuple((fold(term.values[0]), not term.negated) for term in terms if not term.field)
    return Query(tuple(terms), tuple(faults), tuple(compiled(terms)), words)


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
        value, choices = key, (*(f"{name}:" for name in FIELDS), META)
    elif key.lower() == "status":
        *chosen, value = value.split(",")
        choices = (word for word in STATES if word not in chosen)
    elif key.lower() in EXAMPLES:
        choices = EXAMPLES[key.lower()][1]
    start = value.lower()
    able = (choice for choice in choices if choice.lower().startswith(start) and len(choice) > len(start))
    return [f"{before}{choice[len(start) :]}{after}" for choice in able]


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


def _term(plain: str, shape: str) -> Term:
    bare = shape.lstrip("!")
    negations = len(shape) - len(bare)
    plain, negated = plain[negations:], negations % 2 == 1
    head, colon, rest = bare.partition(":")
    if not colon:
        return _word(plain, bare, negated)
    key, value = plain[: len(head)], plain[len(head) + 1 :]
    key = META + key[len(META) :] if key.lower().startswith(META) else key.lower()
    if key == META or not (key.startswith(META) or key in FIELDS):
        raise _BadTermError(_no_field(key, plain))
    found = _SIGN.match(rest)
    sign = found[0] if found else ""
    value, rest = value[len(sign) :], rest[len(sign) :]
    if key in EXAMPLES:
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
    if sign and bare[: sign.start()].lower() in FIELDS:
        key, value = plain[: sign.start()].lower(), plain[sign.start() :]
        raise _BadTermError(f"Write {key}:{_shown(value)} for the field, or quote the text.")
    return Term("", "", (plain,), negated)


def _comparison(key: str, sign: str, value: str, negated: bool) -> Term:
    value = value.removeprefix("$") if key == "cost" else value
    pattern = SPAN if key == "age" else NUMBER
    if not pattern.fullmatch(value) or (value.endswith("%") and key != "failed"):
        kind, examples = EXAMPLES[key]
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
    known = ALSO.get(word.lower(), word.lower())
    if known in STATES:
        return known
    hint = _close(known, (*STATES, *ALSO))
    hint = f"did you mean {hint}?" if hint else "try running, done, failed, active or ended."
    raise _BadTermError(f"There is no status {_shown(word)!r}: {hint}")


def _no_field(key: str, term: str) -> str:
    if hint := _close(key, (*FIELDS, "meta.")):
        return f"There is no field {_shown(key)!r}: did you mean {'meta.KEY' if hint == META else hint}?"
    return f"There is no field {_shown(key)!r}: to look for the text, write {_shown(quoted(term, ':'))}."


def _shown(text: str) -> str:
    line = clean_line(text[: _SHOWN + 1])
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _close(word: str, choices: Iterable[str]) -> str:
    from difflib import get_close_matches  # milliseconds that only a typing error needs

    return next(iter(get_close_matches(word[:_SHOWN], choices, 1)), "")
