"""Lines that only moved up or down, found so that the terminal can move them itself."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

# Setting the margins, moving and setting them back costs about twenty bytes: less than one line.
_WORTH: Final = 2

_Rows = Mapping[int, Sequence[object]]


class Shift(NamedTuple):
    """The lines from `top` to `bottom`, both included, move up by `lines` (down if negative); blanks come in."""

    top: int
    bottom: int
    lines: int

    @property
    def rows(self) -> range:
        return range(self.top, self.bottom + 1)


def best_shift(shown: _Rows, wanted: _Rows, touched: Iterable[int], width: int) -> Shift | None:
    """The move that brings most of the `touched` lines to where they are wanted; None if it would not pay.

    Only lines of the full `width` of which every cell is known can move.
    """
    changed = [y for y in touched if _whole(wanted.get(y), width) and wanted[y] != shown.get(y)]
    if len(changed) <= _WORTH:
        return None
    places: dict[tuple[object, ...], list[int]] = {}
    for y, row in shown.items():
        if _whole(row, width):
            places.setdefault(tuple(row), []).append(y)
    votes = Counter(old - y for y in changed for old in places.get(tuple(wanted[y]), ()))
    # A line that is on screen many times, as blank ones are, votes for many moves: the most votes are no proof yet.
    shifts = (_bounded(lines, changed, shown, wanted, width) for lines, _ in votes.most_common(3))
    gain, shift = max(((_gain(shift, shown, wanted), shift) for shift in shifts if shift), default=(0, None))
    return shift if gain > _WORTH else None


def _whole(row: Sequence[object] | None, width: int) -> bool:
    return row is not None and len(row) == width and None not in row


def _bounded(lines: int, changed: Sequence[int], shown: _Rows, wanted: _Rows, width: int) -> Shift | None:
    arrived = [y for y in changed if wanted[y] == shown.get(y + lines)]
    ends = [*arrived, *(y + lines for y in arrived)]
    shift = Shift(min(ends), max(ends), lines)
    movable = all(_whole(shown.get(y), width) and _whole(wanted.get(y), width) for y in shift.rows)
    return shift if movable else None


def _gain(shift: Shift, shown: _Rows, wanted: _Rows) -> int:
    """Lines that the move puts right, less those that it puts wrong."""
    right_before = sum(wanted[y] == shown[y] for y in shift.rows)
    right_after = sum(y + shift.lines in shift.rows and wanted[y] == shown[y + shift.lines] for y in shift.rows)
    return right_after - right_before
