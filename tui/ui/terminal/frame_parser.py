"""A frame of the compositor, read back into the cells it sets."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len

from tui.format.widths import joins
from tui.ui.terminal.sgr import DEFAULT, Look, look_of, on_blank

Cell = tuple[str, Look]
"""A character (with the marks that join it) and its look; of a wide one, all cells but the first are empty strings."""

_GO_TO: Final = re.compile(r"\x1b\[(\d+);(\d+)H")
_SGR: Final = re.compile(r"\x1b\[([\d;]*)m")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


class Span(NamedTuple):
    """Cells that a frame sets, from column `x` of line `y` on, both counted from 0."""

    y: int
    x: int
    cells: tuple[Cell, ...]


def parse(frame: str) -> list[Span] | None:
    """The spans of `frame` in their order, those that only move the cursor included; None if it holds anything else.

    A frame of Textual's compositor is moves to a place, each followed by runs of text in one look (an SGR sequence,
    text, a reset), with a newline at the end of a line, which the next move makes meaningless.
    """
    before, *pieces = _GO_TO.split(frame)
    if before or not pieces:
        return None
    spans = []
    for line, column, chunk in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        cells = _cells(chunk.removesuffix("\n"))
        if cells is None:
            return None
        spans.append(Span(int(line) - 1, int(column) - 1, cells))
    return spans


# As many as a large screen has lines, a few times: a line that scrolls is the same chunk at another place.
@lru_cache(maxsize=512)
def _cells(chunk: str) -> tuple[Cell, ...] | None:
    first, *pieces = _SGR.split(chunk)
    cells: list[Cell] = []
    look: Look | None = DEFAULT
    for parameters, text in [("", first), *zip(pieces[::2], pieces[1::2], strict=True)]:
        look = look_of(parameters)
        if look is None or _CONTROL.search(text):
            return None
        _add(cells, text, look)
    return tuple(cells)


def _add(cells: list[Cell], text: str, look: Look) -> None:
    blank = (" ", on_blank(look))
    if text.isascii():
        cells.extend([blank if character == " " else (character, look) for character in text])
        return
    for character in text:
        width = cell_len(character)
        if character == " ":
            cells.append(blank)
        elif cells and joins(character):
            _join(cells, character)
            cells.extend([("", look)] * width)
        else:
            cells.append((character, look))
            cells.extend([("", look)] * (width - 1))


def _join(cells: list[Cell], mark: str) -> None:
    """Put a mark onto the last character."""
    place = len(cells) - 1
    while place and not cells[place][0]:
        place -= 1
    cells[place] = (cells[place][0] + mark, cells[place][1])
