"""One line of text with something at its left and something at its right end."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS, shown
from tui.ui.widgets import roles
from tui.ui.widgets.lines import Lines


class Line(Lines, can_focus=False):
    """Texts with roles, one after another; what does not fit is cut from the left part, with a sign.

    Only the cells that differ from what is on screen are written.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._left: tuple[Cell, ...] = ()
        self._right: tuple[Cell, ...] = ()

    @property
    def text(self) -> str:
        """What it says."""
        return " ".join("".join(cell.text for cell in part) for part in (self._left, self._right)).strip()

    def say(self, left: Sequence[Cell], right: Sequence[Cell] = ()) -> None:
        """Show `left` from the second cell on and `right` up to the last but one."""
        self._left, self._right = tuple(left), tuple(right)
        self.look_again()

    def line(self, y: int) -> Strip:
        """The one line."""
        width = self.size.width
        right = Strip(map(self._segment, self._right))
        room = max(0, width - right.cell_length - 3)
        left = Strip(map(self._segment, self._left))
        if left.cell_length > room > 0:
            left = Strip([*left.crop(0, room - 1), Segment(shown("…"), self._style("dim"))])
        left = left.adjust_cell_length(room, self._style(""))
        blank = Strip.blank(1, self._style(""))
        return Strip.join([blank, left, blank, right, blank]).adjust_cell_length(width, self._style("")).simplify()

    def _segment(self, cell: Cell) -> Segment:
        # The last door before the terminal, as in a table's cells.
        return Segment(shown(cell.text), self._style(cell.role))

    def _style(self, role: str) -> Style:
        return roles.resolve(self, role if role in roles.WORDS else "", False)


class Rule(Lines, can_focus=False):
    """A thin line from edge to edge."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Rule { height: 1; }"

    def line(self, y: int) -> Strip:
        """The one line."""
        return Strip([Segment(GLYPHS.rule * self.size.width, roles.resolve(self, "dim", False))], self.size.width)
