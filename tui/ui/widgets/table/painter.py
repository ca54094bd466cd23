"""Lines of a table, drawn once for each content and kept while they may be needed again."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from tui.format.cell import Cell
from tui.ui.widgets.table.column import Column, Slot, arrange
from tui.ui.widgets.table.strip import EMPTY, draw


class State(NamedTuple):
    """What a line looks like beyond its text."""

    cursor: bool = False
    marked: bool = False


PLAIN = State()


class Painter:
    """Draws lines of one table at its present width and in its present colours."""

    def __init__(self, columns: Sequence[Column], mark: str, style: Callable[[str, bool], Style]) -> None:
        """`style` gives the style of a role, on the cursor's row or elsewhere; `mark` is the glyph of a marked row."""
        self._columns = tuple(columns)
        self._mark = Cell(mark, "mark")
        self._style = style
        self._width = 0
        self._slots: tuple[Slot, ...] = ()
        self._styles: dict[tuple[str, bool], Style] = {}
        self._strips: LRUCache[tuple[tuple[Cell, ...], State], Strip] = LRUCache(256)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, shown or not."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._arrange()

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that the width has room for."""
        return tuple(slot.column for slot in self._slots)

    def resize(self, width: int, height: int) -> None:
        """Draw for a table of this size from now on."""
        # A few screens: what was scrolled away may come back.
        self._strips.grow(4 * height)
        if width != self._width:
            self._width = width
            self._arrange()

    def forget_styles(self) -> None:
        """Ask for all styles again: the theme or the focus changed."""
        self._styles.clear()
        self._strips.clear()

    def header(self) -> Strip:
        """The line of titles."""
        return self._line(tuple(Cell(slot.column.title, "header") for slot in self._slots), PLAIN)

    def row(self, cells: Mapping[str, Cell], state: State) -> Strip:
        """The line of one row."""
        return self._line(tuple(cells.get(slot.column.key, EMPTY) for slot in self._slots), state)

    def blank(self) -> Strip:
        """A line without anything."""
        return Strip.blank(self._width, self._resolve("", False))

    def words(self, text: str) -> Strip:
        """A line of text in the middle, for a table without rows."""
        room = max(0, self._width - 1)
        slot = Slot(Column("", "", room), room)
        left = max(0, (room - cell_len(text)) // 2)
        return draw(EMPTY, [Cell(" " * left + text, "empty")], [slot], self._width, self._plain)

    def _arrange(self) -> None:
        self._slots = arrange(self._columns, self._width - 1)
        self._strips.clear()

    def _line(self, cells: tuple[Cell, ...], state: State) -> Strip:
        strip = self._strips.get((cells, state))
        if strip is None:
            lead = self._mark if state.marked else EMPTY
            style = self._under_cursor if state.cursor else self._plain
            strip = self._strips[cells, state] = draw(lead, cells, self._slots, self._width, style)
        return strip

    def _plain(self, role: str) -> Style:
        return self._resolve(role, False)

    def _under_cursor(self, role: str) -> Style:
        return self._resolve(role, True)

    def _resolve(self, role: str, cursor: bool) -> Style:
        style = self._styles.get((role, cursor))
        if style is None:
            style = self._styles[role, cursor] = self._style(role, cursor)
        return style
