"""Apps of one table for the bench of the screen: `python -m tests.bench.screen_apps stock|ours|driver`."""

import sys
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.app import App

ROWS = 10_000
_WORDS = ("running", "cancelling", "completed", "failed", "validating")
_ROLES = ("running", "warn", "ok", "bad", "accent")


class Jobs:
    """Rows that look like batches, and the changes that the bench makes to them."""

    def __init__(self) -> None:
        self.share = dict.fromkeys(range(ROWS), 10)
        self.order = list(range(ROWS))
        self.backwards = False

    def cells(self, key: Hashable) -> Mapping[str, tuple[str, str]]:
        """Texts and roles of one row."""
        from tui.format.bar import bar

        assert isinstance(key, int)
        place = key
        done = self.share[place]
        kind = place % len(_WORDS)
        return {
            "status": (f"▶ {_WORDS[kind]}", _ROLES[kind]),
            "name": (f"nightly-eval-{place:05d}", ""),
            "progress": (f"{bar(done / 100, 9)} {done:3d}%", ""),
            "fail": (f"{place % 7}.{place % 10}%", "bad" if place % 7 > 4 else "dim"),
            "eta": (f"{place % 60}m", ""),
            "cost": (f"${place % 90}.1", ""),
            "age": (f"{place % 24}h", "dim"),
        }

    def turn(self) -> None:
        """Sort the rows by name, the other way round each time."""
        self.backwards = not self.backwards
        self.order.sort(reverse=self.backwards)


_COLUMNS: tuple[tuple[str, str, int, Literal["left", "right"]], ...] = (
    ("status", "  STATUS", 12, "left"),
    ("name", "NAME", 19, "left"),
    ("progress", "PROGRESS", 14, "left"),
    ("fail", "FAIL", 6, "right"),
    ("eta", "ETA", 5, "right"),
    ("cost", "COST", 6, "right"),
    ("age", "AGE", 5, "right"),
)


def ours(differing: bool) -> "App[None]":
    """A screen of nothing but our table; keys 1 to 4 make the changes. `differing` takes our driver as well."""
    from textual.app import App, ComposeResult

    from tui.ui.widgets.table.table import Cell, Column, Table

    jobs = Jobs()

    class Ours(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            columns = [
                Column(key, title, width, "left" if align == "left" else "right")
                for key, title, width, align in _COLUMNS
            ]
            yield Table(columns, lambda key: {name: Cell(*cell) for name, cell in jobs.cells(key).items()})

        def on_mount(self) -> None:
            self.query_one(Table).show(jobs.order)

        def key_1(self) -> None:
            jobs.share[jobs.order[3]] += 1
            self.query_one(Table).changed([jobs.order[3]])

        def key_2(self) -> None:
            jobs.share[jobs.order[9000]] += 1
            self.query_one(Table).changed([jobs.order[9000]])

        def key_3(self) -> None:
            self.query_one(Table).changed(jobs.order)

        def key_4(self) -> None:
            jobs.turn()
            self.query_one(Table).show(jobs.order)

    if differing:
        from tui.ui.terminal.driver import DifferingDriver

        return Ours(driver_class=DifferingDriver)
    return Ours()


def stock() -> "App[None]":
    """The same rows in Textual's DataTable."""
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    jobs = Jobs()

    def texts(key: int) -> list[Text]:
        return [Text(text) for text, _ in jobs.cells(key).values()]

    class Stock(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row", zebra_stripes=False)

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            for key, title, width, _ in _COLUMNS:
                table.add_column(title, width=width, key=key)
            for place in jobs.order:
                table.add_row(*texts(place), key=str(place))

        def key_1(self) -> None:
            self._set(3, 1)

        def key_2(self) -> None:
            self._set(9000, 1)

        def key_3(self) -> None:
            self._set(3, 0)

        def key_4(self) -> None:
            jobs.turn()
            self.query_one(DataTable).sort("name", reverse=jobs.backwards)

        def _set(self, row: int, step: int) -> None:
            place = jobs.order[row]
            jobs.share[place] += step
            self.query_one(DataTable).update_cell(str(place), "progress", texts(place)[2])

    return Stock()


if __name__ == "__main__":
    (stock() if sys.argv[1] == "stock" else ours(differing=sys.argv[1] == "driver")).run()
