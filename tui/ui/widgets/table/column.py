"""Columns of a table, chosen by the width that there is."""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from tui.format.cell import Cell

GAP: Final = 1


class Column(NamedTuple):
    """One column: `width` cells at least, which its title and texts are cut to."""

    key: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"
    # 0 is never left out; where the width does not hold all, the highest numbers go first.
    priority: int = 0
    # Share of the left-over width that this column takes.
    flex: int = 0
    # Makes a text that is too long fit so many cells; without it the end is cut off.
    cut: Callable[[str, int], str] | None = None


def unseen(title: str, key: str, shown: Sequence[Column]) -> list[Cell]:
    """That rows are sorted by the column `key`, called `title`, where it is not among those that are `shown`.

    Nothing before the table has been drawn: until then it is not known what is.
    """
    return [Cell(f"by {title.lower()}", "dim")] if shown and key not in {column.key for column in shown} else []


class Slot(NamedTuple):
    """A column that is shown, and the cells it takes."""

    column: Column
    width: int


def arrange(columns: Sequence[Column], width: int) -> tuple[Slot, ...]:
    """The columns that fit into `width` cells, with one blank between two, in their order.

    Columns that are never left out and do not fit are cut at the right edge.
    """
    chosen = list(columns)
    while _needed(chosen) > width and any(column.priority for column in chosen):
        # Among equals the rightmost goes: what stands left was meant to be read first.
        last = max(range(len(chosen)), key=lambda place: (chosen[place].priority, place))
        del chosen[last]
    return tuple(Slot(column, taken) for column, taken in zip(chosen, _widths(chosen, width), strict=True) if taken > 0)


def natural_width(columns: Sequence[Column]) -> int:
    """Cells that all of `columns` take at their least width."""
    return _needed(columns)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    spare = width - _needed(columns)
    if spare <= 0:
        return _cut(columns, width)
    shares = sum(column.flex for column in columns)
    widths, given, seen = [], 0, 0
    for column in columns:
        seen += column.flex
        # Rounded on the running sum, so that the parts always add up to the whole.
        upto = spare * seen // shares if shares else 0
        widths.append(column.width + upto - given)
        given = upto
    return widths


def _cut(columns: Sequence[Column], width: int) -> list[int]:
    widths, left = [], width
    for column in columns:
        widths.append(max(0, min(column.width, left)))
        left -= column.width + GAP
    return widths
