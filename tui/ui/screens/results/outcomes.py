"""What came back, grouped: good answers, answers cut short, each failure with its reason, requests without a result."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.format.cell import Cell
from tui.format.text import count
from tui.results.check import NEVER_RUN
from tui.results.row_state import State
from tui.results.selection import Choice
from tui.store.checks import Kept
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.screens.results.summary import verdict_cells
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule
from tui.ui.widgets.text_view import TextView

_COLUMNS = (
    Column("count", "REQUESTS", 8, align="right"),
    Column("what", "WHAT", 9),
    Column("status", "STATUS", 6, align="right", priority=2),
    Column("code", "CODE", 18, priority=1, flex=1),
    Column("message", "MESSAGE", 20, flex=4),
    Column("example", "EXAMPLE", 14, priority=3, flex=1),
)


class Picked(Protocol):
    """Takes what the user chose: to be shown, or to be run again."""

    def __call__(self, choice: Choice, *, again: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class _Row:
    count: int
    what: str
    role: str
    choice: Choice
    status: str = ""
    code: str = ""
    message: str = ""
    example: str = ""


class Triage(Room):
    """A row a group; its message in full below."""

    ROOM: ClassVar[str] = actions.TRIAGE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)
    DEFAULT_CSS = "Triage #reason { height: 8; padding: 0 1; border-top: solid $panel-lighten-2; }"

    def __init__(self, called: str, kept: Kept, picked: Picked, at: Choice | None = None) -> None:
        """`at` is the group that the cursor begins on, in place of the first failure."""
        super().__init__()
        self._at = at
        self._called = called
        self._kept = kept
        self._picked = picked
        self._rows = list(_rows(kept))
        self.table = Table(_COLUMNS, self._cells, id="groups", empty="There are no results.")
        self.detail = TextView(id="reason")
        self.status = Line(id="verdict")

    def body(self) -> Sequence[Widget]:
        return self.table, self.detail, Rule(), self.status

    def on_mount(self) -> None:
        self.title_line(self._called, "what came back")
        self.status.say(verdict_cells(self._kept))
        self.table.show(range(len(self._rows)))
        chosen = (place for place, row in enumerate(self._rows) if row.choice == self._at)
        bad = (place for place, row in enumerate(self._rows) if row.role == "bad")
        self.table.move_to(next(chosen, next(bad, 0)))
        self.table.focus()
        self._show_detail()

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        row = self._rows[int(str(key))]
        return {
            "count": Cell(count(row.count)),
            "what": Cell(row.what, row.role),
            "status": Cell(row.status or "–", "" if row.status else "dim"),
            "code": Cell(row.code or "–", "" if row.code else "dim"),
            "message": Cell(row.message),
            "example": Cell(row.example, "dim"),
        }

    @property
    def _row(self) -> _Row | None:
        key = self.table.cursor_key
        return None if key is None else self._rows[int(str(key))]

    @on(Table.Highlighted)
    def _show_detail(self) -> None:
        row = self._row
        notes = [[Cell("⚠ ", "warn"), Cell(note, "warn")] for note in self._kept.verdict.notes]
        notes += [[Cell(remark, "dim")] for remark in self._kept.verdict.remarks]
        if row is None:
            self.detail.read(notes)
            return
        example = f"  (such as {row.example})" if row.example else ""
        self.detail.read([[Cell(f"{row.message}{example}")], *notes])

    @on(Table.Chosen)
    def action_choose(self) -> None:
        self._leave_with(again=False)

    def action_remainder(self) -> None:
        self._leave_with(again=True)

    def _leave_with(self, *, again: bool) -> None:
        row = self._row
        if row is not None:
            self.app.pop_screen()
            self._picked(row.choice, again=again)


def _rows(kept: Kept) -> Iterator[_Row]:
    verdict = kept.verdict
    if verdict.ok:
        yield _Row(verdict.ok, "✓ ok", "ok", Choice("ok", states=frozenset({"ok"})), message="Good answers.")
    for reason, number in sorted(kept.finishes.items(), key=lambda item: -item[1]):
        message = f"Good answers that ended for the reason “{reason}”{_MEANING.get(reason, '')}."
        yield _Row(number, "of them", "warn", Choice(f"finish {reason}", finish=reason), code=reason, message=message)
    others: tuple[tuple[State, int, str, str, str], ...] = (
        ("refused", verdict.refused, "⊘ refused", "warn", "The model refused: a retry would pay for the same again."),
        ("empty", verdict.empty, "✗ empty", "bad", "The status is good, but there is no answer."),
        ("unreadable", verdict.unreadable, "✗ unread", "bad", "A result line came that cannot be read."),
    )
    for state, number, what, role, message in others:
        if number:
            yield _Row(number, what, role, Choice(state, states=frozenset({state})), message=message)
    for group in verdict.failures:
        status = "" if group.status_code is None else str(group.status_code)
        name = " ".join(filter(None, (status, group.code))) or "failed"
        what, role = ("⊘ not run", "warn") if group.code in NEVER_RUN else ("✗ failed", "bad")
        yield _Row(
            group.count, what, role, Choice(name, groups=frozenset({group.number})), status, group.code or "",
            group.message or "No reason was given.", group.example_custom_id,
        )  # fmt: skip
    if verdict.missing:
        choice = Choice("missing", states=frozenset({"missing"}))
        yield _Row(verdict.missing, "✗ none", "bad", choice, message="No result came, neither good nor bad.")


_MEANING = {
    "length": ": cut short at the limit of tokens",
    "max_output_tokens": ": cut short at the limit of tokens",
    "content_filter": ": the provider took text out",
}
