"""From an input file to a batch: its problems, or what is to be said with it."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from textual import on

from tui.errors import LazybatchError
from tui.flows.validate import Validated, Validating, check
from tui.format.cell import Cell
from tui.format.text import clean_line, count, plural, size
from tui.requests.excerpt import excerpt
from tui.requests.problem import Problem
from tui.requests.validate import Report
from tui.ui.actions import Action
from tui.ui.screens.submit.base import asks_endpoint, models, under_way
from tui.ui.screens.submit.cost import Pricing
from tui.ui.screens.submit.fix import Repairing, can_mend
from tui.ui.screens.submit.problems import marked
from tui.ui.screens.submit.queue import Waiting
from tui.ui.screens.submit.send import Sending
from tui.ui.widgets.table.table import Table

_MARGIN = 2  # cells beside the line that is shown
_GIVE_ENDPOINT = "The lines have no url: type the endpoint, then press enter."


class Submit(Repairing, Sending, Pricing, Waiting):
    """Validates at once; a good file can be sent, a bad one shows every problem where it is."""

    def __init__(self, path: Path, inherited: Mapping[str, str] | None = None, retried: Collection[str] = ()) -> None:
        super().__init__(path, inherited, retried)
        self._line: tuple[Problem, list[list[Cell]]] | None = None
        self._looking = False

    def on_mount(self) -> None:
        self.title_line("new batch", clean_line(self.path.name))
        self.description.input.value = (
            self.description.input.value or self.inherited_name or clean_line(self.path.stem)[:100]
        )
        self.show_only()
        # Behind the frame: its threads hold the interpreter while they load what they need.
        self.call_after_refresh(self.action_validate)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the state of the file and of its submission allows."""
        sending, report = self.sending is not None, self.report
        good = report is not None and (report.ok or bool(self.parts))
        bad = self.table.display and report is not None and not report.ok
        cuttable = bad and report is not None and bool(self.split_offer(report))
        allowed = {
            "stop": sending or self.busy,
            "validate": not sending,
            # Without its endpoint it is read again once that is given.
            "send": (good or (report is not None and asks_endpoint(report))) and not sending,
            "wait": good and not sending and self.expected is not None,
            "again": self.already and good and not sending,
            "adopt": bool(self.candidates) and good and not sending,
            "fold": bad and self.table.foldable,
            "edit": bad,
            "mend": bad and not cuttable and report is not None and can_mend(report),
            "split": cuttable or (good and self.budget is not None and not self.parts and not sending),
        }
        return allowed.get(action, True) and super().check_action(action, parameters)

    def action_validate(self) -> None:
        self.begin("validating", self.validate)

    async def validate(self) -> None:
        self.work(self.prepare(), "prepare")
        endpoint = self.endpoint.input.value.strip() or None
        self.report, self.parts = None, ()
        self.show_only()
        try:
            async for step in check(self.path, endpoint=endpoint, limits=self.session.profile.limits):
                match step:
                    case Validating(done, total):
                        self.far("validating", done, total)
                        self.summary.say(under_way("validating", done, total))
                    case Validated(report):
                        self._take(report)
        except LazybatchError as error:
            self.summary.say([Cell("✗ not validated", "bad")])
            self.say_wrong(error)
            # Not in a field that is out of sight, where the keys that are left would be letters.
            self.set_focus(None)
            self.bottom.show_keys()

    def _take(self, report: Report) -> None:
        self.report = report
        self.already, self.before, self.candidates, self.budget = False, None, (), None
        self._line = None
        held = report.encoding.name if report.encoding else plural(report.requests, "request")
        facts = [held, size(report.bytes)]
        facts += filter(None, [models(report) if report.models else "", report.endpoint])
        if report.ok:
            self.summary.say([Cell("✓ ", "ok"), Cell(" · ".join(facts))])
            warnings = plural(report.warning_count, "warning") if report.warning_count else ""
            text = f"{warnings}: {clean_line(report.warnings[0].sentence)}" if report.warnings else "Ready to submit."
            self.progress.say([Cell(text, "warn" if warnings else "ok")])
            self.ready()
            self.work(self.look_back(report), "before")
        elif asks_endpoint(report):
            self.summary.say([Cell("✗ ", "bad"), Cell(" · ".join(facts))])
            fault = report.problems[0]
            self.progress.say([Cell(_GIVE_ENDPOINT if report.endpoint is None else clean_line(fault.sentence), "warn")])
            self.form.say_cost("not known without the endpoint")
            self.show_only(self.form)
            self.endpoint.input.focus()
        else:
            found = plural(report.problem_count, "problem")
            self.summary.say([Cell(f"✗ {found}", "bad"), Cell(f" · {' · '.join(facts)}")])
            self.table.take(report)
            self.show_only(self.table, self.detail)
            self.table.focus()
            self.show_problem()
        self.bottom.show_keys()

    def why_not(self, action: Action) -> str:
        if self.sending is not None:
            return "the file is being submitted"
        if action.name == "mend" and self.report is not None:
            return "no problem here has only one right form" if not self.report.ok else "the file has no problems"
        if self.report is not None and asks_endpoint(self.report):
            return "the endpoint must be given first"
        if action.name in {"send", "wait", "split", "again"} and self.report is not None and not self.report.ok:
            return "the file has problems"
        return "nothing is under way" if action.name == "stop" else super().why_not(action)

    def action_stop(self) -> None:
        doing = self.doing
        if self.sending is None and self.stop_long_work():
            if self.report is None:
                self.summary.say([Cell("✗ not validated", "bad")])
            self.progress.say([Cell(f"Stopped {doing}.{' r reads the file again.' * (self.report is None)}", "warn")])
            self.bottom.show_keys()
        else:
            super().action_stop()

    def open_copy(self, path: Path) -> None:
        copy = Submit(path, self.inherited, self.retried)
        copy.description.input.value = self.description.input.value
        copy.pairs.input.value = self.pairs.input.value
        copy.endpoint.input.value = self.endpoint.input.value
        self.app.push_screen(copy)

    @on(Table.Chosen)
    def _chosen(self) -> None:
        self.action_fold()

    @on(Table.Highlighted)
    def show_problem(self) -> None:
        """Tell the problem under the cursor in full, and what can be done."""
        if not self.table.display or self.report is None:
            return
        offer = self.split_offer(self.report)
        mends = ", m mends what it can" if can_mend(self.report) else " the file, r reads it again"
        said = offer or f"Nothing is sent while there are problems. e edits{mends}."
        self.progress.say([Cell(said, "warn")])
        self.bottom.show_keys()
        problem = self.table.problem
        if problem is not None:
            if self._line is None or self._line[0] != problem:
                self._line = None
            self._say_problem(problem)
            if not self._looking:
                self._looking = True
                self.work(self._show_line(), "line")

    async def _show_line(self) -> None:
        """Show the line under the cursor: one look at a time, however fast it moves, and the last one stands."""
        problem = None
        try:
            while problem != (problem := self.table.problem) and problem is not None:
                found = await asyncio.to_thread(excerpt, self.path, problem)
                if found is not None and self.table.problem == problem:
                    width = max(20, self.detail.size.width or self.size.width - _MARGIN)
                    self._line = problem, [list(line) for line in marked(found, width)]
                    self._say_problem(problem)
        finally:
            self._looking = False

    def _say_problem(self, problem: Problem) -> None:
        text: list[list[Cell]] = [[Cell(self.table.told())]]
        if self._line is not None:
            where = f"line {count(problem.line)}" if problem.line else ""
            named = f", {problem.param}" if problem.param else ""
            text += [[Cell(f"{where}{named}", "dim")], *self._line[1]]
        elif problem.param:
            text.append([Cell(problem.param, "dim")])
        self.detail.read(text)
