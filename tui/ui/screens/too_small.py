"""What a terminal shows that has no room for anything else."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.format.glyphs import shown


class TooSmall(Screen[None]):
    """Says how much room is needed; takes no key but quit."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", show=False)]
    DEFAULT_CSS = "TooSmall { align: center middle; } TooSmall Static { width: auto; }"

    def compose(self) -> ComposeResult:
        yield Static(Content(f"{shown('Too small: lazybatch needs 60×15.')}\nq quits."))
