"""What was spent: today, this month beside the budget, and in the last 30 days on each model."""

from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from tui.batches import display
from tui.batches.spend_by_model import Entry, ledger
from tui.batches.spending import Sum
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import count, fit, money, money_estimate, percent, plural
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.screens.batches.monitor import staleness
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule

_TICK: Final = 1.0  # seconds between two looks at whether there is anything new
_DAYS: Final = 30
_LABEL: Final = 12  # cells
_AMOUNT: Final = 22
_BAR: Final = 16
_COLUMNS: Final = (
    Column("model", "MODEL", 18, flex=1),
    Column("batches", "BATCHES", 8, align="right", priority=2),
    Column("requests", "REQUESTS", 12, align="right", priority=1),
    Column("each", "1,000 REQUESTS", 15, align="right", priority=3),
    Column("cost", f"LAST {_DAYS} DAYS", 12, align="right"),
)


class MoneyScreen(Room):
    """The sums of the account's batches; they follow what the monitor brings."""

    ROOM: ClassVar[str] = actions.MONEY
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self) -> None:
        super().__init__()
        self.day, self.month = Line(id="day"), Line(id="month")
        self.note, self.prices = Line(id="note"), Line(id="prices")
        self.table = Table(_COLUMNS, self._cells, id="models", empty="Nothing was spent in the last 30 days.")
        self._entries: dict[Hashable, Entry] = {}
        self._seen: object = None

    def body(self) -> Sequence[Widget]:
        return self.day, self.month, Rule(), self.table, Rule(), self.note, self.prices

    def on_mount(self) -> None:
        self.title_line("money")
        self._look()
        self.table.focus()
        self.set_interval(_TICK, self._look)

    def _look(self) -> None:
        session = self.session
        blind = staleness(self.lazybatch.home) is not None
        # With another minute may begin another day.
        seen = (session.seen_at, session.prices_at, session.reach, int(session.now / 60), blind)
        if self._seen == seen:
            return
        self._seen = seen
        spent, budget = session.spent, session.profile.budget
        self.day.say(*_span("today", spent.day, budget.day if budget else None))
        self.month.say(*_span("this month", spent.month, budget.month if budget else None))
        found = ledger(session.book, session.cost_of, session.model_of, session.now - _DAYS * 86400)
        self._entries = {entry.model or "": entry for entry in found}
        self.table.show(list(self._entries))
        most = [Cell(f"{money(budget.batch)} a batch at most", "dim")] if budget and budget.batch else []
        self.note.say([self._note()], most)
        first, *others = session.price_bases or [""]
        self.prices.say([Cell(f"at {first}{', and others' if others else ''}" if first else "", "dim")])

    def _note(self) -> Cell:
        """How the sums are made, or why they may be too small, or old."""
        from tui.flows.listing.coverage import Reach

        if (stale := staleness(self.lazybatch.home)) is not None:
            return stale
        reach = self.session.reach
        # Of what is older than a month nothing is in the sums.
        if reach is not None and reach not in {Reach.ALL, Reach.HORIZON}:
            return Cell(f"Batches may be missing here: {reach}.", "warn")
        return Cell(f"~ an estimate {GLYPHS.dot} each batch on the day it was made", "dim")

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        entry = self._entries[key]
        each = entry.each
        return {
            "model": Cell(entry.model or "unknown", "" if entry.model else "dim"),
            "batches": Cell(count(entry.sum.batches), "dim"),
            "requests": Cell(count(entry.requests)),
            "each": Cell(GLYPHS.none if each is None else money(each * 1000), "dim"),
            "cost": _sum_cell(entry.sum),
        }

    def action_refresh(self) -> None:
        self.session.refresh()


def _span(label: str, sum_: Sum, limit: float | None) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """`today  $3.75 of $8.00  ███▌ 47%` and the number of batches."""
    told = _sum_cell(sum_)
    left = [Cell(f"{label:<{_LABEL}}", "dim")]
    if limit is None:
        left.append(told)
    else:
        share = sum_.so_far / limit
        role = "bad" if share > 1 else "warn" if share > 0.8 else "ok"
        left += [
            Cell(fit(f"{told.text} of {money(limit)}", _AMOUNT), "bad" if share > 1 else ""),
            Cell(display.bar_text(share, _BAR), role),
            Cell(f" {percent(share) if share <= 1 else f'{share:.0%}'}"),
        ]
    batches = plural(sum_.batches, "batch", "batches")
    unknown = f", {count(sum_.unknown)} of unknown cost" if sum_.unknown else ""
    return left, [Cell(f"{batches}{unknown}", "dim")]


def _sum_cell(sum_: Sum) -> Cell:
    """The amount; `~` before an estimate, `+` behind one that lacks something."""
    if sum_.unknown and sum_.unknown == sum_.batches:
        return Cell(GLYPHS.none, "dim")
    return Cell(f"{(money if sum_.measured else money_estimate)(sum_.so_far)}{'+' if sum_.unknown else ''}")
