"""Files: all that the server keeps, what refers to each, and what may go."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.timer import Timer
from textual.widget import Widget

from tui.batches.batch import Batch
from tui.batches.stored_files import Standing, StoredFile, Uses
from tui.errors import LazybatchError
from tui.flows.files.survey import Listed, survey
from tui.format.cell import Cell
from tui.format.text import clean_line, count, plural
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.screens.files import file_rows
from tui.ui.screens.files.file_rows import Order, Row
from tui.ui.widgets.filter_input import FilterField
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule

if TYPE_CHECKING:
    from textual.widgets import Input

_VIEWS: Final = {"all": frozenset(Standing), "results": {Standing.RESULTS}, "orphans": {Standing.ORPHAN}}
_PACE: Final = 0.3  # seconds between two looks at a table that loses rows
_SLICE: Final = 500  # files whose rows are made at a time
_TICK: Final = 30.0  # seconds between two looks at ages


class Files(Room):
    """The files of the account, read from the server page by page while one looks at them."""

    ROOM: ClassVar[str] = actions.FILES
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self) -> None:
        super().__init__()
        self.table = Table([], self._cells, id="files", markable=True, empty="Asking for the files …")
        self.tally = Line(id="tally")
        self.strip = Line(id="strip")
        self._rows: Mapping[str, Row] = {}
        self._order = Order()
        self._view = "all"
        self._wanted = ""
        self._listing = False
        self._trouble = ""
        self._about = ""
        self._gone: frozenset[str] = frozenset()
        self._sums = file_rows.Sums()
        self._arranging = asyncio.Lock()
        self._due: Timer | None = None

    def body(self) -> Sequence[Widget]:
        return self.tally, Rule(), self.table, Rule(), self.strip

    def on_mount(self) -> None:
        self.title_line("files")
        self.table.columns = self._order.columns()
        self.table.focus()
        self.set_interval(_TICK, lambda: self.table.changed(self.table.visible_keys))
        self.action_refresh()
        if self.lazybatch.downloading:
            self.lazybatch.downloads.show_on(self)

    def on_resize(self) -> None:
        """Which columns another width has room for is known once the table has drawn its titles."""
        self.call_after_refresh(self._say_tally)

    @property
    def rowless(self) -> bool:
        return not self.table.keys

    # What there is

    def action_refresh(self) -> None:
        if self._listing:
            self.lazybatch.notices.add("Still reading the list of files.", "warning", passing=True)
        else:
            self._listing = True
            self.work(self._survey(), "files")

    async def _survey(self) -> None:
        """Ask for everything anew; what is shown stays until it is known to be gone."""
        session, known = self.session, list(self.session.book)
        found: dict[str, StoredFile] = {}
        self._trouble = ""
        uses = await asyncio.to_thread(Uses, known, complete=False)
        try:
            async for step in survey(wire=session.wire, journal=session.journal, queue=session.queue, known=known):
                if isinstance(step, Listed):
                    if await asyncio.to_thread(session.names.learn_files, step.files):
                        self.lazybatch.names_changed()
                    found |= {file.id: file for file in step.files}
                    # As far as it can be known by now; what was known before stands until all is known anew.
                    await self._arrange({**await self._rows_of(step.files, uses), **self._rows})
                else:
                    uses, self._trouble = step.uses, step.cut_short or ""
            self._listing = False
            await self._arrange(await self._rows_of(tuple(found.values()), uses))
        except LazybatchError as error:
            self._listing, self._trouble = False, error.sentence
            self.table.empty = "The files are not known.\nr asks for them again."
            await self._arrange()

    async def _rows_of(self, files: Sequence[StoredFile], uses: Uses) -> Mapping[str, Row]:
        now, rows = self.session.now, dict[str, Row]()
        for start in range(0, len(files), _SLICE):
            # In slices: a thread that computes for long would keep the keys waiting too.
            some = files[start : start + _SLICE]
            rows |= await asyncio.to_thread(file_rows.rows, some, uses, now, self.lazybatch.name_of)
        return rows

    async def _arrange(self, new: Mapping[str, Row] | None = None) -> None:
        """Bring the table in line with what there is, what is wanted and how it is sorted."""
        async with self._arranging:
            rows = self._rows if new is None else new
            words, standings, order, gone = self._wanted.casefold().split(), _VIEWS[self._view], self._order, self._gone

            def chosen() -> tuple[Mapping[str, Row], list[str], file_rows.Sums]:
                # What has been deleted meanwhile does not come back.
                left = {key: row for key, row in rows.items() if key not in gone}
                found = [row for row in left.values() if row.standing in standings]
                found = [row for row in found if all(word in row.words for word in words)]
                return left, order.apply(found), file_rows.Sums.of(left.values(), found)

            # Rows, keys and sums change at one moment.
            self._rows, keys, self._sums = await asyncio.to_thread(chosen)
            if not self._listing and not self._trouble:
                self.table.empty = self._nothing()
            self.table.show(keys)
        self.bottom.show_keys()
        self._say_tally()
        self._say_strip()

    def _nothing(self) -> str:
        """What stands in an empty table once all is known."""
        if not self._rows:
            return "The server keeps no files."
        nothing = {"orphans": "There are no orphans.", "results": "There are no results."}.get(self._view)
        return f"{'No file fits.' if self._wanted or nothing is None else nothing}\nesc shows all."

    # What is drawn

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        row = self._rows.get(str(key))
        return {} if row is None else file_rows.cells(row, self.session.now)

    def _say_tally(self) -> None:
        sums = self._sums
        marks = [self._rows[str(key)] for key in self.table.marks if str(key) in self._rows]
        right = [Cell(f"{count(len(marks))} marked, {file_rows.held(marks)}", "mark")] if marks else []
        order = self._order.unseen(self.table.shown_columns)
        right += [Cell("  "), *order] if right and order else order
        if self.hiding:
            chips = [Cell(self._view, "accent"), Cell("  ")] if self._view != "all" else []
            chips += [Cell(f"/ {clean_line(self._wanted.strip())}", "accent"), Cell("  ")] if self._wanted else []
            told = f"{count(len(self.table.keys))} of {plural(len(self._rows), 'file')}, {sums.shown}"
            self.tally.say(
                [*chips, Cell(told)], [*right, *([Cell("  ")] if right else []), Cell("esc shows all", "dim")]
            )
            return
        if not self._rows and (self._listing or self._trouble):
            self.tally.say([])
            return
        lost = [Cell(f"  {plural(sums.orphans, 'orphan')}, {sums.orphaned}", "warn")] if sums.orphans else []
        more = [Cell("  and more to come …", "dim")] if self._listing else []
        self.tally.say([Cell(f"{plural(len(self._rows), 'file')}, {sums.all}"), *lost, *more], right)

    def _say_strip(self) -> None:
        row = self._under_cursor()
        if isinstance(self.focused, FilterField):
            self.strip.say([Cell(self.focused.takes, "dim")])
        elif self._about:
            self.strip.say([Cell(self._about, "warn")])
        elif self._trouble:
            self.strip.say([Cell(self._trouble, "warn")])
        elif row is None:
            self.strip.say([])
        else:
            names = ", ".join(self.lazybatch.name_of(batch) for batch in row.users)
            self.strip.say([Cell(f"{row.file.id}  "), Cell(names or row.used_by, "dim")])

    def _under_cursor(self) -> Row | None:
        key = self.table.cursor_key
        return None if key is None else self._rows.get(str(key))

    @on(Table.Highlighted)
    def _moved(self) -> None:
        self._say_strip()

    @on(Table.Marked)
    def _marked(self) -> None:
        self._say_tally()

    # What the user does

    def chosen(self) -> list[Row]:
        """The files that a key is about: the marked ones that are shown, else the one under the cursor."""
        found = [self._rows.get(str(key)) for key in self.table.marks] or [self._under_cursor()]
        return [row for row in found if row is not None]

    @on(Table.Chosen)
    def action_open(self) -> None:
        from tui.ui.screens.batch.screen import BatchScreen

        row = self._under_cursor()
        if row is None:
            return
        if row.batch is None:
            self.notify("No batch that is known refers to this file.", markup=False)
            return
        if self.session.book.get(row.batch.id) is None:
            # It is older than what home asks for.
            self.lazybatch.take_in(row.batch)
        self.app.push_screen(BatchScreen(row.batch.id))

    def action_download(self) -> None:
        batches: dict[str, Batch] = {row.batch.id: row.batch for row in self.chosen() if row.batch is not None}
        if batches:
            self.lazybatch.downloads.add(self, batches.values())
        elif self.chosen():
            self.notify("Nothing to download: it belongs to no batch.", markup=False)

    def action_delete(self) -> None:
        self.lazybatch.deleting.ask(self, self.chosen(), self._tell_about, self._forget)

    def _tell_about(self, text: str) -> None:
        self._about = text
        self._say_strip()

    def _forget(self, file_id: str) -> None:
        """The server no longer has that file."""
        self._gone |= {file_id}
        if self.is_attached:
            self.table.unmark([file_id])
            if self._due is None:
                # Many go one after another: the table follows at a pace that can be read.
                self._due = self.set_timer(_PACE, self._follow)

    def _follow(self) -> None:
        self._due = None
        self.work(self._arrange(), "arrange")

    def action_mark_all(self) -> None:
        self.table.toggle_all_marks()

    def action_copy_id(self) -> None:
        if row := self._under_cursor():
            self.app.copy_to_clipboard(row.file.id)
            self.notify("The id is in the clipboard, if this terminal lets programs write to it.", markup=False)

    def action_sort(self) -> None:
        self._sort(self._order.next(column.key for column in self.table.shown_columns))

    def action_reverse(self) -> None:
        self._sort(Order(self._order.column, not self._order.reverse))

    def _sort(self, order: Order) -> None:
        self._order = order
        self.table.columns = order.columns()
        self.work(self._arrange(), "arrange")

    def action_view_all(self) -> None:
        self._look_at("all")

    def action_view_results(self) -> None:
        self._look_at("results")

    def action_view_orphans(self) -> None:
        self._look_at("orphans")

    def _look_at(self, view: str) -> None:
        self._view = view
        self.work(self._arrange(), "arrange")

    def action_filter(self) -> None:
        if not self.query(FilterField):
            field = FilterField(
                self._wanted, takes="words of a name, a kind or a batch; orphan", complete=file_rows.complete
            )
            self.mount(field, after=self.head)
            field.focus()
            self.call_after_refresh(self._say_strip)

    def on_input_changed(self, event: "Input.Changed") -> None:
        """The filter is the only field here."""
        event.stop()
        self._wanted = event.value.strip()
        self.work(self._arrange(), "arrange")

    def on_filter_field_left(self) -> None:
        self.query(FilterField).remove()
        self.table.focus()
        self.call_after_refresh(self._say_strip)

    @property
    def hiding(self) -> bool:
        return bool(self._wanted) or self._view != "all"

    def action_back(self) -> None:
        """From a choice of files back to all, from those to where the user came from."""
        if not self.hiding:
            super().action_back()
            return
        self._view, self._wanted = "all", ""
        self.work(self._arrange(), "arrange")
