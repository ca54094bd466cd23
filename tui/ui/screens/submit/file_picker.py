"""Choosing an input file: recent ones, those of a folder, or a path that is typed."""

import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.flows.host.file_browser import Entry, complete, find, listing, look_at
from tui.format.cell import Cell
from tui.format.text import age, clean_line, size
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.widgets.input import SafeInput
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Rule

_COLUMNS = (
    Column("name", "FILE", 20, flex=2),
    Column("size", "SIZE", 8, align="right"),
    Column("age", "CHANGED", 8, align="right"),
    Column("where", "", 10, priority=2, flex=1),
)
_RECENT = 5


class PathInput(SafeInput):
    """A path, seen from `folder`; tab completes it, escape goes back to the list."""

    ROOM: ClassVar[str] = actions.PATH
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "leave", "List", show=False),
    ]

    class Left(Message):
        """Nothing of it is meant."""

    def __init__(self, folder: Path) -> None:
        super().__init__(placeholder="path of a .jsonl file", id="path", select_on_focus=False)
        self.folder = folder

    def show_folder(self) -> None:
        """The folder, to type on from."""
        self._say(f"{self.folder}/".replace("//", "/"))

    async def action_complete(self) -> None:
        self._say(await complete(self.value, self.folder))

    def _say(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)

    def action_leave(self) -> None:
        self.post_message(self.Left())


class Pick(Room):
    """The files of a folder, those submitted lately above them."""

    ROOM: ClassVar[str] = actions.PICK
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._entries: dict[str, Entry] = {}
        self._recent: set[str] = set()
        self.path = PathInput(folder)
        self.table = Table(_COLUMNS, self._cells, id="files", empty="Reading the folder …")

    def body(self) -> Sequence[Widget]:
        return self.path, Rule(), self.table

    def on_mount(self) -> None:
        self.table.focus()
        self._go_to(self.path.folder)

    def _go_to(self, folder: Path) -> None:
        self.work(self._list(folder.absolute()), "list folder")

    async def _list(self, folder: Path) -> None:
        self.table.empty = "No .jsonl files here. Press / to type a path."
        entries = await listing(folder)
        recent = await look_at(await self.session.recent_files(_RECENT))
        came_from = str(self.path.folder)
        self.path.folder = folder
        # What is in the folder is listed below anyway.
        elsewhere = {f"recent {entry.path}": entry for entry in recent if entry.path.parent != folder}
        self._recent = {*elsewhere, *(str(entry.path) for entry in recent)}
        self._entries = elsewhere
        if folder.parent != folder:
            self._entries["up"] = Entry(folder.parent, True, 0, 0)
        self._entries |= {str(entry.path): entry for entry in entries}
        self.title_line("new batch", "choose a file")
        self.path.show_folder()
        self.table.show(list(self._entries))
        if not self.table.move_to(came_from):
            files = (key for key, entry in self._entries.items() if not entry.folder)
            self.table.move_to(next(files, "up"))

    @on(PathInput.Left)
    def _leave_path(self) -> None:
        self.path.show_folder()
        self.table.focus()

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        entry = self._entries[str(key)]
        if key == "up":
            return {"name": Cell("../", "accent")}
        name = clean_line(entry.path.name)
        if entry.folder:
            return {"name": Cell(name + "/", "accent")}
        where = self._where(entry) if key in self._recent else ""
        return {
            "name": Cell(name),
            "size": Cell(size(entry.size)),
            "age": Cell(age(time.time() - entry.modified), "dim"),
            "where": Cell(where, "dim"),
        }

    def _where(self, entry: Entry) -> str:
        """Of a file submitted lately, the end of its folder's path: the beginning is mostly everybody's."""
        parent = entry.path.parent
        if parent == self.path.folder:
            return "recent"
        shown = str(parent) if len(parent.parts) <= 3 else "/".join(("…", *parent.parts[-2:]))
        return clean_line(f"recent · {shown}")

    @on(Table.Chosen)
    def action_choose(self) -> None:
        key = self.table.cursor_key
        if key is not None:
            entry = self._entries[str(key)]
            self._take(entry.path, entry.folder)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        self.lazybatch.notices.over(self)
        self.work(self._take_typed(event.value), "typed path")

    async def _take_typed(self, text: str) -> None:
        found = await find(text, self.path.folder)
        self.path.show_folder()
        self._take(found.path, found.folder)

    def _take(self, path: Path, folder: bool) -> None:
        from tui.ui.screens.submit.screen import Submit

        if folder:
            self._go_to(path)
            self.table.focus()
        else:
            self.app.push_screen(Submit(path))

    def action_path(self) -> None:
        self.path.focus()

    def action_up(self) -> None:
        self._go_to(self.path.folder.parent)
