"""Cancelling unasked: a countdown that any key stops, for batches that break a rule whose user wants that."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tui.batches.batch import Batch
from tui.batches.guard import Trip
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import duration, plural
from tui.ui.screens.base import Room
from tui.ui.widgets.key_bar import Bottom

if TYPE_CHECKING:
    from tui.ui.screens.batches.monitor import Account

_STEP: Final = 2.0  # seconds that one look counts at the most: what the machine slept through nobody has seen
_READABLE: Final = 20.0


class Countdown:
    """One countdown for all batches that are armed when it begins; those that come later wait for the next.

    It stands still while its line cannot be seen, while a question is asked, and while the server is not reached or not
    asked: what is known of the batches may be over by then.
    """

    def __init__(self, home: "Account", grace: float, keep: Callable[[], None]) -> None:
        """`grace` in seconds; `keep` has what was decided remembered."""
        self._home = home
        self._grace = grace
        self._keep = keep
        self._left = 0.0
        self._looked_at = 0.0
        self._batches: dict[str, tuple[Batch, Trip]] = {}
        self._shown_on: Bottom | None = None

    def tick(self, armed: dict[str, tuple[Batch, Trip]]) -> None:
        """Look at the clock. `armed` are the batches to be cancelled now, by id, each with the rule that it breaks."""
        now = time.monotonic()
        passed, self._looked_at = min(now - self._looked_at, _STEP), now
        if not self._batches and armed:
            self._batches, self._left, passed = dict(armed), self._grace, 0.0
        self._batches = {key: armed[key] for key in self._batches if key in armed}
        screen = self._home.app.screen
        if not self._batches or not isinstance(screen, Room) or screen.bottom.asking or self._home.blind:
            self._hide()
            return
        if self._shown_on is not None:
            self._left -= passed
        if self._left > 0:
            self._show(screen.bottom)
        else:
            self._cancel()

    def stop(self) -> None:
        """Let the batches run on: somebody is there to decide."""
        batches, self._batches = self._batches, {}
        self._hide()
        self._spare(batches)
        self._home.notify(f"Stopped: {self._named(batches)} on. c cancels.", markup=False, timeout=_READABLE)

    def _cancel(self) -> None:
        batches, self._batches = self._batches, {}
        self._hide()
        self._spare(batches)
        (batch, trip), others = next(iter(batches.values())), len(batches) - 1
        more = f" {plural(others, 'other batch', 'other batches')} too." if others else ""
        told = f"{self._home.name_of(batch)} is being cancelled unasked: {trip.sentence}{more}"
        self._home.lazybatch.ring(told)
        self._home.notify(told, severity="warning", markup=False, timeout=_READABLE)
        self._home.lazybatch.cancelling.begin([batch for batch, _ in batches.values()])

    def _spare(self, batches: dict[str, tuple[Batch, Trip]]) -> None:
        for batch_id in batches:
            self._home.alarms.spare(batch_id)
        self._keep()

    def _named(self, batches: dict[str, tuple[Batch, Trip]]) -> str:
        if len(batches) > 1:
            return f"{len(batches):,} batches run"
        return f"{self._home.name_of(next(iter(batches.values()))[0])} runs"

    def _show(self, bottom: Bottom) -> None:
        if self._shown_on is not bottom:
            self._hide()
        self._shown_on = bottom
        self._home.lazybatch.countdown = self
        batch, trip = next(iter(self._batches.values()))
        others = f" and {len(self._batches) - 1:,} more" if len(self._batches) > 1 else ""
        left = duration(self._left + 0.999)
        bottom.announce(
            [Cell(f"{GLYPHS.alarm} {self._home.name_of(batch)}{others}: {trip.sentence}", "bad")],
            [
                Cell("cancelled in "),
                Cell(left, "warn"),
                Cell(f" {GLYPHS.dot} any key stops it"),
            ],
        )

    def _hide(self) -> None:
        if self._shown_on is not None and self._shown_on.is_attached:
            self._shown_on.announce()
        self._shown_on = self._home.lazybatch.countdown = None
