"""How much of a model's limit on enqueued work is taken, and what a server's refusal says of that limit.

A provider bounds what may wait of one model at a time: the prompt tokens of all its batches that have not ended, or
their requests. No endpoint tells the limit: it is learnt from the refusal of a batch that went over it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from tui.batches.batch import Batch, Counts, Status
from tui.format.text import amount, clean_line, plural

_CODE: Final = "token_limit_exceeded"
# OpenAI: "Enqueued token limit reached for gpt-4o-mini in organization org-…. Limit: 2,000,000 enqueued tokens. Please
# try again once some in_progress batches have been completed." The same is said of requests.
# Azure: "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment 'gpt-4.1-batch'.
# Please either increase the limit or try again once the current jobs have finished."
_ENQUEUED: Final = re.compile(r"\benqueued[ _](token|request)s?\b", re.IGNORECASE)
_FOR: Final = re.compile(r"\bfor (?:the )?(?:(?:deployment|model) )?['\"]?([^\s'\"]+)", re.IGNORECASE)
_MOST: Final = re.compile(r"\blimit(?: of|:) *(\d[\d,]{0,18}(?:\.\d{1,6})?) ?([KMB])?\b", re.IGNORECASE)
_FACTORS: Final = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
# A dated name shares the limit of the model that it is a state of.
_DATE: Final = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")
_FIRST_PAUSE: Final = 60.0  # seconds after a refusal that the sums do not explain; doubled with each further one
_LONGEST_PAUSE: Final = 3600.0


class Unit(StrEnum):
    """What a limit counts."""

    TOKENS = "tokens"
    REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said when it refused a batch for what waits already; None for what it left out."""

    unit: Unit
    model: str | None = None
    most: int | None = None

    @property
    def sentence(self) -> str:
        """For people, in few words: a server's own are longer than a line."""
        most = "on" if self.most is None else f"of {amount(self.most)}"
        of = "" if self.model is None else f" for {self.model}"
        return f"Over the limit {most} enqueued {self.unit}{of}."


@dataclass(frozen=True, slots=True)
class Amount:
    """What a batch takes of its model's limit while it has not ended; None for what is not known."""

    model: str | None
    tokens: int | None = None
    requests: int | None = None

    def of(self, unit: Unit) -> int | None:
        return self.tokens if unit is Unit.TOKENS else self.requests


@dataclass(frozen=True, slots=True)
class Limit:
    """What may wait of a model, as far as it is known; `refused_at` is the server's time of its last refusal.

    `refusals` counts those since a batch of the model was last taken in.
    """

    tokens: int | None = None
    requests: int | None = None
    refused_at: float | None = None
    refusals: int = 0

    def of(self, unit: Unit) -> int | None:
        return self.tokens if unit is Unit.TOKENS else self.requests


@dataclass(frozen=True, slots=True)
class Room:
    """One model's limit and what is enqueued of it; `unknown` is the number of batches of which that is not known."""

    limit: Limit = field(default_factory=Limit)
    tokens: int = 0
    requests: int = 0
    unknown: int = 0

    def taken(self, unit: Unit) -> int:
        return self.tokens if unit is Unit.TOKENS else self.requests

    def fits(self, wanted: Amount) -> bool | None:
        """Whether there is room for `wanted`; None where the limit is not known, or not how much that is."""
        found = [self._fits(wanted, unit) for unit in Unit if self.limit.of(unit) is not None]
        if False in found:
            return False
        return True if found and None not in found else None

    def _fits(self, wanted: Amount, unit: Unit) -> bool | None:
        more = wanted.of(unit)
        return None if more is None else self.taken(unit) + more <= (self.limit.of(unit) or 0)

    def too_much(self, wanted: Amount) -> Unit | None:
        """In what `wanted` alone is over the limit, so that it never fits."""
        return next(
            (unit for unit in Unit if (wanted.of(unit) or 0) > (most := self.limit.of(unit) or 0) and most), None
        )

    @property
    def text(self) -> str:
        """For people: `2.0M limit · 1.6M enqueued`, in tokens unless it says otherwise."""
        told = []
        if self.limit.tokens is not None or self.limit.requests is None:
            most = "limit not known" if self.limit.tokens is None else f"{amount(self.limit.tokens)} limit"
            told.append(f"{most} · {amount(self.tokens)} enqueued")
        if self.limit.requests is not None:
            told.append(f"{amount(self.limit.requests)} requests limit · {amount(self.requests)} enqueued")
        if self.unknown:
            told.append(f"and {plural(self.unknown, 'batch', 'batches')} of unknown size")
        return " · ".join(told)


