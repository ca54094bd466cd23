"""The thin line above the keys, with what has happened written into it."""

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from tui.format.glyphs import GLYPHS, shown
from tui.ui.widgets import roles
from tui.ui.widgets.lines import Lines

_LEAD: Final = 3  # cells before the text: two of the line, and a blank
_NARROW: Final = 16  # cells, below which nothing could be read
_MOST: Final = 5  # lines of a text, which has to leave the screen to what it is about


class NoticeLine(Lines, can_focus=False):
    """A line from edge to edge while there is nothing to tell; a text stands in it and covers nothing.

    A text that is too long for the line takes more of them, from what is above; all others write one line again.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "NoticeLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__(id="notice")
        self._text = self._role = self._end = ""
        self._pieces: list[str] = []

    def say(self, text: str = "", role: str = "", end: str = "") -> None:
        """Show `text`, and `end` at the right edge; nothing but the line without a text."""
        self._text, self._role, self._end = text, role, shown(end)
        self._wrap()

    def on_resize(self) -> None:
        """Wrap for the new width. Textual calls the handler of `Lines` by itself."""
        self._wrap()

    def _wrap(self) -> None:
        self._pieces = []
        if self._text:
            # The first frame has nothing to tell.
            from tui.ui.widgets.text_view import pieces

            text, room = shown(self._text), max(_NARROW, (self.size.width or self.app.size.width) - _LEAD - 1)
            beside = room - len(self._end) - 4 if self._end else room
            self._pieces = list(pieces(text, room))
            if cell_len(self._pieces[-1]) > beside:
                # What stands at the end has no room behind the last of it.
                self._pieces = list(pieces(text, max(_NARROW, beside)))
            if len(self._pieces) > _MOST:
                self._pieces[_MOST - 1 :] = [f"{self._pieces[_MOST - 1]} {shown('…')}"]
        height = max(1, len(self._pieces))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        self.look_again()

    def line(self, y: int) -> Strip:
        """Line `y` of the text, or the line alone."""
        width, dim = self.size.width, roles.resolve(self, "dim", False)
        if y >= len(self._pieces):
            return Strip([Segment(GLYPHS.rule * width, dim)], width)
        lead = f"{GLYPHS.rule * (_LEAD - 1)} " if y == 0 else " " * _LEAD
        text = Strip([Segment(lead, dim), Segment(f"{self._pieces[y]} ", roles.resolve(self, self._role, False))])
        last = y == len(self._pieces) - 1
        end = f" {self._end} {GLYPHS.rule * 2}" if last and self._end else ""
        fill = (GLYPHS.rule if last else " ") * max(0, width - text.cell_length - len(end))
        return Strip.join([text, Strip([Segment(f"{fill}{end}", dim)])]).adjust_cell_length(width, dim).simplify()
