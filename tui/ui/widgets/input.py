"""A field to type into that shows any text without obeying it."""

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import Input

from tui.format.text import clean_line


class SafeInput(Input):
    """Textual's, with a cursor that does not blink (each blink is paid for on a slow line).

    The value stays as it is: a file's name may hold escape sequences or bytes that are no UTF-8, and is still its name.
    """

    cursor_blink = reactive(False, init=False)

    def on_mount(self) -> None:
        # Whoever listens to a screen's signal is kept in memory until the screen closes, and home never does.
        self._heard = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        self._heard.unsubscribe(self)

    def render_line(self, y: int) -> Strip:
        """Textual's line with stand-ins for what a terminal would take as a command."""
        strip = super().render_line(y)
        if strip.text.isprintable():
            return strip
        safe = Strip([Segment(clean_line(text), style) for text, style, _ in strip])
        # A control has no width of its own; its stand-in has.
        return safe.crop(0, strip.cell_length)
