"""Lines of text to read: wrapped to the width, scrolled by the keys of a table."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS, shown
from tui.ui.widgets import roles
from tui.ui.widgets.lines import Lines

_WHEEL_ROWS = 3


class TextView(Lines, can_focus=True, inherit_bindings=False):
    """Paragraphs, each a few cells of which the last is wrapped, hanging from where it begins.

    At the right edge a sign tells that there is more above or below, where the line leaves a cell for it.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("g,home", "move(-1000000000)", "Top", show=False),
        Binding("G,end", "move(1000000000)", "Bottom", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._paragraphs: Sequence[Sequence[Cell]] = ()
        self._lines: list[list[Cell]] = []
        self._rest: Iterator[list[Cell]] = iter(())
        self._wrapped_at = 0
        self._first = 0

    @property
    def text(self) -> str:
        """All of it, as it is wrapped."""
        self._reach(None)
        return "\n".join("".join(cell.text for cell in line) for line in self._lines)

    def read(self, paragraphs: Sequence[Sequence[Cell]], *, keep_place: bool = False) -> None:
        """Show `paragraphs`, from their top unless the reader's place is to be kept."""
        self._paragraphs, self._wrapped_at = paragraphs, 0
        if not keep_place:
            self._first = 0
        self._wrap()
        self.look_again()

    def on_resize(self) -> None:
        """Wrap for the new width. Textual calls the handler of `Lines` by itself."""
        self._wrap()

    def line(self, y: int) -> Strip:
        """Line `y` of what is in view."""
        width = self.size.width
        place = self._first + y
        self._reach(place + 2)
        cells = self._lines[place] if place < len(self._lines) else []
        strip = Strip([Segment(shown(cell.text), roles.resolve(self, cell.role, False)) for cell in cells])
        sign = self._beyond(y) if strip.cell_length < width else ""
        strip = strip.adjust_cell_length(width - len(sign), roles.resolve(self, "", False))
        return Strip([*strip, Segment(sign, roles.resolve(self, "dim", False))], width).simplify()

    def _beyond(self, y: int) -> str:
        """The sign at the end of line `y` that the text goes on below the last line, or above the first."""
        if y == self.size.height - 1 and len(self._lines) > self._first + self.size.height:
            return GLYPHS.descending
        return GLYPHS.ascending if y == 0 and self._first else ""

    def action_move(self, rows: int) -> None:
        self._reach(self._first + rows + self.size.height)
        last = max(0, len(self._lines) - self.size.height)
        first = max(0, min(self._first + rows, last))
        if first != self._first:
            self._first = first
            self.look_again()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 1))

    def action_half_page(self, halves: int) -> None:
        self.action_move(halves * max(1, self.size.height // 2))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-_WHEEL_ROWS)

    def _wrap(self) -> None:
        width = self.size.width
        if width <= 0 or width == self._wrapped_at:
            return
        self._wrapped_at = width
        self._lines = []
        self._rest = (line for paragraph in self._paragraphs for line in _hanging(paragraph, width))
        self._reach(self._first + self.size.height)
        self._first = min(self._first, max(0, len(self._lines) - self.size.height))

    def _reach(self, lines: int | None) -> None:
        """Wrap on until there are so many lines, or to the end: a long answer is wrapped where it is looked at."""
        self._lines += islice(self._rest, None if lines is None else max(0, lines - len(self._lines)))


def _hanging(paragraph: Sequence[Cell], width: int) -> Iterator[list[Cell]]:
    if not paragraph:
        yield []
        return
    *before, last = paragraph
    indent = sum(cell_len(cell.text) for cell in before)
    start: list[Cell] = list(before)
    for text in last.text.split("\n"):
        for piece in pieces(text.expandtabs(4), max(8, width - indent)):
            yield [*start, Cell(piece, last.role)]
            start = [Cell(" " * indent)] if indent else []


def pieces(text: str, width: int) -> Iterator[str]:
    """`text` in lines of up to `width` cells, broken at blanks; between wide characters anywhere."""
    start = 0
    while True:
        piece = _fitting(text, start, width)
        end = start + len(piece)
        if end >= len(text):
            yield piece
            return
        blank = text.rfind(" ", start, end + 1)
        at_blank = text[start:blank].strip(" ") if blank > start and not _wide(text[end - 1 : end + 1]) else ""
        yield text[start:blank].rstrip(" ") if at_blank else piece
        start = blank + 1 if at_blank else end


def _fitting(text: str, start: int, width: int) -> str:
    """As much of `text` from `start` on as `width` cells hold, one character at least."""
    piece = text[start : start + width]
    while (over := 0 if piece.isascii() else cell_len(piece) - width) > 0 and len(piece) > 1:
        piece = piece[: -((over + 1) // 2)]
    return piece


def _wide(neighbours: str) -> bool:
    return not neighbours.isascii() and any(cell_len(character) == 2 for character in neighbours)
