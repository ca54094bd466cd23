"""Home: all batches, the one under the cursor in a strip, and what they add up to."""

import time
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui import actions
from tui.batches.batch import Batch, Status
from tui.errors import LazybatchError
from tui.screens.room import Room, bindings
from tui.text import clean_line, count, duration
from tui.widgets import looks
from tui.widgets.column import Cell, Column
from tui.widgets.line import Line, Rule
from tui.widgets.table import Table

if TYPE_CHECKING:
    from tui.flows.monitor import Offline, Seen

_PROGRESS = 15
COLUMNS = (
    Column("status", "STATUS", 12),
    Column("name", "NAME", 22, flex=4),
    Column("model", "MODEL", 16, priority=5, flex=1),
    Column("endpoint", "ENDPOINT", 20, priority=8),
    Column("progress", "PROGRESS", _PROGRESS, priority=1),
    Column("requests", "REQUESTS", 16, align="right", priority=6),
    Column("fail", "FAIL", 5, align="right", priority=2),
    Column("rate", "RATE", 10, align="right", priority=7),
    Column("eta", "ETA", 6, align="right", priority=3),
    Column("expires", "EXPIRES", 7, align="right", priority=9),
    Column("age", "AGE", 4, align="right", priority=4),
    Column("id", "ID", 38, priority=10),
)
# What is on its way is one number here: the table tells the steps apart.
_RUNNING = frozenset({Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING})
_TALLY = (
    Status.IN_PROGRESS, Status.CANCELLING, Status.COMPLETED, Status.FAILED, Status.EXPIRED, Status.CANCELLED,
    Status.UNKNOWN,
)  # fmt: skip
_TICK = 1.0  # seconds between two looks at the countdown while the server cannot be reached
_AGES = 10  # ticks between two looks at ages and times left, which change without any answer


