"""Choosing an input file: recent ones, those of a folder, or a path that is typed."""

import asyncio
import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui import actions
from tui.errors import LazybatchError
from tui.flows.folder import Entry, complete, listing, look_at
from tui.screens.room import Room, bindings
from tui.text import age, clean_line, size
from tui.widgets.column import Cell, Column
from tui.widgets.line import Rule
from tui.widgets.safe_input import SafeInput
from tui.widgets.table import Table

_COLUMNS = (
    Column("name", "FILE", 20, flex=3),
    Column("size", "SIZE", 8, align="right"),
    Column("age", "CHANGED", 8, align="right"),
    Column("where", "", 10, priority=2, flex=1),
)
_RECENT = 5


class PathInput(SafeInput):
    """A path; tab completes it, escape goes back to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "leave", "List", show=False),
    ]

    async def action_complete(self) -> None:
        self.value = await complete(self.value)
        self.cursor_position = len(self.value)

    def action_leave(self) -> None:
        self.screen.focus_next(Table)


class Pick(Room):
    """The files of a folder, those submitted lately above them."""

    ROOM: ClassVar[str] = actions.PICK
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._entries: dict[str, Entry] = {}
        self._recent: set[str] = set()
        self.path = PathInput(placeholder="path of a .jsonl file", id="path", select_on_focus=False)
        self.table = Table(_COLUMNS, self._cells, id="files", empty="Reading the folder …")

    def body(self) -> Sequence[Widget]:
        return self.path, Rule(), self.table, Rule()

    def on_mount(self) -> None:
        self.table.focus()
        self._go_to(self._folder)

    def _go_to(self, folder: Path) -> None:
        self.work(self._list(folder.absolute()), "list folder")

    async def _list(self, folder: Path) -> None:
        self.table.empty = "No .jsonl files here. Press / to type a path."
        entries = await listing(folder)
        recent = await look_at(await self.session.recent_files(_RECENT))
        came_from = str(self._folder)
        self._folder = folder
        self._recent = {f"recent {entry.path}" for entry in recent}
        self._entries = {f"recent {entry.path}": entry for entry in recent}
        if folder.parent != folder:
            self._entries["up"] = Entry(folder.parent, True, 0, 0)
        self._entries |= {str(entry.path): entry for entry in entries}
        self.title_line("new batch", "choose a file")
        self.path.value = f"{folder}/".replace("//", "/")
        self.path.cursor_position = len(self.path.value)
        self.table.show(list(self._entries))
        if not self.table.move_to(came_from):
            files = (key for key, entry in self._entries.items() if not entry.folder)
            self.table.move_to(next(files, "up"))

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        entry = self._entries[str(key)]
        if key == "up":
            return {"name": Cell("../", "accent")}
        name = clean_line(entry.path.name)
        if entry.folder:
            return {"name": Cell(name + "/", "accent")}
        where = clean_line(str(entry.path.parent)) if key in self._recent else ""
        return {
            "name": Cell(name),
            "size": Cell(size(entry.size)),
            "age": Cell(age(time.time() - entry.modified), "dim"),
            "where": Cell(f"recent · {where}" if where else "", "dim"),
        }

    @on(Table.Chosen)
    def action_choose(self) -> None:
        key = self.table.cursor_key
        if key is not None:
            entry = self._entries[str(key)]
            self._take(entry.path, entry.folder)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        self.work(self._take_typed(event.value), "typed path")

    async def _take_typed(self, text: str) -> None:
        self._take(*await asyncio.to_thread(_looked_at, text))

    def _take(self, path: Path, folder: bool) -> None:
        from tui.screens.submit import Submit

        if folder:
            self._go_to(path)
            self.table.focus()
        else:
            self.app.push_screen(Submit(path))

    def action_path(self) -> None:
        self.path.focus()

    def action_up(self) -> None:
        self._go_to(self._folder.parent)


def _looked_at(text: str) -> tuple[Path, bool]:
    """The path that `text` stands for, and whether it is a folder."""
    try:
        path = Path(text).expanduser()
        return path, path.is_dir()
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else "there is no such home folder"
        raise LazybatchError(f"Cannot read {clean_line(text)[:80]!r}: {why}.") from None
