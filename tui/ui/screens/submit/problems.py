"""The problems of an input file, grouped by what is wrong."""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from tui.format.cell import Cell
from tui.format.text import clean, clean_line, count, plural
from tui.requests.excerpt import Excerpt
from tui.requests.problem import Problem
from tui.requests.validate import Report
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table

_COLUMNS = (
    Column("line", "LINE", 9, align="right"),
    Column("code", "PROBLEM", 26),
    Column("id", "CUSTOM_ID", 14, priority=2, flex=1),
    Column("message", "", 20, flex=4),
)
_UNFOLDED = 20  # problems: as many, and all groups are open from the start


class Row(NamedTuple):
    """A row's key: the group of `code` itself, one of its problems by its place in the report, or the rest of them."""

    code: str
    place: int

    @property
    def is_group(self) -> bool:
        return self.place == _GROUP


_GROUP, _REST = -1, -2


class ProblemTable(Table):
    """A row for each kind of problem that occurs more than once, its lines below it while it is open."""

    def __init__(self) -> None:
        super().__init__(_COLUMNS, self._cells, id="problems")
        self._problems: Sequence[Problem] = ()
        self._counts: Mapping[str, int] = {}
        self._places: dict[str, list[int]] = {}
        self._open: set[str] = set()

    def take(self, report: Report) -> None:
        """Show what is wrong with a file; the cursor goes to the top."""
        self._problems, self._counts, self._places = report.problems, report.counts_by_code, {}
        for place, problem in enumerate(report.problems):
            self._places.setdefault(problem.code, []).append(place)
        self._open = set(self._places) if report.problem_count <= _UNFOLDED else set()
        self._show_rows()

    @property
    def row(self) -> Row | None:
        """That under the cursor."""
        key = self.cursor_key
        return key if isinstance(key, Row) else None

    @property
    def problem(self) -> Problem | None:
        """That under the cursor; of a group, its first."""
        row = self.row
        if row is None:
            return None
        return self._problems[row.place if row.place >= 0 else self._places[row.code][0]]

    @property
    def foldable(self) -> bool:
        """Whether the row under the cursor is one of a group."""
        return self.row is not None and self._counts[self.row.code] > 1

    def fold(self) -> None:
        """Open the group under the cursor, or close it."""
        row = self.row
        if row is not None and self.foldable:
            self._open ^= {row.code}
            self._show_rows()
            self.move_to(Row(row.code, _GROUP))

    def told(self) -> str:
        """What the row under the cursor says, in full."""
        row, problem = self.row, self.problem
        if row is None or problem is None:
            return ""
        if row.place >= 0:
            return clean(problem.sentence)
        listed = len(self._places[row.code])
        number = self._counts[row.code]
        few = f", of which the first {count(listed)} are listed" if listed < number else ""
        at = f"; first in line {count(problem.line)}" if problem.line else ""
        return f"{plural(number, 'time')}{few}{at}: {clean(problem.message)}"

    def _show_rows(self) -> None:
        rows = []
        for code, places in self._places.items():
            number = self._counts[code]
            if number > 1:
                rows.append(Row(code, _GROUP))
            if number == 1 or code in self._open:
                rows += [Row(code, place) for place in places]
                rows += [Row(code, _REST)] if len(places) < number else []
        self.show(rows)

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        if not isinstance(key, Row):
            raise TypeError("every row has been given its key here")
        first = self._problems[self._places[key.code][0]]
        number = self._counts[key.code]
        if key.is_group:
            sign = "▾" if key.code in self._open else "▸"
            return {
                "line": Cell(f"{sign} {count(number)}×", "accent"),
                "code": Cell(key.code, "bad"),
                "message": Cell(clean_line(first.message)),
            }
        if key.place == _REST:
            more = number - len(self._places[key.code])
            return {"line": Cell("…", "dim"), "message": Cell(f"and {count(more)} more", "dim")}
        problem = self._problems[key.place]
        return {
            "line": Cell(count(problem.line) if problem.line else "file", "dim"),
            "code": Cell(problem.code, "bad" if number == 1 else "dim"),
            "id": Cell(clean_line(problem.custom_id or "–"), "" if problem.custom_id else "dim"),
            "message": Cell(
                clean_line(problem.message if number == 1 else problem.detail or problem.param or problem.message)
            ),
        }


def marked(found: Excerpt, width: int) -> Sequence[Sequence[Cell]]:
    """The line around its place, cut to `width` cells, and below it a mark under the place if that is known."""
    place = _head(found.place, width // 2)
    room = width - cell_len(place)
    before = _tail(found.before, max(room // 2, room - cell_len(found.after)))
    after = _head(found.after, room - cell_len(before))
    line = [Cell(before), Cell(place, "bad"), Cell(after)]
    if not place:
        return [line]
    return [line, [Cell(" " * cell_len(before) + "^" * cell_len(place), "bad")]]


def _head(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


def _tail(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    text = text[-max(1, width - 1) :]
    while cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text
