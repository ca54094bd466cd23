"""All keys, made from the one list of actions."""

from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui import actions
from tui.screens.room import Room, bindings
from tui.widgets.column import Cell, Column
from tui.widgets.table import Table


class Help(Room):
    """The keys of the room that it was called from, then those of all others."""

    ROOM: ClassVar[str] = actions.EVERYWHERE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, room: str) -> None:
        super().__init__()
        columns = [Column("keys", "KEYS", 14), Column("room", "WHERE", 14), Column("help", "WHAT IT DOES", 20, flex=1)]
        self.table = Table(columns, self._cells)
        self._listed = sorted(actions.ACTIONS, key=lambda action: _near(action.room, room))

    def body(self) -> Sequence[Widget]:
        return (self.table,)

    def on_mount(self) -> None:
        self.title_line("help")
        self.table.show(range(len(self._listed)))
        self.table.focus()

    def action_help(self) -> None:
        self.action_back()

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        action = self._listed[int(str(key))]
        return {
            "keys": Cell(action.shown_keys, "accent"),
            "room": Cell(action.room, "dim"),
            "help": Cell(action.help),
        }


def _near(room: str, here: str) -> int:
    return 0 if room == here else 1 if room in {actions.TABLES, actions.EVERYWHERE} else 2
