"""What the batches of an account cost, as its screens ask for it."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from tui.batches.batch import Batch
from tui.batches.book import Book
from tui.settings.profiles import Profile
from tui.store.base import Trouble

# Prices are loaded once the first frame is on screen.
if TYPE_CHECKING:
    from tui.batches.cost import Cost, Expected
    from tui.batches.spending import Spent
    from tui.flows.costs import Costs


class Priced(ABC):
    """A profile and its batches, with what they cost once that has been learned."""

    def __init__(self, profile: Profile, folder: Path) -> None:
        self.profile = profile
        self.folder = folder
        self.trouble = Trouble(folder)  # where it is told that the state cannot be used
        self.book = Book()
        self._costs: Costs | None = None

    @property
    @abstractmethod
    def now(self) -> float:
        """The time on the server's clock, in Unix seconds."""

    def cost_of(self, batch: Batch) -> "Cost | None":
        """What `batch` costs, from memory; None while prices have not been learned, and where there is none."""
        return None if self._costs is None else self._costs.of(batch)

    def spent_on(self, batch: Batch) -> float | None:
        """What `batch` has cost so far, in US dollars; None while that is not known."""
        return None if self._costs is None else self._costs.spent_on(batch)

    @property
    def prices_at(self) -> float:
        """When prices were learned last, on the clock of `time.monotonic`; 0 before."""
        return 0.0 if self._costs is None else self._costs.learned_at

    def price_of(self, batch: Batch) -> str:
        """Whose price of which kind `batch` is counted at; empty where none is."""
        return "" if self._costs is None else self._costs.basis(batch)

    @property
    def price_bases(self) -> list[str]:
        """Whose prices of which kind all batches are counted at."""
        return [] if self._costs is None else self._costs.bases

    def expected_of(self, batch: Batch) -> "Expected | None":
        """What was expected of `batch` before it was submitted from here."""
        return None if self._costs is None else self._costs.expected(batch)

    def model_of(self, batch: Batch) -> str | None:
        """The model that `batch` asks, as far as it is known."""
        return batch.model if self._costs is None else self._costs.model(batch)

    async def learn_costs(self) -> bool:
        """Learn what is needed to tell the costs of all batches, in a thread; whether they may be others than before.

        Raises `LazybatchError` where the state cannot be used.
        """
        costs = await self.costs()
        return await asyncio.to_thread(costs.learn, list(self.book))

    async def relearn_costs(self) -> None:
        """Take in what results that were read since tell of their batches' costs, where costs were learned before."""
        if self._costs is not None:
            await asyncio.to_thread(self._costs.learn, list(self.book))

    async def costs(self) -> "Costs":
        """What tells the costs; raises `LazybatchError` where the state cannot be used."""
        if self._costs is None:
            from tui.flows.costs import Costs

            made = await asyncio.to_thread(
                Costs, self.folder, self.profile.account, self.profile.base_url, self.trouble
            )
            if self._costs is None:
                self._costs = made
            else:
                made.close()
        return self._costs

    @property
    def spent(self) -> "Spent":
        """What was spent today and this month, as far as it is known."""
        from tui.batches.spending import spent

        return spent(self.book, self.cost_of, self.now)

    @property
    def over_budget(self) -> list[str]:
        """What was spent beyond the profile's budget, in words."""
        budget = self.profile.budget
        if budget is None or not budget.of_time:
            return []
        from tui.batches.spending import passed

        return passed(budget, self.spent)

    async def close_costs(self) -> None:
        """Give back what the costs hold."""
        if self._costs is not None:
            await asyncio.to_thread(self._costs.close)
