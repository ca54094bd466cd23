"""What the parts of the submit screen share: the file, what is known of it, its widgets."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from tui.batches.batch import Batch, described
from tui.batches.cost import Expected
from tui.errors import LazybatchError
from tui.format.bar import bar
from tui.format.cell import Cell
from tui.format.speed import Speed, rate_text
from tui.format.text import clean, clean_line, percent, plural, size
from tui.requests.validate import Report
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.screens.submit.form import Form
from tui.ui.screens.submit.problems import ProblemTable
from tui.ui.widgets.text_line import Line, Rule
from tui.ui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui.flows.submit.limit_checks import Objection
    from tui.requests.cost.estimate import Estimate

_BAR = 20  # cells


class SubmitRoom(Room):
    """One input file on its way: `report` once it was read, `parts` once it was cut."""

    ROOM: ClassVar[str] = actions.SUBMIT
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, path: Path, inherited: Mapping[str, str] | None = None, retried: Collection[str] = ()) -> None:
        """`inherited` is the metadata of a retry, `retried` the batches whose requests it sends again."""
        super().__init__()
        self.path = path
        self.inherited = dict(inherited or {})
        self.retried = frozenset(retried)
        self.report: Report | None = None
        self.parts: Sequence[Report] = ()
        self.sending: Worker[None] | None = None
        self.already = False  # there is a batch of it, or there may be: only A makes another
        self.before: Batch | None = None  # the one that there is of it, where that is known
        self.candidates: Sequence[Batch] = ()  # one of them may be it, for all that the server tells
        self.worth = ""
        self.expected: Expected | None = None
        self.estimate: Estimate | None = None
        self.objections: Sequence[Objection] = ()  # what of the budget and of limits speaks against it
        self.budget: int | None = None  # input tokens of a batch, where the file has more
        self.summary = Line(id="summary")
        self.progress = Line(id="progress")
        self.table = ProblemTable()
        self.detail = TextView(id="problem")
        self.form = Form()
        self.endpoint, self.description, self.pairs = self.form.endpoint, self.form.description, self.form.pairs
        # Kept beside the field: a value may have a comma, and what parts the pairs in the field is one.
        self.inherited_name = clean_line(described(self.inherited.items()) or "")
        kept = [f"{key}={value}" for key, value in self.inherited.items() if value != self.inherited_name]
        if kept:
            self.pairs.input.placeholder = f"besides {clean_line(', '.join(kept))}"

    def body(self) -> Sequence[Widget]:
        return self.summary, Rule(), self.form, self.table, self.detail, self.progress

    def action_validate(self) -> None:
        """Read the file again."""
        raise NotImplementedError

    async def validate(self) -> None:
        """The same, as part of other work."""
        raise NotImplementedError

    def begin(self, doing: str, job: Callable[[], Awaitable[None]], *, writes: bool = False) -> bool:
        """As elsewhere; out of the fields, where the key that stops it would be a letter."""
        begun = super().begin(doing, job, writes=writes)
        if begun and self.typing:
            self.set_focus(None)
        return begun

    def far(self, verb: str, done: int, total: int) -> None:
        """Note how far long work is."""
        self.doing, self.done_share = verb, done / total if total else None

    def estimate_cost(self) -> None:
        """Work out what the file will cost, beside the form."""
        raise NotImplementedError

    def show_only(self, *widgets: Widget) -> None:
        """Of what takes turns in the middle of the screen."""
        for widget in (self.form, self.table, self.detail):
            widget.display = widget in widgets
        # Alone it has the room that the others would take.
        self.detail.set_class(not (self.form in widgets or self.table in widgets), "-alone")
        if not widgets:
            self.progress.say([])

    def say_wrong(self, error: LazybatchError, more: str = "", lines: Sequence[Sequence[Cell]] = ()) -> None:
        """Tell it in full: a path at its beginning would push the reason off a single line."""
        self.progress.say([])
        self.detail.display = True
        self.detail.read([[Cell(clean(f"{error.sentence} {more}".strip()), "bad")], *lines])

    def ready(self) -> None:
        """Give the keys to the form: there is something that can be sent."""
        if self.report is None:
            return
        self.endpoint.input.value = self.report.endpoint or ""
        self.show_only(self.form)
        self.description.input.focus()
        self.estimate_cost()

    async def say_room(self, report: Report) -> None:
        """Tell where the file does not fit into what is left of its model's limit."""
        raise NotImplementedError


def asks_endpoint(report: Report) -> bool:
    """Whether the endpoint is to be typed: it is missing and no line has a url, or there is none of that name."""
    return bool(report.problems) and report.problems[0].param == "endpoint"


def models(report: Report) -> str:
    """The one model's name, or how many there are."""
    if not report.models:
        return "no model named"
    names = [clean_line(name) for name in report.models]
    return names[0] if len(names) == 1 else plural(len(names), "model")


def under_way(verb: str, done: int, total: int, speed: Speed | None = None) -> list[Cell]:
    """How far a file has come, in bytes; with what `speed` tells of the rate and the time left."""
    share = done / total if total else 0.0
    width = _BAR if len(verb) < _BAR else _BAR // 2
    cells = [Cell(f"{verb} ", "running"), Cell(bar(share, width), "running")]
    return [*cells, Cell(f" {percent(share)}  {size(done)} of {size(total)}{rate_text(speed, total)}")]
