"""Columns that results can be written in: what is known of each request, and fields of answers that are JSON."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tui.files.errors import ResultFileError
from tui.format.text import clean_line
from tui.results.answer import answer_in, finish_reason_in
from tui.results.export.jsonl import parts_of
from tui.results.json_text import decoded
from tui.results.outcome import Outcome, outcome_of
from tui.results.pairs import Pair
from tui.results.parse import custom_id_of, parse, text_of
from tui.results.row import TOO_LONG, tokens_in

# A longer string in a cell is cut: no spreadsheet takes a hundredth of it.
_CELL: Final = 16 << 20
_FIELD: Final = re.compile(r"(?:answer|text)\.(.+)")
_NOTHING: Final = Outcome("failed", None, None)


@dataclass(slots=True)
class Known:
    """What is known of one request; each part is worked out when a column asks for it."""

    pair: Pair
    _outcome: Outcome | None = None
    _shortened: bool = False
    _lenient: bool = False
    _answer: str | None = None
    _value: list[Any] = field(default_factory=list)

    @property
    def custom_id(self) -> str | None:
        line = self.pair.result if self.pair.request is None else self.pair.request
        return None if line is None else custom_id_of(line)

    @property
    def request(self) -> str:
        """Its body, as it is written."""
        return "" if self.pair.request is None else bytes(parts_of(self.pair.request).body).decode("utf-8", "replace")

    @property
    def outcome(self) -> Outcome:
        if self._outcome is None:
            parsed = parse(self.pair.result or b"null", _CELL)
            self._shortened, self._lenient = parsed.shortened, parsed.lenient
            whole = parsed.valid and not parsed.shortened
            self._outcome = outcome_of(parsed.value, whole=whole) if isinstance(parsed.value, dict) else _NOTHING
        return self._outcome

    @property
    def lenient(self) -> bool:
        """Whether no strict reader takes the result line."""
        return bool(self.outcome) and self._lenient

    @property
    def answer(self) -> str:
        """What was answered; empty for what failed."""
        if self._answer is None:
            outcome = self.outcome
            self._answer = answer_in(outcome.body) + (TOO_LONG if self._shortened else "") if outcome.answered else ""
        return self._answer

    @property
    def value(self) -> Any:
        """The answer decoded, where it is JSON, bare or in a Markdown fence; else None."""
        if not self._value:
            self._value.append(decoded(self.answer, _CELL))
        return self._value[0]


@dataclass(frozen=True, slots=True)
class Column:
    """`name` heads it; `cell` gives a request's value, None for an empty cell."""

    name: str
    cell: Callable[[Known], object]


def _tokens(known: Known) -> int | None:
    counted = [number for number in tokens_in(known.outcome.body) if number is not None]
    return sum(counted) if counted else None


_CELLS: Final[dict[str, Callable[[Known], object]]] = {
    "custom_id": lambda known: known.custom_id,
    "state": lambda known: known.pair.state,
    "status_code": lambda known: known.outcome.status_code,
    "finish_reason": lambda known: finish_reason_in(known.outcome.body) if known.outcome.state != "failed" else None,
    "input_tokens": lambda known: tokens_in(known.outcome.body)[0],
    "output_tokens": lambda known: tokens_in(known.outcome.body)[1],
    "answer": lambda known: known.answer,
    "error_code": lambda known: known.outcome.code,
    "error_message": lambda known: known.outcome.message,
    "request": lambda known: known.request,
    "tokens": _tokens,
    "lenient": lambda known: "true" if known.lenient else None,
}
# What else some of them are called: as on screen.
_SHORT: Final = {"id": "custom_id", "status": "status_code", "finish": "finish_reason", "text": "answer"}
STANDARD: Final = tuple(Column(name, cell) for name, cell in _CELLS.items() if name not in {"tokens", "lenient"})


def columns_of(text: str) -> tuple[Column, ...]:
    """The columns that `text` names, separated by commas, each headed by the name it is given there.

    `answer.label` is the field `label` of an answer that is JSON, `answer.items.0.name` one deeper in. Raises
    `ResultFileError` for a name that is none.
    """
    return tuple(_column(name.strip()) for name in text.split(",") if name.strip()) or STANDARD


def _column(name: str) -> Column:
    if (cell := _CELLS.get(_SHORT.get(name, name))) is not None:
        return Column(name, cell)
    if path := _FIELD.fullmatch(name):
        return Column(name, _field(path[1].split(".")))
    known = ", ".join((*_SHORT, *(known for known in _CELLS if known not in _SHORT.values())))
    raise ResultFileError(
        f"There is no column {clean_line(name)[:60]!r}. There are {known}; answer.NAME is a field of answers in JSON."
    )


def _field(path: Sequence[str]) -> Callable[[Known], object]:
    def cell(known: Known) -> object:
        value = known.value
        for name in path:
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        if isinstance(value, dict | list | bool):
            return json.dumps(value, ensure_ascii=False)
        return text_of(value)

    return cell
