"""The terminal's screen as it ought to look and as it looks, and the bytes from one to the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tui.format.widths import unsure
from tui.ui.terminal.frame_parser import Cell, Span
from tui.ui.terminal.scroll import Shift, best_shift
from tui.ui.terminal.sgr import DEFAULT, Look, change

# A step over cells that are right already costs four bytes; up to so many it is cheaper to write them again.
_BRIDGE: Final = 4

Row = list[Cell | None]
"""Cells of one line by column; None where nothing is wanted, or where it is not known what is shown."""


@dataclass(slots=True)
class _Output:
    """Bytes on their way, with the cursor and the pen that the terminal has after them.

    `place` is None where the cursor is not known to be.
    """

    parts: list[str] = field(default_factory=list)
    place: tuple[int, int] | None = None
    pen: Look = DEFAULT

    def go(self, y: int, x: int) -> None:
        if self.place == (y, x):
            return
        if self.place is not None and self.place[0] == y and self.place[1] < x:
            step = x - self.place[1]
            self.parts.append(f"\x1b[{step}C" if step > 1 else "\x1b[C")
        else:
            self.parts.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self.place = (y, x)

    def put(self, y: int, x: int, cells: Row) -> None:
        for place, cell in enumerate(cells, x):
            if cell is None:
                raise ValueError("a cell that nobody wants cannot be written")
            text, look = cell
            if look is not self.pen:
                code, self.pen = change(self.pen, look, text == " ")
                self.parts.append(code)
            if self.place is None and text:
                self.go(y, place)
            if not unsure(text):
                self.parts.append(text)
                continue
            # Whatever width the terminal gives it: blanks are beside it, and what follows is where it belongs.
            self.parts.append(" " * (_end(cells, place - x + 1) + x - place))
            self.place = None
            self.go(y, place)
            self.parts.append(text)
            self.place = None

    def reset(self) -> None:
        if self.pen is not DEFAULT:
            self.parts.append("\x1b[m")
            self.pen = DEFAULT


class Canvas:
    """Remembers what the terminal shows, takes frames in, and gives out what differs.

    Frames that come before the last one's changes were asked for cost nothing: only the newest look of a cell counts.
    Not safe for two threads at once.
    """

    def __init__(self) -> None:
        self._wanted: dict[int, Row] = {}
        self._shown: dict[int, Row] = {}
        self._touched: set[int] = set()
        self._width = 0
        # Where the hardware cursor belongs and is: terminals and input methods draw there what is being composed.
        self._cursor: tuple[int, int] | None = None
        self._cursor_shown: tuple[int, int] | None = None

    def take(self, spans: list[Span], width: int) -> None:
        """Take in the spans of a frame for a screen of `width` columns; another width than before drops all memory."""
        if width != self._width:
            self.clear()
            self._width = width
        for y, x, cells in spans:
            if cells:
                self._set(y, x, cells)
        self._cursor = (spans[-1].y, spans[-1].x)

    def forget(self) -> None:
        """What the terminal shows is no longer known: write all of it again with the next changes."""
        self._shown.clear()
        self._touched.update(self._wanted)
        self._cursor_shown = None

    def clear(self) -> None:
        """Neither is it known what the terminal shows, nor is anything wanted of it until the next frame."""
        self._wanted.clear()
        self._cursor = None
        self.forget()
        self._touched.clear()

    def changes(self) -> str:
        """What makes the terminal show what is wanted, "" if it does; taken as written from here on."""
        output = _Output(place=self._cursor_shown)
        if self._touched:
            self._scroll(output)
            for y in sorted(self._touched):
                self._write_row(y, output)
            self._touched.clear()
            output.reset()
        if self._cursor is not None:
            output.go(*self._cursor)
        self._cursor_shown = self._cursor
        return "".join(output.parts)

    def _set(self, y: int, x: int, cells: tuple[Cell, ...]) -> None:
        row = self._wanted.setdefault(y, [])
        end = x + len(cells)
        row.extend([None] * (end - len(row)))
        # What stays behind of a wide character is drawn differently by every terminal: it becomes blanks.
        if (first := _first(row, x)) < x:
            self._blank(y, range(first, x))
        self._blank(y, range(end, _end(row, end)))
        row[x:end] = cells
        self._touched.add(y)

    def _blank(self, y: int, columns: range) -> None:
        row, shown = self._wanted[y], self._shown.get(y, [])
        for x in columns:
            if (cell := row[x]) is not None:
                row[x] = (" ", cell[1])
            if x < len(shown):
                shown[x] = None

    def _write_row(self, y: int, output: _Output) -> None:
        wanted = self._wanted[y]
        shown = self._shown.setdefault(y, [])
        shown.extend([None] * (len(wanted) - len(shown)))
        for start, end in _runs(shown, wanted):
            output.go(y, start)
            output.put(y, start, wanted[start:end])
            shown[start:end] = wanted[start:end]
            # In the last column the cursor stays on what was written or hangs behind it, as the terminal likes.
            output.place = (y, end) if end < self._width and output.place is not None else None

    def _scroll(self, output: _Output) -> None:
        shift = best_shift(self._shown, self._wanted, self._touched, self._width)
        if shift is None:
            return
        output.parts.append(f"\x1b[{shift.top + 1};{shift.bottom + 1}r\x1b[{shift.top + 1}H")
        output.parts.append(f"\x1b[{abs(shift.lines)}{'M' if shift.lines > 0 else 'L'}\x1b[r")
        output.place = None
        self._move(shift)

    def _move(self, shift: Shift) -> None:
        before = {y: self._shown[y] for y in shift.rows}
        for y in shift.rows:
            source = y + shift.lines
            self._shown[y] = before[source] if source in before else [(" ", DEFAULT)] * self._width
        self._touched.update(shift.rows)


def _first(row: Row, x: int) -> int:
    """The column at which the character begins that has column `x`."""
    while x and (cell := row[x]) is not None and not cell[0]:
        x -= 1
    return x


def _end(row: Row, x: int) -> int:
    """The first column from `x` on at which a character begins."""
    while x < len(row) and (cell := row[x]) is not None and not cell[0]:
        x += 1
    return x


def _runs(shown: Row, wanted: Row) -> Iterator[tuple[int, int]]:
    """Columns from and up to which `wanted` has to be written, wide characters whole."""
    start = end = -1
    for x, cell in enumerate(wanted):
        if cell is None or cell == shown[x]:
            continue
        # The rest of a wide character cannot be written without its first cell.
        first = _first(wanted, x)
        if start < 0:
            start = first
        elif first - end > _BRIDGE or None in wanted[end:first]:
            yield start, end
            start = first
        end = _end(wanted, x + 1)
    if start >= 0:
        yield start, end
