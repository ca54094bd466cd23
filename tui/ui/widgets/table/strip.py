"""One line of a table as styled text."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS, shown
from tui.format.text import fit
from tui.format.widths import joins
from tui.ui.widgets.table.column import GAP, Slot

EMPTY: Final = Cell("")
_GAP_TEXT: Final = " " * GAP


def draw(lead: Cell, cells: Sequence[Cell], slots: Sequence[Slot], width: int, style: Callable[[str], Style]) -> Strip:
    """A line of exactly `width` cells: `lead` in the first one, then `cells` in their `slots`.

    `style` gives the style of a role. Neighbours of one style become one segment, and blanks take the style of what
    stands before them: each segment costs about 40 bytes on the line, more than most cells' text.
    """
    plain = style("")
    # The last door before the terminal: cells hold text that is safe already, and it costs next to nothing.
    pieces = [(fit(shown(lead.text), 1), style(lead.role) if lead.text else plain)]
    for place, (cell, slot) in enumerate(zip(cells, slots, strict=True)):
        text = shown(cell.text)
        if slot.column.cut is not None:
            text = shown(slot.column.cut(text, slot.width))
        text = fit(text, slot.width, slot.column.align, GLYPHS.cut)
        pieces.append((_GAP_TEXT + text if place else text, style(cell.role)))
    used = 1 + sum(slot.width for slot in slots) + GAP * max(0, len(slots) - 1)
    pieces.append((" " * max(0, width - used), plain))
    return Strip(_merge(pieces), width).crop(0, width)


def _merge(pieces: Sequence[tuple[str, Style]]) -> list[Segment]:
    merged: list[Segment] = []
    run, current = "", pieces[0][1]
    for text, style in pieces:
        if style == current or (_plain_ground(current, style) and not text.strip(" ")):
            run += text
            continue
        if run:
            merged.append(Segment(run, current))
        run, current = text, style
    return [*merged, Segment(run, current)] if run else merged


def _plain_ground(left: Style, right: Style) -> bool:
    """Whether a blank looks the same in both styles."""
    return left.bgcolor == right.bgcolor and not any(
        style.reverse or style.underline or style.strike for style in (left, right)
    )


def difference(old: Strip | None, new: Strip) -> tuple[int, int] | None:
    """The cells from and up to which two lines differ, or None when they are alike."""
    if old is None or old.cell_length != new.cell_length:
        return 0, new.cell_length
    if old == new:
        return None
    before, after = _characters(old), _characters(new)
    shorter = min(len(before), len(after))
    head = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    tail = next((place for place in range(shorter - head) if before[-1 - place] != after[-1 - place]), shorter - head)
    # A mark that joins the character before it changes that character's cell.
    while head and any(head < len(line) and joins(line[head][0]) for line in (before, after)):
        head -= 1
    # And what it joins is drawn with it, whichever of the two has changed.
    while tail and any(joins(line[len(line) - tail][0]) for line in (before, after)):
        tail -= 1
    start = _cells(after[:head])
    end = new.cell_length - _cells(after[len(after) - tail :])
    return (start, end) if end > start else None


def _characters(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, segment.style) for segment in strip for character in segment.text]


def _cells(characters: Sequence[tuple[str, Style | None]]) -> int:
    return cell_len("".join(character for character, _ in characters))
