"""What speaks against submitting a file: what it costs, how many tokens it has, what its model has room for.

What is not known speaks against it as well: a limit that nothing can be held against holds nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.batches.quota import Amount, Room, family
from tui.format.text import count, plural
from tui.requests.limits import Limits
from tui.settings.profiles import Profile

# A screen without a file does without these, and who has no budget without that.
if TYPE_CHECKING:
    from tui.batches.spending import Budget, Spent
    from tui.requests.cost.estimate import Estimate
    from tui.requests.validate import Report


class Objection(NamedTuple):
    """`brief` stands before a question and ends with a sign, `sentence` says it in full."""

    brief: str
    sentence: str

    @property
    def text(self) -> str:
        """Both in one line: `Over budget: more than a batch may cost: $5.00.`"""
        return f"{self.brief[:-1]}: {self.sentence[:1].lower()}{self.sentence[1:]}"


_OVER_BUDGET = "Over budget!"
NO_ROOM = "No room now!"


def before_question(objections: Sequence[Objection]) -> str:
    """What a question begins with; empty where nothing speaks against what it asks."""
    return f"{objections[0].brief} " if objections else ""


def token_limit(report: Report, profile: Profile) -> int | None:
    """The input tokens that one batch may have, if there is such a limit.

    That is the profile's limit of a part, else what may be enqueued of the file's model: more than that never runs.
    """
    known = [profile.enqueued_tokens.get(name) or profile.enqueued_tokens.get(family(name)) for name in report.models]
    return profile.limits.max_tokens or min(filter(None, known), default=None)


def token_budget(report: Report, profile: Profile, value: Estimate) -> int | None:
    """The limit on the input tokens of one batch, where a good file has more as its estimate says."""
    most = token_limit(report, profile)
    return most if report.ok and most is not None and value.input_tokens > most else None


def parts_limits(report: Report, profile: Profile, value: Estimate) -> Limits:
    """What a file is cut to, so that each part can be a batch; tokens are counted where there are too many of them."""
    most = token_limit(report, profile)
    over = most is not None and not value.uncounted and value.input_tokens > most
    return profile.limits._replace(max_tokens=most if over else None)


def to_tokens(report: Report, profile: Profile, value: Estimate) -> Objection | None:
    """What a limit on input tokens says of a good file."""
    most = token_limit(report, profile)
    if most is None or value.input_tokens <= most:
        return to_uncounted(report, profile, value)
    tokens = f"About {count(value.input_tokens)} input tokens, where {count(most)} are allowed at one time"
    return Objection("Over the limit on tokens!", f"{tokens}.")


def to_uncounted(report: Report, profile: Profile, value: Estimate) -> Objection | None:
    """What a limit on input tokens says of a file of which not all are counted."""
    most = token_limit(report, profile)
    if most is None or not value.uncounted:
        return None
    what = ", ".join(value.uncounted)
    told = f"Not all input tokens can be counted ({what}), and {count(most)} are allowed at one time."
    return Objection("Tokens not counted!", told)


def to_room(report: Report, value: Estimate, room: Room) -> Objection | None:
    """What is enqueued of the file's model already says of it; `room` is that of the model."""
    tokens = None if value.uncounted else value.input_tokens
    fits = room.fits(Amount(next(iter(report.models), None), tokens, report.requests))
    return Objection(NO_ROOM, f"{room.text}.") if fits is False else None


def to_cost(values: Sequence[Estimate], budget: Budget | None, spent: Spent, *, parts: int = 1) -> list[Objection]:
    """What of the budget speaks against submitting these files, each in so many parts."""
    if budget is None:
        return []
    from tui.batches.spending import Budget, objections

    ranges = [known for value in values if (known := _range(value)) is not None]
    told = [words for each in ranges for words in objections(Budget(batch=budget.batch), spent, *each, parts=parts)]
    if ranges:
        highs = [high for _, high in ranges if high is not None]
        high = sum(highs) if len(highs) == len(ranges) else None
        told += objections(Budget(budget.day, budget.month), spent, sum(low for low, _ in ranges), high)
    found = [Objection(_OVER_BUDGET, words) for words in dict.fromkeys(told)]
    if unknown := sum(not _is_known(value) for value in values):
        of = f" of {plural(unknown, 'file')}" if len(values) > 1 else ""
        found.append(Objection(f"Cost{of} not known!", "It cannot be held against the budget."))
    return found


def _range(value: Estimate) -> tuple[float, float | None] | None:
    """The least and the most that a file will cost, in US dollars; None for no upper end, or where nothing is known."""
    low, high = value.cost_low, value.cost_high
    if value.cost_expected is not None:
        low = high = value.cost_expected
    return None if low is None else (float(low), None if high is None else float(high))


def _is_known(value: Estimate) -> bool:
    """Whether the cost is that of the whole file, though its output may have no upper end."""
    return value.cost_low is not None and (value.cost_high is not None or not (value.unpriced or value.uncounted))
