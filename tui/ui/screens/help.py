"""All keys, made from the one list of actions."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.format.cell import Cell
from tui.format.text import fit
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.widgets.text_view import TextView

_KEYS = 16  # cells


class Help(Room):
    """The keys of the room that it was called from, then those of all others."""

    ROOM: ClassVar[str] = actions.EVERYWHERE
    BESIDE: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, room: str) -> None:
        super().__init__()
        self._rooms = sorted(actions.ROOMS, key=lambda known: _far(known, room))
        self.view = TextView(id="help")

    def body(self) -> Sequence[Widget]:
        return (self.view,)

    def on_mount(self) -> None:
        self.title_line("help")
        self.view.read(list(self._paragraphs()))
        self.view.focus()

    def action_help(self) -> None:
        self.action_back()

    def _paragraphs(self) -> Iterator[Sequence[Cell]]:
        read_only = self.session.profile.read_only
        for room in self._rooms:
            yield []
            yield [Cell(" "), Cell(room.capitalize(), "header")]
            for action in actions.ACTIONS:
                if action.room == room and not (read_only and action.writes):
                    yield [Cell("   "), Cell(fit(action.shown_keys, _KEYS), "accent"), Cell(action.help)]


def _far(room: str, here: str) -> int:
    return 0 if room == here else 1 if room in {actions.TABLES, actions.EVERYWHERE} else 2
