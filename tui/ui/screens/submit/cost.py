"""What a good file will cost: from a sample at once, then from every line, and held against the budget."""

import asyncio
from typing import TYPE_CHECKING

from tui.flows.submit.limit_checks import to_cost, to_tokens, to_uncounted, token_budget
from tui.format.cell import Cell
from tui.format.text import amount, percent
from tui.requests.validate import Report
from tui.ui.screens.submit.base import SubmitRoom

if TYPE_CHECKING:
    from tui.requests.cost.estimate import Estimate


class Pricing(SubmitRoom):
    """The cost below the form's fields."""

    async def prepare(self) -> None:
        """Load what the estimate will need, while the file is validated."""
        from tui.flows.estimate import prepare

        costs = await self.session.costs()
        await asyncio.to_thread(prepare, self.path, costs)

    def estimate_cost(self) -> None:
        """Work out what the file will cost, beside the form."""
        if self.report is not None:
            self.work(self._price(self.report), "price")

    async def _price(self, report: Report) -> None:
        from tui.flows.estimate import price

        self.worth, self.expected, self.objections = "", None, ()
        self.estimate = None
        self.form.say_cost("working it out …")
        costs = await self.session.costs()
        value = await price(report, costs)
        self._settle(report, value)
        self._offer_parts(report)
        self.bottom.show_keys()
        await self.say_room(report)
        if not value.exact:
            counted = await price(report, costs, exact=True, tell=lambda *far: self._tell_cost(value, *far))
            self._settle(report, counted)

    def _settle(self, report: Report, value: "Estimate") -> None:
        from tui.flows.estimate import expected, short_text

        self.worth, self.expected = f", {short_text(value, 'cost not known')}", expected(report, value)
        self.estimate = value
        profile, parts = self.session.profile, len(self.parts) or 1
        against = (to_uncounted if self.parts else to_tokens)(report, profile, value)
        self.objections = [] if against is None else [against]
        self.objections += to_cost([value], profile.budget, self.session.spent, parts=parts)
        self._tell_cost(value)

    def _tell_cost(self, value: "Estimate", done: int = 0, total: int = 0) -> None:
        from tui.flows.estimate import range_text

        # Whole percents: each is written anew.
        far = f" · counting every line, {percent(done * 100 // total / 100)}" if total and done < total else ""
        self.form.say_cost(f"{range_text(value)}{far}", value.basis, [each.sentence for each in self.objections])

    def _offer_parts(self, report: Report) -> None:
        """More than may wait at the provider at one time is offered in parts."""
        if self.estimate is None:
            return
        tokens = self.estimate.input_tokens
        self.budget = None if self.parts else token_budget(report, self.session.profile, self.estimate)
        if self.budget is not None:
            told = f"About {amount(tokens)} input tokens, {amount(self.budget)} are allowed at one time"
            self.progress.say([Cell(f"{told}: ^t splits it into {-(-tokens // self.budget)} parts or more.", "warn")])
