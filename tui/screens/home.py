"""Home: all batches, the one under the cursor in a strip, and what they add up to."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui import actions
from tui.batches.batch import Batch
from tui.screens import home_lines, home_rows
from tui.screens.home_choice import Choosing
from tui.screens.room import bindings
from tui.text import clean_line, count
from tui.widgets.column import Cell
from tui.widgets.line import Line, Rule
from tui.widgets.table import Table

_TICK = 1.0  # seconds between two looks at the countdown while the server cannot be reached
_AGES = 10  # ticks between two looks at ages and times left, which change without any answer


class Home(Choosing):
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
        self._ticks = 0

    def body(self) -> Sequence[Widget]:
        return self.tally, Rule(), self.table, Rule(), self.strip, Rule()

    def on_mount(self) -> None:
        self.recall_order()
        self.show()
        self.table.focus()
        self.set_interval(_TICK, self._tick)

    def show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""
        kept = self.session
        self.table.show(self._order.apply(self.selected(), self.name_of, kept.now, kept.samples.of, kept.spent_on))
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
        self.table.empty = sentence or self.nothing()

    # What is drawn

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        batch = self.session.book.get(str(key))
        return {} if batch is None else self._row(batch)

    def _row(self, batch: Batch) -> Mapping[str, Cell]:
        kept = self.session
        return home_rows.row(
            batch, self.name_of(batch), kept.now, kept.samples.of(batch.id), kept.cost_of(batch),
            doubted=batch.id in kept.doubted, alarm=bool(self.alarms.of(batch.id)),
        )  # fmt: skip

    def _say_head(self) -> None:
        self.head.say(home_lines.account(self.session.profile), self.freshness().cells())

    def _say_tally(self) -> None:
        # The first frame has no size yet to ask a widget for.
        width = (self.tally.size.width or self.app.size.width) - 2
        marks = home_lines.marked(len(self.table.marks))
        if not self.hiding:
            width -= sum(len(cell.text) for cell in marks)
            left, right = home_lines.tally(self.session.book, width, self.session.cost_of)
            self.tally.say(left, [*marks, *right])
            return
        numbers = f"{count(len(self.table.keys))} of {count(len(self.session.book))}"
        self.tally.say([*self.chips(), Cell(numbers)], [*marks, Cell("esc shows all", "dim")])

    def _say_strip(self) -> None:
        batch = self._under_cursor()
        if self._query is not None and self._query.faults:
            self.strip.say([Cell(clean_line(self._query.faults[0].sentence), "warn")])
        elif self._offline is not None:
            self.strip.say([Cell(self._offline.error.sentence, "bad")])
        elif batch is None:
            self.strip.say([])
        else:
            kept = self.session
            wrong = [trip.sentence for trip in self.alarms.of(batch.id)]
            if failed := self.lazybatch.failed_cancel(batch):
                wrong.insert(0, failed)
            told = home_lines.strip(
                batch, kept.now, self.app.size.width,
                samples=kept.samples.of(batch.id), wrong=wrong, cost=kept.cost_of(batch),
            )  # fmt: skip
            self.strip.say(*told)

    # What the user does

    def _under_cursor(self) -> Batch | None:
        key = self.table.cursor_key
        return self.session.book.get(str(key)) if key is not None else None

    @on(Table.Highlighted)
    def _moved(self) -> None:
        self._say_strip()

    @on(Table.Marked)
    def _marked(self) -> None:
        self._say_tally()

    @on(Table.Chosen)
    def action_open(self) -> None:
        from tui.screens.batch import BatchScreen

        if batch := self._under_cursor():
            self.app.push_screen(BatchScreen(batch.id))

    def action_results(self) -> None:
        if batch := self._under_cursor():
            self.lazybatch.show_results(batch)

    def action_copy_id(self) -> None:
        from tui.screens import copying

        if batch := self._under_cursor():
            copying.copy_id(self, batch)

    def action_copy_json(self) -> None:
        from tui.screens import copying

        if batch := self._under_cursor():
            copying.copy_json(self, batch)

    def action_new_batch(self) -> None:
        from tui.screens.pick import Pick

        self.app.push_screen(Pick(self.lazybatch.samples or _here()))

    def chosen(self) -> list[Batch]:
        """The batches that a key is about: the marked ones that are shown, else the one under the cursor."""
        found = [self.session.book.get(str(key)) for key in self.table.marks] or [self._under_cursor()]
        return [batch for batch in found if batch is not None]

    def action_mark_all(self) -> None:
        keys = self.table.keys
        if self.table.marks.issuperset(keys):
            self.table.set_marks(())
        else:
            self.table.mark_range(keys[0], keys[-1])

    def action_cancel(self) -> None:
        self.lazybatch.cancelling.ask(self, self.chosen())

    def action_download(self) -> None:
        self.lazybatch.downloads.add(self, self.chosen())

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
