"""Whose turn it is among submissions that wait for room, and why the others wait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tui.batches.quota import Amount, Room, Unit, family
from tui.format.text import amount as short
from tui.format.text import duration, plural


class Turn(StrEnum):
    """Whether one may go out now, or what it waits for."""

    NOW = "now"
    NO_ROOM = "no room"
    BEHIND = "behind"
    PAUSED = "paused"
    UNPROVED = "unproved"
    TOO_MUCH = "too much"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`until` is the server's time at which a pause ends at the latest, `room` what there is of the model."""

    turn: Turn
    room: Room
    unit: Unit = Unit.TOKENS
    until: float = 0.0


_NOWHERE: Final = Room()


def turns(
    waiting: Iterable[tuple[int, Amount]],
    rooms: Mapping[str, Room],
    pauses: Mapping[str, float],
    unproved: Iterable[str],
) -> dict[int, Verdict]:
    """A verdict on each of `waiting`, given by key in their order; by the names of families what is known of a model.

    Nothing overtakes what waits for the same model. Where the limit is not known one batch at a time finds out whether
    there is room: `unproved` are the models of which one has not been taken in yet.
    """
    rooms, asked = dict(rooms), set(unproved)
    blocked: set[str] = set()
    found = {}
    for key, wanted in waiting:
        if wanted.model is None:
            found[key] = Verdict(Turn.NOW, _NOWHERE)
            continue
        model = family(wanted.model)
        room = rooms.get(model, _NOWHERE)
        verdict = found[key] = _of(wanted, room, pauses.get(model), model in asked, behind=model in blocked)
        if verdict.turn is Turn.NOW:
            asked.add(model)
            rooms[model] = replace(
                room, tokens=room.tokens + (wanted.tokens or 0), requests=room.requests + (wanted.requests or 0)
            )
        elif verdict.turn is not Turn.TOO_MUCH:
            blocked.add(model)
    return found


def _of(wanted: Amount, room: Room, until: float | None, unproved: bool, *, behind: bool) -> Verdict:
    if (unit := room.too_much(wanted)) is not None:
        return Verdict(Turn.TOO_MUCH, room, unit)
    if behind:
        return Verdict(Turn.BEHIND, room)
    if until is not None:
        return Verdict(Turn.PAUSED, room, until=until)
    fits = room.fits(wanted)
    if fits is None:
        return Verdict(Turn.UNPROVED if unproved else Turn.NOW, room)
    return Verdict(Turn.NOW if fits else Turn.NO_ROOM, room)


def why(verdict: Verdict, wanted: Amount, now: float) -> str:
    """The reason in words; `now` is the server's time."""
    match verdict.turn:
        case Turn.NOW:
            return "goes out next"
        case Turn.NO_ROOM:
            return f"no room: {verdict.room.text}"
        case Turn.BEHIND:
            return "waits behind one of the same model"
        case Turn.PAUSED:
            left = duration(verdict.until - now)
            return f"was refused; tried again when a batch of the model ends, or in {left}"
        case Turn.UNPROVED:
            return "waits until the provider has taken in the one before"
        case Turn.TOO_MUCH:
            most, has = verdict.room.limit.of(verdict.unit) or 0, wanted.of(verdict.unit) or 0
            what = f"{short(has)} tokens" if verdict.unit is Unit.TOKENS else plural(has, "request")
            return f"{what} alone, over the limit of {short(most)}: split it into smaller files"
