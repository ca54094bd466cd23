"""The requests of a batch that a reader wants to see: those in one state, with one failure, with one ending."""

from array import array
from dataclasses import dataclass

from tui.results.check import Verdict
from tui.results.join import Judgement
from tui.results.row_state import TO_RETRY, State


@dataclass(frozen=True, slots=True)
class Choice:
    """`name` is what to call it; requests count that are in one of `states`, or failed in one of `groups`, or are good
    and ended for the reason `finish`."""

    name: str
    states: frozenset[State] = frozenset()
    groups: frozenset[int] = frozenset()
    finish: str = ""


def choice_of(word: str, verdict: Verdict, reasons: frozenset[str]) -> Choice | None:
    """What a person means by `word`: a state (`bad` for all that can be tried again), a reason of `reasons`, an error's
    code or an HTTP status; None where nothing is called that."""
    word = word.strip()
    states: dict[str, frozenset[State]] = {
        "ok": frozenset({"ok"}),
        "refused": frozenset({"refused"}),
        "empty": frozenset({"empty"}),
        "failed": frozenset({"failed"}),
        "unreadable": frozenset({"unreadable"}),
        "missing": frozenset({"missing"}),
        "bad": TO_RETRY,
    }
    if (named := states.get(word.lower())) is not None:
        return Choice(word.lower(), states=named)
    if word in reasons:
        return Choice(f"finish {word}", finish=word)
    groups = frozenset(
        group.number
        for group in verdict.failures
        if word and (word == group.code or (group.status_code is not None and word == str(group.status_code)))
    )
    return Choice(word, groups=groups) if groups else None


def chosen(judgement: Judgement, choice: Choice) -> "array[int]":
    """The rows of `judgement` that `choice` means, in their order; for a worker thread where there are many."""
    rows = range(len(judgement))
    if choice.finish:
        found = frozenset(judgement.finishes.get(choice.finish, ()))
        return array("I", (row for row in rows if judgement.positions[row] in found and judgement.state(row) == "ok"))
    if choice.groups:
        return array("I", (row for row in rows if judgement.group(row) in choice.groups))
    return array("I", (row for row in rows if judgement.state(row) in choice.states))
