"""The results of a batch: its lines one under another, the one under the cursor in full, and its request."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from tui import actions
from tui.batches.batch import Batch
from tui.flows.collect import Absent, Downloaded, Downloading, Part, collect
from tui.flows.reading import Opened, open_results
from tui.screens.room import Room, bindings
from tui.text import count, size
from tui.widgets.column import Cell, Column
from tui.widgets.line import Rule
from tui.widgets.table import Table
from tui.widgets.text_view import TextView

_COLUMNS = (
    Column("line", "LINE", 6, align="right", priority=3),
    Column("id", "CUSTOM_ID", 14, flex=1),
    Column("status", "STATUS", 6, align="right"),
    Column("finish", "FINISH", 8, priority=2),
    Column("tokens", "TOKENS", 9, align="right", priority=1),
    Column("answer", "ANSWER", 20, flex=4),
)
_VIEWS = ("answer", "json", "request")


class Results(Room):
    """Downloads what is not here yet, then reads it from the disk a line at a time."""

    ROOM: ClassVar[str] = actions.RESULTS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)
    # Beside each other where there is room for both to be read.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual declares it on the instance

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self._batch = batch
        self.table = Table(_COLUMNS, self._cells, id="lines", empty="Downloading …")
        self.detail = TextView(id="detail")
        self._files: dict[Part, Opened] = {}
        self._part = Part.OUTPUT
        self._view = _VIEWS[0]

    def body(self) -> Sequence[Widget]:
        return Container(self.table, self.detail, id="panes"), Rule()

    def on_mount(self) -> None:
        self.title_line(self._called, "results")
        self.table.focus()
        self.work(self._open(), "open results")

    async def on_unmount(self) -> None:
        for opened in self._files.values():
            opened.close()

    @property
    def _called(self) -> str:
        return self._batch.description or self._batch.id

    @property
    def _file(self) -> Opened | None:
        return self._files.get(self._part)

    async def _open(self) -> None:
        paths: dict[Part, Path] = {}
        async for step in collect(self._batch, self.session.results_folder, wire=self.session.wire):
            match step:
                case Downloading(part, done, total):
                    of = f" of {size(total)}" if total else ""
                    self.title_line(self._called, f"downloading {part}: {size(done)}{of}")
                case Downloaded(part, path):
                    paths[part] = path
                case Absent():
                    pass
        for part, path in paths.items():
            self._files[part] = await asyncio.to_thread(open_results, path)
        empty = not self._files.get(Part.OUTPUT) or not self._files[Part.OUTPUT].count
        if empty and Part.ERRORS in self._files:
            self._part = Part.ERRORS
        self._show_file()
        for part in list(self._files):
            self.run_worker(self._index(part), name=f"index {part}", group=f"index {part}", description="index")
        self.run_worker(self._find_requests(), name="requests", group="requests", description="requests")

    async def _index(self, part: Part) -> None:
        """Count the lines behind the first MiB, telling as it goes."""
        opened = self._files[part]
        while await asyncio.to_thread(opened.step):
            if part is self._part:
                self._show_file()
        if part is self._part:
            self._show_file()

    async def _find_requests(self) -> None:
        """Make ready the requests, so that each line's own can be shown beside it."""
        path = await self.session.input_of(self._batch)
        if path is None:
            return
        for opened in self._files.values():
            await asyncio.to_thread(opened.match_with, path)
        self._show_line()

    def _show_file(self) -> None:
        opened = self._file
        if opened is None:
            none = (
                "No request failed: there is no error file."
                if self._part is Part.ERRORS
                else "There is no output file."
            )
            self.title_line(self._called, str(self._part))
            self.table.empty = none
            self.table.show(())
            self.detail.read([])
            return
        self.table.empty = f"The {self._part} file is empty."
        first = not self.table.keys
        self.table.show(range(opened.count))
        more = "" if opened.final else "+"
        self.title_line(self._called, f"{self._part}: {count(opened.count)}{more} lines, {size(opened.size)}")
        if first:
            self._show_line()

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        opened = self._file
        if opened is None:
            return {}
        number = int(str(key))
        row = opened.row(number)
        tokens = "–" if row.output_tokens is None else f"{row.input_tokens or 0}/{row.output_tokens}"
        told = row.answer_head if row.ok else " ".join(filter(None, (row.error_code, row.error_message)))
        return {
            "line": Cell(count(number + 1), "dim"),
            "id": Cell(row.custom_id or "?"),
            "status": Cell("–" if row.status_code is None else str(row.status_code), "ok" if row.ok else "bad"),
            "finish": Cell(row.finish_reason or "–", "warn" if row.finish_reason == "length" else "dim"),
            "tokens": Cell(tokens, "dim"),
            "answer": Cell(told or row.answer_head, "" if row.ok else "bad"),
        }

    @on(Table.Highlighted)
    def _show_line(self) -> None:
        opened, key = self._file, self.table.cursor_key
        if opened is None or key is None:
            self.detail.read([])
            return
        number = int(str(key))
        row = opened.row(number)
        head = [Cell(f"{self._view}  ", "accent"), Cell(row.custom_id, "dim")]
        if self._view == "answer":
            question = opened.question(number)
            asked = [[Cell("› ", "accent"), Cell(question, "dim")], []] if question else []
            self.detail.read([head, *asked, [Cell(opened.answer(number), "" if row.ok else "bad")]])
            return
        self.detail.read([head, [Cell(opened.request(number) if self._view == "request" else opened.pretty(number))]])

    def action_other_file(self) -> None:
        self._part = Part.ERRORS if self._part is Part.OUTPUT else Part.OUTPUT
        self.table.show(())
        self._show_file()

    def action_view(self) -> None:
        self._view = _VIEWS[(_VIEWS.index(self._view) + 1) % len(_VIEWS)]
        self._show_line()

    def action_detail(self) -> None:
        (self.table if self.detail.has_focus else self.detail).focus()
