"""Tokens that were counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tui.requests.cost.estimators import Total
from tui.requests.cost.tokens import Vocabulary

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

    vocabulary: Vocabulary | None = None
    """What the model with the most requests was counted with; None: only its characters were."""
    total: Sums = field(default_factory=Sums)
    by_model: dict[str, Sums] = field(default_factory=dict)
    uncounted: set[str] = field(default_factory=set)
    """What there is beside text: `prompts.IMAGES`, `prompts.ELSEWHERE`, `prompts.UNKNOWN`."""
    lines: int | None = None
    """How many were taken as a sample; None if all were counted."""
    places: int = 0
    """At how many it was looked what the file is made of, beside its sample of lines."""