def limits(tokens: Mapping[str, int], requests: Mapping[str, int], learnt: Mapping[str, Limit]) -> dict[str, Limit]:
    """The limits by the name of the model's family: those that a profile sets, `learnt` ones where it sets none."""
    found = dict(learnt)
    for model, most in tokens.items():
        found[family(model)] = replace(found.get(family(model), Limit()), tokens=most)
    for model, most in requests.items():
        found[family(model)] = replace(found.get(family(model), Limit()), requests=most)
    return found


def family(model: str) -> str:
    """The name that a model's limit goes by."""
    return _DATE.sub("", model)


def refusal(code: str | None, message: str) -> Refusal | None:
    """What an error says of a limit on enqueued work; None where it is about something else."""
    named = _ENQUEUED.search(message)
    most = _MOST.search(message)
    if code != _CODE and not (named and "limit" in message.lower()):
        return None
    unit = Unit.REQUESTS if named and named[1].lower() == "request" else Unit.TOKENS
    model = _FOR.search(message)
    return Refusal(
        unit,
        clean_line(model[1].rstrip(".,;:")) if model else None,
        round(float(most[1].replace(",", "")) * _FACTORS[(most[2] or "").upper()]) if most else None,
    )


def refused(batch: Batch) -> Refusal | None:
    """Why `batch` was refused, if that was for what waited already: sent again later it may be taken."""
    if batch.status is not Status.FAILED:
        return None
    return next((found for error in batch.errors if (found := refusal(error.code, error.message))), None)


def enqueued(batch: Batch, expected: Amount | None = None) -> Amount:
    """What an active `batch` takes: as `expected` of what was submitted from here, else by what the server has told.

    The whole batch counts until it has ended. Tokens are told of the requests that are over alone: the others are
    taken to be like them.
    """
    counts = batch.counts or Counts()
    known = expected or Amount(None)
    tokens = known.tokens
    if tokens is None and batch.usage is not None and batch.usage.input_tokens and counts.progress:
        tokens = round(batch.usage.input_tokens / counts.progress)
    return Amount(known.model or batch.model, tokens, known.requests or counts.total or None)


def rooms(amounts: Iterable[Amount], limits: Mapping[str, Limit]) -> dict[str, Room]:
    """By the name of the model's family, the limits and what is enqueued."""
    found = {model: Room(limit) for model, limit in limits.items()}
    for each in amounts:
        if each.model is None:
            continue
        model = family(each.model)
        room = found.get(model, Room())
        needed = Unit.REQUESTS if room.limit.tokens is None and room.limit.requests is not None else Unit.TOKENS
        found[model] = Room(
            room.limit,
            room.tokens + (each.tokens or 0),
            room.requests + (each.requests or 0),
            room.unknown + (each.of(needed) is None),
        )
    return found


def pause_ends(limit: Limit, batches: Iterable[Batch], now: float) -> float | None:
    """Until when nothing more of a model is sent after a refusal, or None if it may be.

    The sums here may be too low: others use the same limit, and servers count in their own way. So the next try waits
    for one of `batches`, those of the model, to end, and where none does for a while that doubles. Server's time.
    """
    if limit.refused_at is None or not limit.refusals:
        return None
    at = limit.refused_at
    if any(batch.status is not Status.FAILED and (batch.ended_at or 0) > at for batch in batches):
        return None
    until = at + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (limit.refusals - 1))
    return until if now < until else None
