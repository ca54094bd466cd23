"""Home: all batches, the one under the cursor in a strip, and what they add up to."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui import actions
from tui.batches.batch import Batch
from tui.batches.order import SORTS, Order, select
from tui.batches.query import parse
from tui.screens import copying, home_lines, home_rows
from tui.screens.home_account import Account
from tui.screens.home_view import View
from tui.screens.room import bindings
from tui.text import clean_line, count
from tui.widgets.column import Cell
from tui.widgets.line import Line, Rule
from tui.widgets.table import Table

if TYPE_CHECKING:
    from textual.widgets import Input

_TICK = 1.0  # seconds between two looks at the countdown while the server cannot be reached
_AGES = 10  # ticks between two looks at ages and times left, which change without any answer


class Home(Account):
    """The batches of the account, kept true by the monitor."""

    ROOM: ClassVar[str] = actions.HOME
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)
    # While the server is not reached all rows are pale: by their roles, so that no cell has to know.
    DEFAULT_CSS = """
    Home #batches.-stale {
        color: $text-muted;
        & > .lines--ok, & > .lines--warn, & > .lines--bad, & > .lines--running, & > .lines--accent {
            color: $text-muted;
        }
        &:ansi { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = Table([], self._cells, id="batches", markable=True, empty="Connecting …")
        self.tally = Line(id="tally")
        self.strip = Line(id="strip")
        self._wanted = ""
        self._query = parse(self._wanted)
        self._view = View.ALL
        self._order = Order()
        self._ticks = 0

    def body(self) -> Sequence[Widget]:
        return self.tally, Rule(), self.table, Rule(), self.strip, Rule()

    def on_mount(self) -> None:
        kept = self.session.preferences
        if kept.sort in SORTS:
            self._order = Order(kept.sort, kept.reverse)
        self.table.columns = home_rows.columns(self._order)
        self.show()
        self.table.focus()
        self.set_interval(_TICK, self._tick)

    def show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""
        now, suspect = self.session.now, self.alarms.tripped | self.session.doubted
        shown = select(self.session.book, self._query, self.name_of, now)
        if self._view is not View.ALL:
            shown = [batch for batch in shown if self._view.shows(batch, now, suspect)]
        self.table.show(self._order.apply(shown, self.name_of, now, self.session.samples.of))
        self._say_head()
        self._say_tally()
        self._say_strip()

    def _tick(self) -> None:
        self._ticks += 1
        self.hold_rules()
        if self._ticks % _AGES == 0:
            self.look_again()
        elif self._offline is not None:
            self._say_head()

    def on_screen_resume(self) -> None:
        """What was found out elsewhere shows on the rows."""
        self.look_again()

    def look_again(self) -> None:
        """Rows are the same; what they say may have changed."""
        self.table.changed(self.table.visible_keys)
        self._say_head()
        self._say_strip()

    def offline_changed(self) -> None:
        """The server is not reached, or reached again."""
        self.table.set_class(self._offline is not None, "-stale")
        self._say_head()
        self._say_strip()

    def stand_empty(self, sentence: str = "") -> None:
        """Say `sentence` while there are no rows, else why there are none."""
        self.table.empty = sentence or self._nothing()

    def _nothing(self) -> str:
        """What stands in an empty table while all is well."""
        if self._query and len(self.session.book):
            return "No batch fits the filter.\nesc shows all."
        if self._view is not View.ALL and len(self.session.book):
            nothing = "Nothing needs attention." if self._view is View.ATTENTION else "No batch is active."
            return f"{nothing}\n1 shows all."
        return "No batches yet." if self.session.profile.read_only else "No batches yet.\nPress n to make one."

    # What is drawn

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        batch = self.session.book.get(str(key))
        return {} if batch is None else self._row(batch)

    def _row(self, batch: Batch) -> Mapping[str, Cell]:
        return home_rows.row(
            batch, self.name_of(batch), self.session.now, self.session.samples.of(batch.id),
            doubted=batch.id in self.session.doubted, alarm=bool(self.alarms.of(batch.id)),
        )  # fmt: skip

    def _say_head(self) -> None:
        self.head.say(home_lines.account(self.session.profile), self.freshness().cells())

    def _say_tally(self) -> None:
        # The first frame has no size yet to ask a widget for.
        width = (self.tally.size.width or self.app.size.width) - 2
        wanted = clean_line(self._wanted.strip())
        if not wanted and self._view is View.ALL:
            self.tally.say(home_lines.tally(self.session.book, width))
            return
        view = [] if self._view is View.ALL else [Cell(self._view.value, "accent"), Cell("  ")]
        chip = [Cell(f"/ {wanted}", "accent"), Cell("  ")] if wanted else []
        numbers = f"{count(len(self.table.keys))} of {count(len(self.session.book))}"
        self.tally.say([*view, *chip, Cell(numbers)], [Cell("esc shows all", "dim")])

    def _say_strip(self) -> None:
        batch = self._under_cursor()
        if self._query.faults:
            self.strip.say([Cell(clean_line(self._query.faults[0].sentence), "warn")])
        elif self._offline is not None:
            self.strip.say([Cell(self._offline.error.sentence, "bad")])
        elif batch is None:
            self.strip.say([])
        else:
            samples, trips = self.session.samples.of(batch.id), self.alarms.of(batch.id)
            self.strip.say(*home_lines.strip(batch, self.session.now, self.app.size.width, samples, trips))

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

    def action_copy_id(self) -> None:
        if batch := self._under_cursor():
            copying.copy_id(self, batch)

    def action_copy_json(self) -> None:
        if batch := self._under_cursor():
            copying.copy_json(self, batch)

    def action_filter(self) -> None:
        from tui.screens.home_filter import FilterField

        if not self.query(FilterField):
            field = FilterField(self._wanted)
            self.mount(field, after=self.head)
            field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a way back from home only while something hides batches."""
        hidden = bool(self._wanted) or self._view is not View.ALL
        return (action != "back" or hidden) and super().check_action(action, parameters)

    def action_back(self) -> None:
        """Nothing is behind home; what can be left here is a filter and a view."""
        self._view = View.ALL
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
        self.stand_empty()
        self.show()
        self.bottom.show_keys()

    def action_view_all(self) -> None:
        self._look_at(View.ALL)

    def action_view_active(self) -> None:
        self._look_at(View.ACTIVE)

    def action_view_attention(self) -> None:
        self._look_at(View.ATTENTION)

    def _look_at(self, view: View) -> None:
        self._view = view
        self._filter(self._wanted)

    def action_sort(self) -> None:
        self._sort(self._order.next([column.key for column in self.table.shown_columns]))

    def action_reverse(self) -> None:
        self._sort(self._order.reversed())

    def _sort(self, order: Order) -> None:
        self._order = order
        self.prefer(replace(self.session.preferences, sort=order.column, reverse=order.reverse))
        self.table.columns = home_rows.columns(order)
        self.show()

    def action_new_batch(self) -> None:
        from tui.screens.pick import Pick

        self.app.push_screen(Pick(self.lazybatch.samples or _here()))

    def chosen(self) -> list[Batch]:
        """The batches that a key is about: the marked ones that are shown, else the one under the cursor."""
        found = [self.session.book.get(str(key)) for key in self.table.marks] or [self._under_cursor()]
        return [batch for batch in found if batch is not None]

    def action_cancel(self) -> None:
        self.lazybatch.ask_to_cancel(self, self.chosen())

    async def show_new(self, batch: Batch, *, go_to_it: bool) -> None:
        """Show a batch that has just been made; `go_to_it` puts the cursor on it."""
        self._names = await self.session.names()
        self.take_in(batch)
        if go_to_it:
            self.table.move_to(batch.id)
        self.session.refresh()


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # The folder that lazybatch was started in has been removed.
        return Path.home()
