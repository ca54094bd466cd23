"""The line in which the columns of the home table are chosen."""

from collections.abc import Container, Sequence
from typing import ClassVar, Final, Literal

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.format.cell import Cell
from tui.ui import actions
from tui.ui.screens.batches.columns import chosen
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.text_line import Line

_TELLS: Final = {
    "status": "what the batch is doing",
    "name": "its description, else its file's name, else its id",
    "model": "the model that all its requests name",
    "endpoint": "what its requests are sent to",
    "progress": "the share of its requests that are over",
    "requests": "how many are over, and how many there are",
    "fail": "the share of those over that failed",
    "rate": "requests a minute as of late",
    "eta": "the time left at that rate",
    "elapsed": "how long it has taken, or took",
    "expires": "the time until its window ends",
    "cost": "what it has cost so far",
    "age": "how long ago it was made",
    "id": "its id on the server",
}
What = Literal["change", "step", "sort", "done"]


class ColumnBar(Line, can_focus=True):
    """The columns one beside the other: in capitals what is shown, in brackets the one that keys are about."""

    ROOM: ClassVar[str] = actions.COLUMNS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,j", "step(1)", "Next column", show=False),
        Binding("left,h,k", "step(-1)", "Column before", show=False),
        Binding("space", "show_or_hide", "Show or hide", show=False),
        Binding("K", "shift(-1)", "To the left", show=False),
        Binding("J", "shift(1)", "To the right", show=False),
        Binding("s", "sort_by", "Sort", show=False),
        Binding("enter,escape", "done", "Done", show=False),
    ]

    class Told(Message):
        """Another choice (`change`), another column under the cursor, a column to sort by, or the end of choosing."""

        def __init__(self, bar: "ColumnBar", what: What) -> None:
            super().__init__()
            self.bar = bar
            self.what = what

    def __init__(self, kept: str, columns: Sequence[Column]) -> None:
        """`kept` is an earlier choice among `columns`, as text; empty for none."""
        super().__init__(id="columns")
        self.choice = chosen(kept, columns)
        self.at = self.choice.order[0]
        self._titles = {column.key: column.title for column in columns}

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        """Another width has room for others. Textual calls the handler of `Lines` by itself."""
        self._draw()

    def _draw(self) -> None:
        order = self.choice.order
        words = [self._word(key) for key in order]
        first, here = 0, order.index(self.at)
        room = (self.size.width or self.app.size.width) - 5
        # What stands left of it goes until the column under the cursor is in view.
        while first < here and sum(len(cell.text) + 1 for cell in words[first : here + 1]) + 2 * bool(first) > room:
            first += 1
        cells = [Cell("… ", "dim")] if first else []
        for word in words[first:]:
            cells += [word, Cell(" ")]
        self.say(cells)

    def _word(self, key: str) -> Cell:
        shown = key not in self.choice.hidden
        title = self._titles[key] if shown else self._titles[key].lower()
        if key == self.at:
            return Cell(f"[{title}]", "accent")
        return Cell(title, "" if shown else "dim")

    def _tell(self, what: What) -> None:
        self._draw()
        self.post_message(self.Told(self, what))

    def on_focus(self) -> None:
        """Explain the column in brackets."""
        self._tell("step")

    def on_blur(self) -> None:
        """Who goes elsewhere has done; a terminal that another window covers is no reason to."""
        if self.app.app_focus and self.is_attached:
            self._tell("done")

    def explained(self, fitting: Container[str]) -> Sequence[Cell]:
        """What the column in brackets tells, and whether it is among those that `fitting` names."""
        hidden = self.at in self.choice.hidden
        state = "hidden" if hidden else "shown" if self.at in fitting else "no room at this width"
        return [
            Cell(f"{self._titles[self.at]}: "),
            Cell(f"{_TELLS[self.at]}. "),
            Cell(state, "warn" if hidden else "dim"),
        ]

    def action_step(self, places: int) -> None:
        order = self.choice.order
        self.at = order[max(0, min(len(order) - 1, order.index(self.at) + places))]
        self._tell("step")

    def action_show_or_hide(self) -> None:
        self.choice = self.choice.toggled(self.at)
        self._tell("change")

    def action_shift(self, places: int) -> None:
        self.choice = self.choice.moved(self.at, places)
        self._tell("change")

    def action_sort_by(self) -> None:
        self._tell("sort")

    def action_done(self) -> None:
        self._tell("done")