class Home(Room):
    """The batches of the account, kept true by the monitor."""

    ROOM: ClassVar[str] = actions.HOME
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, self._cells, id="batches", markable=True, empty="Connecting …")
        self.tally = Line(id="tally")
        self.strip = Line(id="strip")
        self._names: dict[str, str] = {}
        self._order: list[str] = []
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
            self.table.empty = error.sentence
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

        self._tried_at = time.monotonic()
        if isinstance(step, Offline):
            self._offline = step
            self.table.empty = step.error.sentence
            self._say_head()
            self._say_strip()
            return
        self._offline, self._heard = None, True
        self.table.empty = f"No batches yet.\nPress {'n to make one' if not self.session.profile.read_only else 'q'}."
        if step.changes:
            self._show()
        else:
            self._look_again()

    def _show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""
        order = [batch.id for batch in sorted(self.session.book, key=_rank)]
        if order != self._order:
            self._order = order
        self.table.show(self._order)
        self._say_head()
        self._say_tally()
        self._say_strip()

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _AGES == 0:
            self._look_again()
        elif self._offline is not None:
            self._say_head()

    def _look_again(self) -> None:
        self.table.changed(self.table.visible_keys)
        self._say_head()
        self._say_strip()

    # What is drawn

    def name_of(self, batch: Batch) -> str:
        """Description, else the name of the file that it was made of, else its id."""
        return batch.description or self._names.get(batch.id) or batch.id

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        batch = self.session.book.get(str(key))
        if batch is None:
            return {}
        now = self.session.now
        ended = not batch.status.active
        return {
            "status": looks.status_cell(batch.status, batch.raw_status),
            "name": Cell(self.name_of(batch)),
            "model": Cell(batch.model or "–", "" if batch.model else "dim"),
            "endpoint": Cell((batch.endpoint or "?").removeprefix("/v1/"), "dim"),
            "progress": looks.progress_cell(batch, _PROGRESS),
            "requests": _requests(batch),
            "fail": looks.failed_cell(batch),
            "rate": Cell(looks.rate_text(batch, now) or "–", "dim"),
            "eta": looks.eta_cell(batch, now),
            "expires": Cell("–", "dim") if ended or not batch.expires_at else Cell(duration(batch.expires_at - now)),
            "age": looks.age_cell(batch.created_at, now),
            "id": Cell(batch.id, "dim"),
        }

    def _say_head(self) -> None:
        profile = self.session.profile
        left = [Cell("lazybatch", "accent"), Cell(f"  {profile.name} · {profile.host}")]
        if profile.project:
            left.append(Cell(f" · {profile.project}"))
        if profile.key_hint:
            left.append(Cell(f" · key {profile.key_hint}", "dim"))
        if profile.read_only:
            left.append(Cell(" · read-only", "warn"))
        self.head.say(left, self._freshness())

    def _freshness(self) -> list[Cell]:
        """How old what is shown is; nothing that ticks while all is well."""
        if self._offline is not None:
            age = (
                f"updated {duration(time.time() - self.session.seen_at)} ago"
                if self.session.seen_at
                else "no answer yet"
            )
            left = max(0.0, self._offline.wait - (time.monotonic() - self._tried_at))
            return [Cell(f"✗ {age} · next try in {duration(left)}", "bad")]
        if self._heard:
            return [Cell("● live", "ok")]
        if self.session.seen_at:
            return [Cell(f"as of {duration(time.time() - self.session.seen_at)} ago · connecting", "warn")]
        return [Cell("connecting", "dim")]

    def _say_tally(self) -> None:
        states = (batch.status for batch in self.session.book)
        numbers = Counter(Status.IN_PROGRESS if status in _RUNNING else status for status in states)
        cells: list[Cell] = []
        room = (self.tally.size.width or self.app.size.width) - 2
        for cell in (looks.tally_cell(status, numbers[status]) for status in _TALLY if numbers[status]):
            # What does not fit is left out whole: half a word would mislead.
            room -= len(cell.text) + 2
            if room >= -2:
                cells += [cell, Cell("  ")]
        self.tally.say(cells or [Cell("no batches", "dim")])

    def _say_strip(self) -> None:
        if self._offline is not None:
            self.strip.say([Cell(self._offline.error.sentence, "bad")])
            return
        batch = self._under_cursor()
        if batch is None:
            self.strip.say([])
            return
        now = self.session.now
        told = [looks.counts_text(batch), looks.rate_text(batch, now)]
        if batch.counts and batch.counts.failed:
            told.append(f"fails {count(batch.counts.failed)}")
        left = looks.stages_text(batch, now)
        if batch.status is Status.FAILED and batch.errors:
            error = batch.errors[0]
            left = (f"line {error.line}: " if error.line else "") + error.message
        self.strip.say([Cell(left)], [Cell(" · ".join(filter(None, told)), "dim")])

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

    def action_new_batch(self) -> None:
        from tui.screens.pick import Pick

        self.app.push_screen(Pick(self.lazybatch.samples or Path.cwd()))

    def action_refresh(self) -> None:
        self.session.refresh()

    def action_cancel(self) -> None:
        chosen = [self.session.book.get(str(key)) for key in self.table.marks] or [self._under_cursor()]
        self.lazybatch.ask_to_cancel(self, [batch for batch in chosen if batch is not None])

    def take_in(self, batch: Batch) -> None:
        """Show a batch as a call other than the monitor's has told it."""
        self.session.book.apply([batch])
        self._show()

    async def show_new(self, batch: Batch) -> None:
        """Put the cursor on a batch that has just been made."""
        self._names = await self.session.names()
        self.take_in(batch)
        self.table.move_to(batch.id)
        self.session.refresh()


def _rank(batch: Batch) -> tuple[bool, int, str]:
    """What moves first, then the newest; the id decides between equals, so that rows never swap by themselves."""
    return (not batch.status.active, -(batch.created_at or 0), batch.id)


def _requests(batch: Batch) -> Cell:
    if batch.counts is None or not batch.counts.total:
        return Cell("–", "dim")
    over = batch.counts.ended
    return Cell(f"{'?' if over is None else count(over)}/{count(batch.counts.total)}")
