"""Home: all batches, the one under the cursor in a strip, and what they add up to."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.batches.batch import Batch
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import clean_line, count, plural
from tui.ui import actions
from tui.ui.screens.base import bindings, may_wait
from tui.ui.screens.batches import header, rows
from tui.ui.screens.batches.selection import Grouping
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule

if TYPE_CHECKING:
    from tui.batches.groups import Group

_TICK = 1.0  # seconds between two looks at the countdown while the server cannot be reached
_AGES = 10  # ticks between two looks at ages and times left, which change without any answer


class Home(Grouping):
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
        self._fitting = 0  # batches that the filter and the view let through; rows may be fewer

    def body(self) -> Sequence[Widget]:
        return self.tally, Rule(), self.table, Rule(), self.strip

    def on_mount(self) -> None:
        self.recall_order()
        self.show()
        self.table.focus()
        self.set_interval(_TICK, self._tick)

    def show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""
        batches, before = self.selected(), self.table.cursor_key
        self._fitting = len(batches)
        self.table.show(self.rows(batches))
        self.keep_cursor(before)
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

    def on_resize(self) -> None:
        """Another width has room for more or less."""
        self.look_again()
        # Which columns it has room for is known once the table has drawn its titles.
        self.call_after_refresh(self._say_head)

    def on_screen_resume(self) -> None:
        """What was found out or begun elsewhere shows."""
        if self.lazybatch.downloading:
            self.lazybatch.downloads.show_on(self)
        self.look_at_results()
        self.look_again()

    def look_again(self) -> None:
        """Rows are the same; what they say may have changed."""
        self.table.changed(self.table.visible_keys)
        self._say_head()
        self._say_tally()
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
        if (group := self.group(key)) is not None:
            label = rows.group_label(group, str(key) in self.groups.opened)
            own = {"progress": rows.group_progress(group), "id": Cell(group.parts[0].group or "", "dim")}
            if group.incomplete:
                # What is left of parts that nobody knows cannot be told.
                own["eta"] = Cell(GLYPHS.none, "dim")
            return {**self._row(group.whole, label, group.parts), **own}
        batch = self.session.book.get(str(key))
        if batch is None:
            return {}
        return self._row(batch, f"{'  ' * self.is_inside(batch)}{self.name_of(batch)}", (batch,))

    def _row(self, batch: Batch, name: str, parts: Sequence[Batch]) -> Mapping[str, Cell]:
        """The cells of `batch`, which is one of the account or stands for `parts`."""
        kept = self.session
        return rows.row(
            batch, name, kept.now, self.samples_of(batch.id), self.cost_of(batch),
            doubted=any(part.id in kept.doubted for part in parts),
            alarm=any(self.alarms.of(part.id) for part in parts), awaited=any(map(self.is_awaited, parts)),
            expires_in=min((left for part in parts if (left := self.expires_in(part)) is not None), default=None),
        )  # fmt: skip

    def _say_head(self) -> None:
        told = header.account(self.session.profile)
        if waiting := self.lazybatch.waiting:
            told.append(Cell(f" · {count(waiting)} in the queue", "accent"))
        order = rows.unseen_order(self._order, self.table.shown_columns)
        right = [*order, *([Cell("  ")] if order else []), *self.freshness().cells()]
        # All of the terminal's, as for the sums.
        told += header.key(self.session.profile, self.app.size.width, [*told, *right])
        self.head.say(told, right)

    def _say_tally(self) -> None:
        # All of the terminal's: neither in the first frame nor on the way to another size does the widget know its own.
        width = self.app.size.width - 2
        marks = header.marked(len(self.marked()))
        if not self.hiding:
            width -= sum(len(cell.text) for cell in marks)
            left, right = header.tally(self.session.book, width, self.session.cost_of, self.session.over_budget)
            if self.session.partial:
                # These are sums of what has been read so far.
                left = [*left, Cell("…", "dim")]
            left = [*left, *header.to_save(len(self.expiring), width, [*left, *right])]
            self.tally.say(left, [*marks, *right])
            return
        numbers = f"{count(self._fitting)} of {plural(len(self.session.book), 'batch', 'batches')}"
        if (rows := len(self.table.keys)) != self._fitting:
            # The parts of a file are one row, or one more when it is opened.
            numbers += f" in {plural(rows, 'row')}"
        self.tally.say([*self.chips(), Cell(numbers)], [*marks, Cell("esc shows all", "dim")])

    def _say_strip(self) -> None:
        """Tell of the row under the cursor, and what can be done about it."""
        self.bottom.show_keys()
        if (bar := self.column_bar) is not None:
            self.strip.say(bar.explained({column.key for column in self.table.shown_columns}))
        elif self._query is not None and self._query.faults:
            self.strip.say([Cell(clean_line(self._query.faults[0].sentence), "warn")])
        elif takes := self.filter_takes:
            self.strip.say([Cell(takes, "dim")])
        elif self._offline is not None:
            self.strip.say([Cell(self._offline.error.sentence, "bad")])
        elif (group := self.group_under_cursor()) is not None:
            self.strip.say(*self._group_strip(group))
        elif (batch := self.under_cursor()) is not None:
            told = header.strip(
                batch, self.session.now, self.app.size.width, samples=self.samples_of(batch.id),
                broken=self._wrong(batch), cost=self.cost_of(batch), expires_in=self.expires_in(batch),
            )  # fmt: skip
            self.strip.say(*told)
        else:
            self.strip.say([])

    def _group_strip(self, group: "Group") -> tuple[Sequence[Cell], Sequence[Cell]]:
        now, whole = self.session.now, group.whole
        found = ((self.name_of(part), self._wrong_words(part, now)) for part in group.parts)
        return header.group_strip(
            group, now, self.app.size.width, samples=self.samples_of(whole.id), cost=self.cost_of(whole),
            told=next(([Cell(f"{name}: ", cells[0].role), *cells] for name, cells in found if cells), None),
        )  # fmt: skip

    def _wrong_words(self, part: Batch, now: float) -> list[Cell]:
        samples = self.session.samples.of(part.id)
        return header.wrong(part, now, samples, self._wrong(part), self.expires_in(part))

    def _wrong(self, batch: Batch) -> list[str]:
        """A cancel that came to nothing, and the rules that `batch` breaks."""
        broken = [trip.sentence for trip in self.alarms.of(batch.id)]
        return [failed, *broken] if (failed := self.lazybatch.failed_cancel(batch)) else broken

    # What the user does

    @on(Table.Highlighted)
    def _moved(self) -> None:
        self._say_strip()

    @on(Table.Marked)
    def _marked(self) -> None:
        self._say_tally()

    @on(Table.Chosen)
    def action_open(self) -> None:
        from tui.ui.screens.batch.screen import BatchScreen

        if group := self.group_under_cursor():
            self.open_group(group)
        elif batch := self.under_cursor():
            self.app.push_screen(BatchScreen(batch.id))

    def action_money(self) -> None:
        from tui.ui.screens.spend import MoneyScreen

        self.app.push_screen(MoneyScreen())

    def action_results(self) -> None:
        if group := self.group_under_cursor():
            self.show_results_of(group)
        elif batch := self.under_cursor():
            self.lazybatch.show_results(batch)

    def action_new_batch(self) -> None:
        from tui.ui.screens.submit.file_picker import Pick

        self.app.push_screen(Pick(self.lazybatch.samples or _here()))

    def action_queue(self) -> None:
        from tui.ui.screens.queue.screen import QueueScreen

        self.app.push_screen(QueueScreen())

    def action_wait_again(self) -> None:
        self.lazybatch.queueing.wait_again(self, self.chosen())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what was refused for want of room can be sent again as it is."""
        return (action != "wait_again" or any(map(may_wait, self.chosen()))) and super().check_action(
            action, parameters
        )

    def action_mark_all(self) -> None:
        self.table.toggle_all_marks()

    def action_tell_me(self) -> None:
        if self.notices is not None:
            self.notices.toggle(self.chosen())
            self.look_again()

    def action_cancel(self) -> None:
        self.lazybatch.cancelling.ask(self, self.chosen())

    def action_files(self) -> None:
        from tui.ui.screens.files.screen import Files

        self.app.push_screen(Files())

    def action_download(self) -> None:
        self.lazybatch.downloads.add(self, self.chosen())

    async def show_new(self, batch: Batch, *, go_to_it: bool) -> None:
        """Show a batch that has just been made; `go_to_it` puts the cursor on it."""
        await self.learn_own_names()
        self.take_in(batch)
        if go_to_it:
            self.go_to(batch)
        self.session.refresh()


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # The folder that lazybatch was started in has been removed.
        return Path.home()
