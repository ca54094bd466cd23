"""Home: all batches, the one under the cursor in a strip, and what they add up to."""

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui import actions
from tui.batches.batch import Batch
from tui.batches.order import BY_STATE, Order, select
from tui.batches.query import parse
from tui.errors import LazybatchError
from tui.screens import home_lines, home_rows
from tui.screens.home_lines import Freshness
from tui.screens.room import Room, bindings
from tui.text import clean_line, count
from tui.widgets.column import Cell
from tui.widgets.line import Line, Rule
from tui.widgets.table import Table

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.flows.monitor import Offline, Seen

_TICK = 1.0  # seconds between two looks at the countdown while the server cannot be reached
_EMPTY_WIDTH = 56  # cells: what the smallest terminal has room for
_AGES = 10  # ticks between two looks at ages and times left, which change without any answer


class Home(Room):
    """The batches of the account, kept true by the monitor."""

    ROOM: ClassVar[str] = actions.HOME
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(home_rows.COLUMNS, self._cells, id="batches", markable=True, empty="Connecting …")
        self.tally = Line(id="tally")
        self.strip = Line(id="strip")
        self._names: dict[str, str] = {}
        self._wanted = ""
        self._query = parse(self._wanted)
        self._order = Order()
        self._offline: Offline | None = None
        self._heard = False
        self._tried_at = 0.0
        self._ticks = 0

    def body(self) -> Sequence[Widget]:
        return self.tally, Rule(), self.table, Rule(), self.strip, Rule()

    def on_mount(self) -> None:
        self._show()
        self.table.focus()
        self.set_interval(_TICK, self._tick)

    def watch_account(self) -> None:
        """Follow the account from now on; called once the first frame is on screen."""
        self.run_worker(self._follow(), name="monitor", group="monitor", description="monitor")

    async def _follow(self) -> None:
        try:
            await self.session.connect()
            self._names = await self.session.names()
            self._show()
            self.run_worker(self._settle(), name="reconcile", group="reconcile", description="reconcile")
            async for step in self.session.steps():
                self._take(step)
        except LazybatchError as error:
            self._offline = None
            self.table.empty = _wrapped(error.sentence)
            self.complain(error)

    async def _settle(self) -> None:
        """Tell what became of submissions that an earlier run left open."""
        from tui.flows.reconcile import reconcile

        async for settled in reconcile(wire=self.session.wire, journal=self.session.journal):
            name = clean_line(Path(settled.submission.path).name)
            if settled.batch is not None:
                self.take_in(settled.batch)
                self.notify(f"{name} was being submitted when lazybatch ended: its batch is there.", markup=False)
            else:
                told = (
                    f"{name} was being submitted when lazybatch ended: no batch was created. Choose it again to go on."
                )
                self.notify(told, severity="warning", markup=False, timeout=20)

    def _take(self, step: "Seen | Offline") -> None:
        from tui.flows.monitor import Offline

        self._tried_at = time.time()
        if isinstance(step, Offline):
            self._offline = step
            self.table.empty = _wrapped(step.error.sentence)
            self._say_head()
            self._say_strip()
            return
        self._offline, self._heard = None, True
        self.table.empty = self._nothing()
        if step.changes:
            self._show()
        else:
            self._look_again()

    def _show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""
        shown = select(self.session.book, self._query, self.name_of, self.session.now)
        self.table.show(self._order.apply(shown, self.name_of, self.session.now))
        self._say_head()
        self._say_tally()
        self._say_strip()

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _AGES == 0:
            self._look_again()
        elif self._offline is not None:
            self._say_head()

    def on_screen_resume(self) -> None:
        """What was found out elsewhere shows on the rows."""
        self._look_again()

    def _look_again(self) -> None:
        self.table.changed(self.table.visible_keys)
        self._say_head()
        self._say_strip()

    def _nothing(self) -> str:
        """What stands in an empty table while all is well."""
        if self._query and len(self.session.book):
            return "No batch fits the filter.\nesc shows all."
        return "No batches yet." if self.session.profile.read_only else "No batches yet.\nPress n to make one."

    # What is drawn

    def name_of(self, batch: Batch) -> str:
        """Description, else the name of the file that it was made of, else its id."""
        return batch.description or self._names.get(batch.id) or batch.id

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        batch = self.session.book.get(str(key))
        return {} if batch is None else self._row(batch)

    def _row(self, batch: Batch) -> Mapping[str, Cell]:
        return home_rows.row(batch, self.name_of(batch), self.session.now, batch.id in self.session.doubted)

    def _say_head(self) -> None:
        next_try = self._tried_at + self._offline.wait if self._offline else None
        fresh = Freshness(self.session.seen_at, self._heard, next_try)
        self.head.say(home_lines.account(self.session.profile), fresh.cells())

    def _say_tally(self) -> None:
        # The first frame has no size yet to ask a widget for.
        width = (self.tally.size.width or self.app.size.width) - 2
        if not self._wanted.strip():
            self.tally.say(home_lines.tally(self.session.book, width))
            return
        numbers = f"{count(len(self.table.keys))} of {count(len(self.session.book))}"
        chip = [Cell("/ ", "accent"), Cell(clean_line(self._wanted.strip()), "accent"), Cell(f"  {numbers}")]
        self.tally.say(chip, [Cell("esc shows all", "dim")])

    def _say_strip(self) -> None:
        batch = self._under_cursor()
        if self._query.faults:
            self.strip.say([Cell(clean_line(self._query.faults[0].sentence), "warn")])
        elif self._offline is not None:
            self.strip.say([Cell(self._offline.error.sentence, "bad")])
        elif batch is None:
            self.strip.say([])
        else:
            self.strip.say(*home_lines.strip(batch, self.session.now))

    # What the user does

    def _under_cursor(self) -> Batch | None:
        key = self.table.cursor_key
        return self.session.book.get(str(key)) if key is not None else None

    @on(Table.Highlighted)
    def _moved(self) -> None:
        self._say_strip()

    @on(Table.Chosen)
    def action_open(self) -> None:
        from tui.screens.batch import BatchScreen

        if batch := self._under_cursor():
            self.app.push_screen(BatchScreen(batch.id))

    def action_results(self) -> None:
        if batch := self._under_cursor():
            self.lazybatch.show_results(batch)

    def action_filter(self) -> None:
        from tui.screens.home_filter import FilterField

        if not self.query(FilterField):
            field = FilterField(self._wanted)
            self.mount(field, after=self.head)
            field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a way back from home only while a filter hides something."""
        return (action != "back" or bool(self._wanted)) and super().check_action(action, parameters)

    def action_back(self) -> None:
        """Nothing is behind home; what can be left here is a filter."""
        if self._wanted:
            self._filter("")

    def on_input_changed(self, event: "Input.Changed") -> None:
        """The filter is the only field here."""
        event.stop()
        self._filter(event.value)

    def on_filter_field_left(self) -> None:
        self.query("#filter").remove()
        self.table.focus()

    def _filter(self, text: str) -> None:
        self._wanted, self._query = text, parse(text)
        self.table.empty = self._nothing()
        self._show()
        self.bottom.show_keys()

    def action_sort(self) -> None:
        self._sort(self._order.next())

    def action_reverse(self) -> None:
        self._sort(self._order.reversed())

    def _sort(self, order: Order) -> None:
        self._order = order
        arrow = "▾" if order.descending else "▴"
        self.table.columns = [
            replace(column, title=column.title + arrow)
            if column.key == order.column and (order.column != BY_STATE or order.reverse)
            else column
            for column in home_rows.COLUMNS
        ]
        self._show()

    def action_new_batch(self) -> None:
        from tui.screens.pick import Pick

        self.app.push_screen(Pick(self.lazybatch.samples or _here()))

    def action_refresh(self) -> None:
        self.session.refresh()

    def action_cancel(self) -> None:
        chosen = [self.session.book.get(str(key)) for key in self.table.marks] or [self._under_cursor()]
        self.lazybatch.ask_to_cancel(self, [batch for batch in chosen if batch is not None])

    def take_in(self, batch: Batch) -> None:
        """Show a batch as a call other than the monitor's has told it."""
        self.session.book.apply([batch])
        self._show()

    async def show_new(self, batch: Batch, *, go_to_it: bool) -> None:
        """Show a batch that has just been made; `go_to_it` puts the cursor on it."""
        self._names = await self.session.names()
        self.take_in(batch)
        if go_to_it:
            self.table.move_to(batch.id)
        self.session.refresh()


def _wrapped(sentence: str) -> str:
    return "\n".join(wrap(sentence, _EMPTY_WIDTH))


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # The folder that lazybatch was started in has been removed.
        return Path.home()
