"""A small app on either driver: `python -m tests.ui.terminal.playground plain|differing`."""

import os
import random
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from time import monotonic

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

from tui.format.bar import bar
from tui.ui.terminal.driver import DifferingDriver
from tui.ui.widgets.table.table import Cell, Column, Table

_NAMES = ("nightly-eval", "日本語の評価バッチ", "embed-docs", "wrong-prompt", "fête", "🦊 fox")
_ROLES = ("", "ok", "warn", "bad", "dim", "accent", "running")

_QUIET = 0.15


class Question(ModalScreen[None]):
    """A dialog over part of the screen."""

    CSS = "Question { align: center middle; } Vertical { width: 40; height: 9; border: round $accent; }"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Cancel 3 batches?")
            yield Button("No", id="no")

    def key_f2(self, event: events.Key) -> None:
        event.stop()
        self.dismiss()


class Playground(App[None]):
    """Keys 1 to 4 change the rows by chance, always the same for the same seed."""

    CSS = "Input { dock: bottom; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, differing: bool) -> None:
        super().__init__(driver_class=DifferingDriver if differing else None)
        self.chance = random.Random(7)
        self.rows = list(range(60))
        self.shares = dict.fromkeys(range(10_000), 0)
        self.beats = self.question = self.answered = 0
        self.last = self.worst = self.asked = self.drawn = 0.0

    def cells(self, key: Hashable) -> Mapping[str, Cell]:
        assert isinstance(key, int)
        return {
            "name": Cell(f"{_NAMES[key % len(_NAMES)]} {key}", _ROLES[key % len(_ROLES)]),
            "bar": Cell(bar(self.shares[key] / 100, 20), "running"),
            "share": Cell(f"{self.shares[key]}%"),
        }

    def compose(self) -> ComposeResult:
        columns = [Column("name", "NAME", 24, flex=1), Column("bar", "PROGRESS", 20), Column("share", "", 5, "right")]
        yield Table(columns, self.cells, markable=True)
        field = Input()
        field.cursor_blink = False
        yield field

    def on_mount(self) -> None:
        self.table.show(self.rows)
        self.table.focus()
        self.set_interval(0.02, self.answer)

    @property
    def table(self) -> Table:
        return self.screen_stack[0].query_one(Table)

    def key_1(self) -> None:
        for key in self.chance.sample(self.rows, 5):
            self.shares[key] = self.chance.randrange(101)
        self.table.changed(self.rows)

    def key_2(self) -> None:
        self.chance.shuffle(self.rows)
        self.table.show(self.rows)

    def key_3(self) -> None:
        self.rows.insert(self.chance.randrange(len(self.rows)), max(self.rows) + 1)
        self.table.show(self.rows)

    def key_4(self) -> None:
        if len(self.rows) > 10:
            del self.rows[self.chance.randrange(len(self.rows))]
        self.table.show(self.rows)

    def key_f2(self) -> None:
        self.push_screen(Question())

    def key_f3(self) -> None:
        self.theme = "nord" if self.theme != "nord" else "textual-dark"

    def key_f4(self) -> None:
        driver = self._driver
        if isinstance(driver, DifferingDriver):
            driver.forget()

    def key_f6(self) -> None:
        self.screen.refresh()
        for widget in self.screen.query():
            widget.refresh()

    def key_f7(self) -> None:
        """Say in the window's title that all keys before this one have been handled and drawn."""
        self.asked, self.question = monotonic(), self.question + 1

    def answer(self) -> None:
        # A screen or a theme is drawn some frames after its key, one soon after the other.
        if self.answered < self.question and monotonic() - max(self.asked, self.drawn) > _QUIET and self._driver:
            self.answered = self.question
            self._driver.write(f"\x1b]0;answer {self.answered}\x07")

    def post_display_hook(self) -> None:
        self.drawn = monotonic()

    def key_f5(self) -> None:
        """Change rows as fast as it goes, and tell a file the event loop's beats and its worst delay in seconds."""
        self.last = monotonic()
        self.set_interval(0.02, self.beat)

    def beat(self) -> None:
        self.beats += 1
        now = monotonic()
        self.worst, self.last = max(self.worst, now - self.last - 0.02), now
        for key in self.table.visible_keys:
            assert isinstance(key, int)
            self.shares[key] = self.chance.randrange(101)
        self.shares[self.rows[0]] = self.beats
        self.table.changed(self.rows)
        Path(os.environ["BEATS"]).write_text(f"{self.beats} {self.worst:.3f}")


if __name__ == "__main__":
    Playground(sys.argv[1] == "differing").run()
