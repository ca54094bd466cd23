"""Why a batch failed before it began: the server's problems with its input file, grouped, with the lines meant."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.batches.batch import Batch, BatchError
from tui.batches.metadata import retry_metadata
from tui.errors import LazybatchError
from tui.files.errors import shown
from tui.flows.results.file_reader import FileReader
from tui.format.cell import Cell
from tui.format.text import count, plural
from tui.results.failures import pattern
from tui.ui import actions
from tui.ui.screens.base import Room, bindings, may_wait
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule
from tui.ui.widgets.text_view import TextView

_COLUMNS = (
    Column("count", "LINES", 6, align="right"),
    Column("first", "FIRST", 7, align="right", priority=1),
    Column("code", "PROBLEM", 20, flex=1),
    Column("param", "PARAMETER", 12, priority=2),
    Column("message", "MESSAGE", 20, flex=4),
)
_NAMED = 12  # line numbers that are named


class Refused(Room):
    """A row a kind of problem; below it the first line that has it, where the input file is on this machine."""

    ROOM: ClassVar[str] = actions.REFUSED
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)
    DEFAULT_CSS = """
    Refused #groups { height: auto; max-height: 40%; }
    Refused #refused { padding: 0 1; border-top: solid $panel-lighten-2; }
    """

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self._batch = batch
        self._groups = _grouped(batch.errors)
        self._input: FileReader | None = None
        self._place = 0  # which of the lines of the group is shown
        self.table = Table(_COLUMNS, self._cells, id="groups")
        self.detail = TextView(id="refused")
        self.status = Line(id="where")

    def body(self) -> Sequence[Widget]:
        return self.table, self.detail, Rule(), self.status

    def on_mount(self) -> None:
        self.title_line(self.lazybatch.name_of(self._batch), "why it failed")
        self.table.show(range(len(self._groups)))
        self.table.focus()
        self.status.say([Cell("Looking for the input file …", "dim")])
        self.work(self._open(fetch=False), "input")

    def on_unmount(self) -> None:
        if self._input is not None:
            self._input.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "fetch" and self._input is not None:
            return False
        if action in {"next", "previous"} and (self._input is None or len(self._lines) < 2):
            return False
        if action == "wait_again" and not may_wait(self._batch):
            return False
        return super().check_action(action, parameters)

    @property
    def _group(self) -> list[BatchError]:
        key = self.table.cursor_key
        return [] if key is None else self._groups[int(str(key))]

    @property
    def _lines(self) -> list[int]:
        """The numbers of the lines that have the problem under the cursor."""
        return [error.line for error in self._group if error.line is not None]

    def action_next(self) -> None:
        self._turn(1)

    def action_previous(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self._place = (self._place + by) % len(self._lines)
        self.work(self._show_line(), "line")

    @on(Table.Chosen)
    def action_fetch(self) -> None:
        if self._input is None and self.begin("fetching the input file", lambda: self._open(fetch=True)):
            self.status.say([Cell("Fetching the input file …", "running")])

    def action_remainder(self) -> None:
        self.work(self._retry(), "retry")

    async def _retry(self) -> None:
        """All of its requests are without a result: the input file itself is what is sent again."""
        from tui.ui.screens.submit.screen import Submit

        path = await self.session.input_of(self._batch)
        if path is None:
            self.status.say([Cell("The server does not tell which input file it had.", "bad")])
            return
        self.app.push_screen(Submit(path, retry_metadata(self._batch), {self._batch.id}))

    def action_wait_again(self) -> None:
        self.lazybatch.queueing.wait_again(self, [self._batch])

    async def _open(self, *, fetch: bool) -> None:
        find = self.session.input_of if fetch else self.session.input_here
        try:
            path: Path | None = await find(self._batch)
            if path is not None:
                self._input = await asyncio.to_thread(FileReader, path)
        except LazybatchError as error:
            self.status.say([Cell(error.sentence, "bad")])
            return
        if path is None:
            self.status.say([Cell("The input file is not on this machine: ⏎ fetches it.", "warn")])
        else:
            self.status.say([Cell(f"{plural(len(self._batch.errors), 'problem')} · {shown(path)}", "dim")])
            self.bottom.show_keys()
        self._look()

    @on(Table.Highlighted)
    def _look(self) -> None:
        self._place = 0
        self.bottom.show_keys()
        self.work(self._show_line(), "line")

    async def _show_line(self) -> None:
        group, lines = self._group, self._lines
        if not group:
            return
        told = [[Cell(group[0].message, "bad")]]
        if lines:
            more = f" and {count(len(lines) - _NAMED)} more" if len(lines) > _NAMED else ""
            named = ", ".join(map(count, lines[:_NAMED])) + more
            told.append([Cell("lines " if len(lines) > 1 else "line ", "dim"), Cell(named)])
        if lines and self._input is not None:
            line = lines[self._place]
            where = f"line {count(line)}" + (f", {count(self._place + 1)} of {count(len(lines))}" if lines[1:] else "")
            told += [[], [Cell(where, "accent")], [Cell(await asyncio.to_thread(_line, self._input, line))]]
        self.detail.read(told)

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        errors = self._groups[int(str(key))]
        first = errors[0]
        return {
            "count": Cell(count(len(errors)) if first.line else "file"),
            "first": Cell(count(first.line) if first.line else "–", "dim"),
            "code": Cell(first.code or "–", "bad"),
            "param": Cell(first.param or "–", "" if first.param else "dim"),
            "message": Cell(first.message),
        }


def _grouped(errors: Sequence[BatchError]) -> list[list[BatchError]]:
    """Problems of one kind together, the most frequent kind first; within it in the order of the lines."""
    groups: dict[tuple[str | None, str | None, str], list[BatchError]] = {}
    for error in sorted(errors, key=lambda error: error.line or 0):
        groups.setdefault((error.code, error.param, pattern(error.message)), []).append(error)
    return sorted(groups.values(), key=lambda group: -len(group))


def _line(file: FileReader, number: int) -> str:
    """Line `number`, from 1, as indented JSON."""
    while len(file.keys) < number and file.step():
        pass
    return (
        file.text(number - 1, "json")
        if number <= len(file.keys)
        else "The input file on this machine has no such line."
    )
