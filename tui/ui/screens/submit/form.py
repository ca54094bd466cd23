"""What is said with a file when it becomes a batch."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.format.cell import Cell
from tui.ui.widgets.input import SafeInput
from tui.ui.widgets.text_view import TextView

_LABEL = 14  # cells, as wide as the fields' labels


class Field(Horizontal):
    """A labelled input line."""

    def __init__(self, name: str, label: str, placeholder: str = "") -> None:
        super().__init__(classes="field")
        self.input = SafeInput(placeholder=placeholder, id=name)
        self._label = label

    def compose(self) -> ComposeResult:
        yield Static(Content(self._label), classes="label")
        yield self.input


class Form(Vertical):
    """The fields, with the cost below them."""

    def __init__(self) -> None:
        super().__init__(id="form")
        self.endpoint = Field("endpoint", "endpoint")
        self.description = Field("description", "description", "what you will know it by")
        self.pairs = Field("metadata", "metadata", "team=search, run=7")
        self.cost = TextView(id="cost")
        self.cost.can_focus = False

    def compose(self) -> ComposeResult:
        yield from (self.endpoint, self.description, self.pairs, self.cost)

    def say_cost(self, text: str, basis: str = "", warnings: Sequence[str] = ()) -> None:
        """What it costs, what speaks against that, and what it rests on."""
        lines = [_said("cost", text), *(_said("", warning, "warn") for warning in warnings)]
        self.cost.read([*lines, _said("", basis, "dim")] if basis else lines)


def _said(label: str, text: str, role: str = "") -> Sequence[Cell]:
    return [Cell(f"{label:<{_LABEL}}", "dim"), Cell(text, role)]
