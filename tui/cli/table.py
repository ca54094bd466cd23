"""A plain table, aligned, that fits the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui.format.text import clean_line, fit

_GAP = "  "
_LEAST = 16  # cells that the last column gets before others go


@dataclass(frozen=True, slots=True)
class Column:
    """A column; where room is short, those with the highest `drop` go first, and 0 stays."""

    title: str
    align: Literal["left", "right"] = "left"
    drop: int = 0


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[list[str]]:
    """The title line and `rows` as cells of equal width, to be joined by `joined`.

    The last column takes what is left of `width` and is cut there; if nothing is left it goes, and the one before it is
    the last. Without a width nothing is cut or dropped.
    """
    lines = [[column.title for column in columns], *([clean_line(cell) for cell in row] for row in rows)]
    widths = [max(map(_cells, cells)) for cells in zip(*lines, strict=True)]
    kept = _kept(columns, widths, width)
    room = None if width is None else width - sum(widths[place] + len(_GAP) for place in kept[:-1])
    return [
        [
            *(fit(line[place], widths[place], columns[place].align) for place in kept[:-1]),
            line[kept[-1]] if room is None else fit(line[kept[-1]], max(1, room)).rstrip(),
        ]
        for line in lines
    ]


def joined(cells: Sequence[str]) -> str:
    """A line of the table."""
    return _GAP.join(cells).rstrip()


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int | None) -> list[int]:
    kept = list(range(len(columns)))
    last = min(widths[-1], _LEAST)
    while width is not None and sum(widths[place] + len(_GAP) for place in kept[:-1]) + last > width:
        droppable = [place for place in kept if columns[place].drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda place: columns[place].drop))
    while width is not None and len(kept) > 1 and sum(widths[place] + len(_GAP) for place in kept[:-1]) >= width:
        kept.pop()
    return kept


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)
