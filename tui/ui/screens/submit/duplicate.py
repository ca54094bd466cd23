"""Telling that a file went out before."""

import asyncio

from tui.batches import display
from tui.batches.batch import Batch
from tui.format.cell import Cell
from tui.format.text import age, fit
from tui.requests.validate import Report
from tui.ui.screens.submit.base import SubmitRoom

_NAME = 24  # cells


class Before(SubmitRoom):
    """What is known here is told before anything is asked; the server is asked once the file is sent."""

    async def look_back(self, report: Report) -> None:
        """Tell of the batch that the same content came to, if there is one and it did not fail."""
        from tui.flows.submit.known_content import submitted_before

        known, journal = list(self.session.book), self.session.journal
        batch = await asyncio.to_thread(submitted_before, report.sha256, journal, known, self.retried)
        if batch is not None and self.report is report and self.sending is None and not self.parts:
            # Out of the fields, where A would be a letter.
            self.set_focus(None)
            self.say_before(batch)

    def say_before(self, batch: Batch) -> None:
        """Tell of `batch`, which was made of the same content, and which key makes another."""
        self.already, self.before = True, batch
        self.progress.say([Cell(self.told_before(batch), "warn")])
        self.bottom.show_keys()

    def told_before(self, batch: Batch) -> str:
        """The same in words."""
        name = fit(self.lazybatch.name_of(batch), _NAME).strip()
        ago = f" {age(self.session.now - batch.created_at)} ago" if batch.created_at else ""
        return f"Submitted before{ago}: {name} ({display.word(batch.status)}). A submits it again."
