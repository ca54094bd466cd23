"""lazybatch's home on a cache of many batches and no server: `python -m tests.bench.home_app`.

The client is loaded as it always is; what a server would bring, keys f1 to f5 do.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final

from tui.batches.batch import Batch, Counts
from tui.batches.book import Changes
from tui.flows.account import Session
from tui.flows.listing.coverage import Reach
from tui.flows.monitor import Offline, Seen
from tui.settings import profiles
from tui.ui import app
from tui.ui.app import LazybatchApp
from tui.ui.screens.batches.screen import Home

STEP: Final = 30  # rows that change each second
_BEAT: Final = 0.01  # seconds


class Unserved(Session):
    """The account of a server that answers nothing more than that all is as it was."""

    async def steps(self) -> AsyncIterator[Seen | Offline]:
        yield Seen(Changes(), time.time(), Reach.ALL)
        await asyncio.Event().wait()


class Measured(Home):
    """Home, told by keys what a server would tell."""

    def __init__(self) -> None:
        super().__init__()
        self._beats = 0
        self._last = self._worst = 0.0

    def key_f1(self) -> None:
        """The counts of one visible row change."""
        self._hear([self._further(str(self.table.visible_keys[2]))])

    def key_f2(self) -> None:
        """Those of a row that is out of sight."""
        self._hear([self._further(str(self.table.keys[1000]))])

    def key_f3(self) -> None:
        """All batches are told as they are."""
        self._hear(list(self.session.book))

    def key_f4(self) -> None:
        """A file is told the loop's worst delay from now on."""
        self._last = monotonic()
        self.set_interval(_BEAT, self._beat)

    def key_f5(self) -> None:
        """Thirty rows change each second from now on, those in sight first; delays count anew."""
        self._worst = 0.0
        self.set_interval(1.0, self._change_many)

    def _change_many(self) -> None:
        self._hear(self._further(str(key)) for key in [*self.table.visible_keys, *self.table.keys[:STEP]][:STEP])

    def _beat(self) -> None:
        now = monotonic()
        self._worst, self._last, self._beats = max(self._worst, now - self._last - _BEAT), now, self._beats + 1
        if self._beats % 20 == 0:
            # Whole at any time: it may be read right now.
            beats = Path(os.environ["BEATS"])
            new = beats.with_suffix(".new")
            new.write_text(f"{self._beats} {self._worst:.3f}")
            new.replace(beats)

    def _further(self, batch_id: str) -> Batch:
        batch = self.session.book.get(batch_id)
        assert batch is not None
        done = batch.counts.completed or 0 if batch.counts else 0
        return replace(batch, counts=Counts(50_000, (done + 1237) % 50_000, 7))

    def _hear(self, batches: Iterable[Batch]) -> None:
        self._take(Seen(self.session.book.apply(batches), at=time.time(), reach=Reach.ALL))


class MeasuredApp(LazybatchApp):
    """The app with that home."""

    # A subclass's is looked for beside it.
    CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))

    def get_default_screen(self) -> Measured:
        return Measured()


if __name__ == "__main__":
    # As `tui.ui.run` does.
    gc.disable()
    MeasuredApp(Unserved(profiles.profile(), profiles.state_folder())).run()
