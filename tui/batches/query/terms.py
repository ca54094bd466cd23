"""The terms of the filter language, and the fields and values that they may name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tui.batches.batch import ENDED, Batch, Status

_PLAIN: Final = re.compile(r'[^\s"]+')

WORDS: Final = {Status.IN_PROGRESS: "running", Status.COMPLETED: "done"}
STATES: Final[dict[str, frozenset[Status]]] = {
    **{WORDS.get(status, status.value): frozenset({status}) for status in Status},
    "active": frozenset(Status) - ENDED,
    "ended": ENDED,
}
ALSO: Final = {"in_progress": "running", "completed": "done", "canceled": "cancelled", "canceling": "cancelling"}

TEXTS: Final[dict[str, Callable[[Batch, str], str | None]]] = {
    "name": lambda _, name: name,
    "id": lambda batch, _: batch.id,
    "model": lambda batch, _: batch.model,
    "endpoint": lambda batch, _: batch.endpoint,
}
META: Final = "meta."
EXAMPLES: Final = {
    "age": ("a time with its unit (s m h d w)", ("<1h", "<1d", ">1d", ">1w")),
    "failed": ("a share or a number", (">0", ">1%", ">10%")),
    "cost": ("an amount", (">1", ">10", ">100")),
    "requests": ("a number", (">1k", ">10k", ">1M")),
}
FIELDS: Final = ("status", *TEXTS, *EXAMPLES)

SPAN: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?[smhdw])+")
NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([kKM%]?)")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a word where `field` is empty; any of `values` will do; `sign` is a comparison or empty."""

    field: str
    sign: str
    values: tuple[str, ...]
    negated: bool

    def __str__(self) -> str:
        key = f"{quoted(self.field, ':')}:" if self.field else ""
        values = ",".join(quoted(value, ",<>=" if self.field else ":!<>=") for value in self.values)
        return f"{'!' * self.negated}{key}{self.sign}{values}"


def quoted(text: str, signs: str) -> str:
    """`text` as a term has to spell it, where `signs` have a meaning of their own."""
    if _PLAIN.fullmatch(text) and not any(sign in text for sign in signs):
        return text
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
