"""Result lines one under another, the one under the cursor in full."""

import asyncio
import time
from collections.abc import Hashable, Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from tui.errors import LazybatchError
from tui.flows.results.reader import VIEWS, Reader, View
from tui.format.cell import Cell
from tui.format.text import count
from tui.results.finish import USUAL
from tui.results.row import Row
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_view import TextView

_COLUMNS = (
    Column("line", "LINE", 6, align="right", priority=3),
    Column("id", "CUSTOM_ID", 14, flex=1),
    Column("status", "STATUS", 6, align="right"),
    Column("finish", "FINISH", 10, priority=2),
    Column("tokens", "TOKENS", 9, align="right", priority=1),
    Column("answer", "ANSWER", 20, flex=4),
)
_ROLES = {"ok": "", "refused": "warn"}  # of an answer
_FRAME, _BUDGET = 0.03, 0.006  # seconds; of each frame so much goes into reading rows
_LOST = {"answer": Cell("cannot be read", "bad")}
_WAITING = {"answer": Cell("…", "dim")}


class LinesPane(Container):
    """A table of lines with the text of one; what takes longer than a frame is read in a thread.

    One such reading is under way at a time; what was asked for meanwhile and is no longer wanted is left out.
    """

    def __init__(self) -> None:
        super().__init__(id="panes")
        self.table = Table(_COLUMNS, self._cells, id="lines", empty="Downloading …")
        self.detail = TextView(id="detail")
        self.view: View = VIEWS[0]
        self.reader: Reader | None = None
        self._lacking: set[int] = set()
        self._frame = self._spent = 0.0
        self._wanted: tuple[Reader, int, View] | None = None
        self._troubled: Reader | None = None
        self._reading_rows = self._reading_text = False

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.detail

    @property
    def key(self) -> int | None:
        """The line under the cursor."""
        key = self.table.cursor_key
        return None if key is None else int(str(key))

    def show(self, reader: Reader | None, empty: str) -> None:
        """Show the lines of `reader`, with the cursor on its key if that is among them."""
        self.reader = reader
        self._lacking.clear()
        self.table.empty = empty
        self.table.show(() if reader is None else reader.keys)
        self.look()

    def more(self) -> None:
        """Take in the lines that the reader has found since."""
        if self.reader is not None:
            first = not self.table.keys
            self.table.show(self.reader.keys)
            if first:
                self.look()

    def turn(self) -> None:
        """Go to the next view."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.look()

    def go(self, key: int | None) -> bool:
        """Put the cursor on a line."""
        return key is not None and self.table.move_to(key)

    @on(Table.Highlighted)
    def look(self) -> None:
        """Show the line under the cursor in full, as soon as it is read."""
        reader, key = self.reader, self.key
        if reader is None or key is None:
            self._wanted = None
            self.detail.read([])
            return
        self._wanted = (reader, key, self.view)
        if not self._reading_text:
            self._reading_text = True
            self.run_worker(self._read_text(), name="text", group="text", description="text")

    async def _read_text(self) -> None:
        try:
            while (wanted := self._wanted) is not None:
                reader, key, view = wanted
                try:
                    row, question, text = await asyncio.to_thread(_told, reader, key, view)
                except LazybatchError as error:
                    row, question, text = None, "", error.sentence
                    self._complain(reader, error)
                except (ValueError, IndexError):
                    # The file was closed or replaced meanwhile.
                    row, question, text = None, "", ""
                if self._wanted == wanted:
                    self._wanted = None
                    self._tell(view, row, question, text)
        finally:
            self._reading_text = False

    def _complain(self, reader: Reader, error: LazybatchError) -> None:
        """Tell of a file that can no longer be read, once."""
        if reader is not self._troubled:
            self._troubled = reader
            self.notify(error.sentence, severity="error", markup=False, timeout=10)

    def _tell(self, view: View, row: Row | None, question: str, text: str) -> None:
        head = [Cell(f"{view}  ", "accent"), Cell(row.custom_id if row else "", "dim")]
        if row is not None and row.lenient:
            head.append(Cell("  This line is not strict JSON.", "warn"))
        asked = [[Cell("› ", "accent"), Cell(question, "dim")], []] if question else []
        role = "bad" if row is None else _ROLES.get(row.state, "bad") if view == "answer" else ""
        self.detail.read([head, *asked, [Cell(text, role)]])

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        reader, number = self.reader, int(str(key))
        if reader is None:
            return {}
        try:
            row = reader.known(number) or self._in_time(reader, number)
        except (LazybatchError, ValueError, IndexError):
            return _LOST
        if row is None:
            self._lacking.add(number)
            if not self._reading_rows:
                self._reading_rows = True
                self.run_worker(self._read_rows(), name="rows", group="rows", description="rows")
            return {"line": Cell(count(reader.number(number)), "dim"), **_WAITING}
        return _row_cells(row, reader.number(number))

    def _in_time(self, reader: Reader, key: int) -> Row | None:
        """The row, if it is quick to read and this frame has time left."""
        began = time.perf_counter()
        if began - self._frame > _FRAME:
            self._frame, self._spent = began, 0.0
        if self._spent > _BUDGET:
            return None
        row = reader.row_now(key)
        self._spent += time.perf_counter() - began
        return row

    async def _read_rows(self) -> None:
        """Read the rows that a frame had no time for, a screen full at a time."""
        try:
            while self._lacking and self.reader is not None:
                visible = set(self.table.visible_keys)
                keys = sorted(key for key in self._lacking if key in visible)
                self._lacking.clear()
                try:
                    await asyncio.to_thread(_read_all, self.reader, keys)
                except (LazybatchError, ValueError, IndexError):
                    # Whatever it is, it is told beside the line under the cursor.
                    return
                self.table.changed(keys)
        finally:
            self._reading_rows = False


def _read_all(reader: Reader, keys: list[int]) -> None:
    for key in keys:
        reader.row(key)


def _told(reader: Reader, key: int, view: View) -> tuple[Row, str, str]:
    question = reader.question(key) if view == "answer" else ""
    return reader.row(key), question, reader.text(key, view)


def _row_cells(row: Row, number: int) -> Mapping[str, Cell]:
    tokens = "–" if row.output_tokens is None else f"{row.input_tokens or 0}/{row.output_tokens}"
    role = _ROLES.get(row.state, "bad")
    answered = row.state in {"ok", "refused"}
    told = row.answer_head if answered else " ".join(filter(None, (row.error_code, row.error_message)))
    return {
        "line": Cell(count(number), "dim"),
        "id": Cell(row.custom_id or "?"),
        "status": Cell("–" if row.status_code is None else str(row.status_code), role or "ok"),
        "finish": Cell(row.finish_reason or "–", "warn" if row.finish_reason not in USUAL else "dim"),
        "tokens": Cell(tokens, "dim"),
        "answer": Cell(f"~ {told}" if row.lenient else told or row.answer_head, role),
    }
