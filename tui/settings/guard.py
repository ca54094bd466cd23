"""The guard's rules in the settings file, and whom lazybatch is to tell.

[profiles.prod]
notify = ["notify-send"]     # a command; it is given the message as one more argument

[profiles.prod.guard]        # what is left out stays as it is; false switches a rule off
grace = 60                   # seconds between the alarm and a cancel unasked
failures = {share = 0.1, after = 200, auto_cancel = true}
identical = {number = 50}    # requests that failed alike
budget = {dollars = 25}      # of one batch; without it there is none
size = {factor = 5, known = 3, least = 1000}
stalled = {minutes = 30}
window = {minutes = 10, after = 60}
cancelling = {minutes = 10}
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from tui.batches.guard import Rule, Rules
from tui.errors import LazybatchError
from tui.format.text import clean_line

_SHARE: Final = "a share above 0 and below 1"
_AMOUNT: Final = "a number above 0"
_WHOLE: Final = "a whole number above 0"
_MINUTES: Final = "a number of minutes above 0"
# Rule → its settings, each with the field of `Rules` that it sets; without the first of them the rule is off.
_SETTINGS: Final[Mapping[Rule, Mapping[str, tuple[str, str]]]] = {
    Rule.FAILURES: {"share": ("failed_share", _SHARE), "after": ("failed_after", _WHOLE)},
    Rule.IDENTICAL: {"number": ("identical_failures", _WHOLE)},
    Rule.BUDGET: {},
    Rule.SIZE: {
        "factor": ("usual_factor", _AMOUNT), "known": ("usual_known", _WHOLE), "least": ("usual_least", _WHOLE),
    },
    Rule.STALLED: {"minutes": ("stalled_after", _MINUTES)},
    Rule.WINDOW: {"minutes": ("missed_by", _MINUTES), "after": ("missed_after", _MINUTES)},
    Rule.CANCELLING: {"minutes": ("cancelling_after", _MINUTES)},
}  # fmt: skip
_AUTO: Final = "auto_cancel"


def guard_rules(entry: Mapping[str, Any], where: str, budget: float | None) -> Rules:
    """The rules of a profile's `guard` table, with the `budget` of one batch, in US dollars.

    Raises `LazybatchError` in a sentence that begins with `where`.
    """
    fields: dict[str, Any] = {"budget": budget}
    auto: set[Rule] = set()
    names = [rule.value for rule in _SETTINGS]
    for name, value in entry.items():
        if name == "grace":
            fields["grace"] = _number(value, _AMOUNT, f"{where}: grace")
        elif name not in names:
            raise LazybatchError(f"{where}: unknown rule {clean_line(name)!r}. There is: grace, {', '.join(names)}.")
        else:
            fields |= _rule(Rule(name), value, where, auto)
    if Rule.BUDGET in auto and budget is None:
        raise LazybatchError(f"{where}: budget has auto_cancel, but the table budget sets none for a batch.")
    return Rules(**fields, auto_cancel=frozenset(auto))


def command(value: object, where: str) -> tuple[str, ...]:
    """The user's own command for messages; the same errors."""
    if not isinstance(value, list) or not value or not all(isinstance(part, str) and part for part in value):
        raise LazybatchError(f'{where}: notify must be a list of texts, a program and its arguments: ["notify-send"].')
    return tuple(value)


def _rule(rule: Rule, value: object, where: str, auto: set[Rule]) -> dict[str, Any]:
    settings = _SETTINGS[rule]
    if value is False and settings:
        return {next(iter(settings.values()))[0]: None}
    if not isinstance(value, dict):
        raise LazybatchError(f"{where}: {rule} must be a table{', or false' if settings else ''}.")
    fields = {}
    for name, setting in value.items():
        at = f"{where}, {rule}: {clean_line(name)}"
        if name == _AUTO and rule is not Rule.CANCELLING:
            if not isinstance(setting, bool):
                raise LazybatchError(f"{at} must be true or false.")
            if setting:
                auto.add(rule)
        elif name not in settings:
            known = [*settings] if rule is Rule.CANCELLING else [*settings, _AUTO]
            raise LazybatchError(f"{at} is unknown. There is: {', '.join(known)}.")
        else:
            field, wanted = settings[name]
            fields[field] = _number(setting, wanted, at)
    return fields


def _number(value: object, wanted: str, at: str) -> float:
    whole = wanted is _WHOLE
    # A bool is an int to Python.
    right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    number = float(value) if right else math.nan  # type: ignore[arg-type]
    if not (0 < number < (1 if wanted is _SHARE else math.inf)):
        raise LazybatchError(f"{at} must be {wanted}.")
    return int(number) if whole else number * 60 if wanted is _MINUTES else number
