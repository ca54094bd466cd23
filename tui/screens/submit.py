"""From an input file to a batch: its problems, or what is to be said with it and the way there."""

import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import Worker

from tui import actions
from tui.batches.metadata import metadata
from tui.errors import LazybatchError
from tui.flows.check import Validated, Validating, check
from tui.flows.submit import Already, Created, Order, Unclear, Uploaded, Uploading, submit
from tui.requests.problem import Problem
from tui.requests.validate import Report
from tui.screens.room import Room, bindings
from tui.text import clean, clean_line, count, duration, percent, plural, size
from tui.widgets import looks
from tui.widgets.bar import bar
from tui.widgets.column import Cell, Column
from tui.widgets.line import Line, Rule
from tui.widgets.safe_input import SafeInput
from tui.widgets.table import Table
from tui.widgets.text_view import TextView

_COLUMNS = (
    Column("line", "LINE", 7, align="right"),
    Column("code", "PROBLEM", 26),
    Column("id", "CUSTOM_ID", 14, priority=2, flex=1),
    Column("message", "", 20, flex=4),
)
_BAR = 20
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


class Submit(Room):
    """Validates at once; a good file can be sent, a bad one shows every problem where it is."""

    ROOM: ClassVar[str] = actions.SUBMIT
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._report: Report | None = None
        self._problems: dict[int, Problem] = {}
        self._sending: Worker[None] | None = None
        self._began = 0.0
        self._already = False
        self.summary = Line(id="summary")
        self.progress = Line(id="progress")
        self.table = Table(_COLUMNS, self._cells, id="problems")
        self.detail = TextView(id="problem")
        self.endpoint = Field("endpoint", "endpoint")
        self.description = Field("description", "description", "what you will know it by")
        self.pairs = Field("metadata", "metadata", "team=search, run=7")
        self.cost = TextView(id="cost")
        self.cost.can_focus = False
        self._worth = ""
        self.form = Vertical(self.endpoint, self.description, self.pairs, self.cost, id="form")

    def body(self) -> Sequence[Widget]:
        return self.summary, Rule(), self.form, self.table, self.detail, self.progress, Rule()

    def on_mount(self) -> None:
        self.title_line("new batch", clean_line(self._path.name))
        self.description.input.value = clean_line(self._path.stem)[:100]
        self._show_only()
        self.action_validate()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the state of the file and of its submission allows."""
        sending, good = self._sending is not None, self._report is not None and self._report.ok
        allowed = {
            "stop": sending,
            "validate": not sending,
            "send": good and not sending,
            "again": self._already and not sending,
        }
        return allowed.get(action, True) and super().check_action(action, parameters)

    # Validating

    def action_validate(self) -> None:
        self.work(self._validate(self.endpoint.input.value.strip() or None), "validate")

    async def _validate(self, endpoint: str | None) -> None:
        self._report = None
        self._show_only()
        try:
            async for step in check(self._path, endpoint=endpoint, limits=self.session.profile.limits):
                match step:
                    case Validating(done, total):
                        self.summary.say(_progress("validating", done, total))
                    case Validated(report):
                        self._take(report)
        except LazybatchError as error:
            self.summary.say([Cell("✗ not validated", "bad")])
            self._say_wrong(error)

    def _take(self, report: Report) -> None:
        self._report = report
        self._already = False
        self.bottom.show_keys()
        facts = [plural(report.requests, "request"), size(report.bytes), _models(report), report.endpoint or "?"]
        if report.ok:
            self.summary.say([Cell("✓ ", "ok"), Cell(" · ".join(facts))])
            self.endpoint.input.value = report.endpoint or ""
            self._show_only(self.form)
            warnings = plural(report.warning_count, "warning") if report.warning_count else ""
            text = f"{warnings}: {clean_line(report.warnings[0].sentence)}" if report.warnings else "Ready to submit."
            self.progress.say([Cell(text, "warn" if warnings else "ok")])
            self.description.input.focus()
            self.work(self._price(report), "price")
            return
        found = plural(report.problem_count, "problem")
        self.summary.say([Cell(f"✗ {found}", "bad"), Cell(f" · {' · '.join(facts)}")])
        self.progress.say([Cell("Nothing is sent while there are problems. Mend the file, then press r.", "warn")])
        self._problems = dict(enumerate(report.problems))
        self._show_only(self.table, self.detail)
        self.table.show(range(len(report.problems)))
        self.table.focus()
        self._show_problem()

    async def _price(self, report: Report) -> None:
        """Work the cost out while the form is filled in."""
        from tui.flows.price import price, range_text

        self._worth = ""
        self.cost.read([_said("cost", "working it out …")])
        value = await price(report, self.session.profile.base_url)
        self._worth = f", {range_text(value)}"
        self.cost.read([_said("cost", f"estimated {range_text(value)}"), _said("", value.basis)])

    def _say_wrong(self, error: LazybatchError) -> None:
        """Tell it in full: a path at its beginning would push the reason off a single line."""
        self.progress.say([])
        self.detail.display = True
        self.detail.read([[Cell(clean(error.sentence), "bad")]])

    def _show_only(self, *widgets: Widget) -> None:
        for widget in (self.form, self.table, self.detail):
            widget.display = widget in widgets
        if not widgets:
            self.progress.say([])

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        problem = self._problems[int(str(key))]
        return {
            "line": Cell(count(problem.line) if problem.line else "file", "dim"),
            "code": Cell(problem.code, "bad"),
            "id": Cell(clean_line(problem.custom_id or "–"), "" if problem.custom_id else "dim"),
            "message": Cell(clean_line(problem.message)),
        }

    @on(Table.Highlighted)
    def _show_problem(self) -> None:
        key = self.table.cursor_key
        if key is not None:
            problem = self._problems[int(str(key))]
            self.detail.read([[Cell(clean(problem.sentence))], [Cell(problem.param or "", "dim")]])

    # Sending

    @on(Input.Submitted)
    def action_send(self) -> None:
        if self._report is None or not self.check_action("send", ()):
            return
        if self.endpoint.input.value.strip() != self._report.endpoint:
            # Another endpoint is another set of rules.
            self.action_validate()
            return
        self.work(self._confirm(again=False), "confirm")

    def action_again(self) -> None:
        self.work(self._confirm(again=True), "confirm")

    async def _confirm(self, *, again: bool) -> None:
        report = self._report
        if report is None:
            return
        pairs = [pair for pair in self.pairs.input.value.split(",") if pair.strip()]
        order = Order(report, report.endpoint or "", metadata(self.description.input.value.strip(), pairs), again)
        verb = "Submit AGAIN" if again else "Submit"
        what = f"{plural(report.requests, 'request')} ({_models(report)}{self._worth})"
        if await self.bottom.ask(f"{verb} {what} to {self.session.profile.host}?"):
            # The app's worker, not the screen's: leaving the screen must not break it off.
            self._sending = self.app.run_worker(
                self._send(order), name="submit", group="submit", description="submit", exit_on_error=True
            )
            self.bottom.show_keys()

    async def _send(self, order: Order) -> None:
        self.lazybatch.submitting += 1
        # Out of the fields, where the keys that are left would be letters.
        self.set_focus(None)
        self.detail.display = False
        self._began = time.monotonic()
        try:
            async for step in submit(order, wire=self.session.wire, journal=self.session.journal):
                match step:
                    case Uploading(done, total):
                        self.progress.say(_progress("uploading", done, total, time.monotonic() - self._began))
                    case Uploaded(adopted=adopted):
                        known = "The file is on the server already; " if adopted else "Uploaded; "
                        self.progress.say([Cell(known + "creating the batch …", "running")])
                    case Unclear(error):
                        self.progress.say([Cell(f"Asking the server what came of it: {error.sentence}", "warn")])
                    case Created(batch=batch):
                        self.progress.say([Cell("The batch is created.", "ok")])
                        await self.lazybatch.submitted(self, batch)
                    case Already(batch=batch):
                        name = batch.description or batch.id
                        state = looks.word(batch.status)
                        self._already = True
                        self.progress.say([Cell(f"Sent before ({state}). A submits it again. It is {name}.", "warn")])
        except LazybatchError as error:
            self._say_wrong(error)
            if not self.is_attached:
                self.app.notify(error.sentence, severity="error", markup=False, timeout=20)
        finally:
            self.lazybatch.submitting -= 1
            self._sending = None
            if self.is_attached:
                self.bottom.show_keys()

    def action_stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self.progress.say([Cell("Stopped. Submit the same file again to go on from here.", "warn")])


def _said(label: str, text: str) -> list[Cell]:
    return [Cell(f"{label:<{_LABEL}}", "dim"), Cell(text, "" if label else "dim")]


def _models(report: Report) -> str:
    names = [clean_line(name) for name in report.models]
    return names[0] if len(names) == 1 else plural(len(names), "model")


def _progress(verb: str, done: int, total: int, seconds: float = 0) -> list[Cell]:
    share = done / total if total else 0.0
    left = f" · {duration(seconds / share * (1 - share))} left" if share > 0.02 and seconds > 2 else ""
    cells = [Cell(f"{verb} ", "running"), Cell(bar(share, _BAR), "running")]
    return [*cells, Cell(f" {percent(share)}  {size(done)} of {size(total)}{left}")]
