"""Having a good file, or its parts, wait in the queue until there is room."""

from collections.abc import Mapping

from tui.batches.names import submission_name
from tui.batches.quota import Amount, family
from tui.flows.submit.limit_checks import before_question
from tui.flows.submit.parts import PartsOrder, part_orders
from tui.flows.submit.steps import Order
from tui.format.cell import Cell
from tui.format.text import plural
from tui.requests.validate import Report
from tui.ui.screens.submit.base import SubmitRoom, models


class Waiting(SubmitRoom):
    """The key for a file that need not, or cannot, go out now."""

    def said(self) -> Mapping[str, str]:
        """The metadata that was typed; raises `LazybatchError` where it cannot be."""
        raise NotImplementedError

    async def say_room(self, report: Report) -> None:
        """Tell where the file does not fit into what is left of its model's limit."""
        if self.expected is None or self.parts or self.already or len(report.models) != 1:
            return
        model = next(iter(report.models))
        room = (await self.session.stock()).rooms.get(family(model))
        wanted = Amount(model, self.expected.input_tokens, report.requests)
        if room is not None and room.fits(wanted) is False and self.budget is None and self.report is report:
            self.progress.say([Cell(f"No room now: {room.text}. ^n has it wait in the queue.", "warn")])

    def action_wait(self) -> None:
        if self.report is None or not self.check_action("wait", ()):
            return
        if self.busy:
            self.say_busy()
            return
        if self.endpoint.input.value.strip() != self.report.endpoint:
            self.action_validate()
            return
        self.work(self._wait(self.report), "confirm")

    async def _wait(self, report: Report) -> None:
        said, endpoint = self.said(), report.endpoint or ""
        requests = f"{plural(report.requests, 'request')} ({models(report)}{self.worth})"
        what = f"{plural(len(self.parts), 'part')}, {requests}," if self.parts else requests
        asked = f"{before_question(self.objections)}{'Queue AGAIN' if self.already else 'Queue'} {what}"
        whole = f"{asked} for {self.session.profile.host}?"
        if not await self.bottom.ask(lambda cells: whole if len(whole) <= cells else f"{asked}?"):
            return
        order = (
            PartsOrder(report, self.parts, endpoint, said, self.already, self.expected, retried=self.retried)
            if self.parts
            else Order(report, endpoint, said, self.already, self.expected, retried=self.retried)
        )
        # The app's worker, not the screen's: it ends on another screen.
        self.app.run_worker(
            self._told(self._put(order, submission_name(said, str(self.path)))),
            name="put in queue", group="put in queue", description="put in queue", exit_on_error=True,
        )  # fmt: skip

    async def _put(self, order: Order | PartsOrder, name: str) -> None:
        if isinstance(order, PartsOrder):
            session = self.session
            orders = await part_orders(order, wire=session.wire, journal=session.journal, queue=session.queue)
        else:
            orders = [order]
        await self.lazybatch.queueing.add(orders)
        self.app.notify(f"{name} waits in the queue: Q shows it.", markup=False)
        await self.lazybatch.go_home(self)
