"""Runaways on home: the rules held against what has come, and their user called."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.batches.batch import Batch
from tui.batches.guard import Rule, Rules, Told, Trip
from tui.errors import LazybatchError
from tui.flows.results.error_sample import alike
from tui.format.text import duration, plural
from tui.ui.screens.batches.auto_cancel import Countdown

if TYPE_CHECKING:
    from tui.ui.screens.batches.monitor import Account

_READABLE: Final = 15.0  # seconds for which an alarm stays on screen


class Guarding:
    """What home does with runaways."""

    def __init__(self, home: "Account", told: Mapping[str, Mapping[Rule, Told]]) -> None:
        """Go on from what an earlier run has `told`."""
        self._home = home
        self._looked = False
        self._peeking = False
        self._peeked: dict[str, int] = {}  # failures of each batch when its error file was last looked at
        self._rules = home.session.profile.guard or Rules()
        self.countdown = Countdown(home, self._rules.grace, self.keep)
        home.alarms.recall(self._rules, told)

    def hold_rules(self) -> None:
        """Hold the guard's rules against what has come; call for what nobody has been told of."""
        alarms = self._home.alarms
        before = alarms.tripped
        if fresh := alarms.look(self._home.session):
            self._alarm(fresh)
        self._looked = True
        self.keep()
        if not self._peeking and (batch := self._to_peek_at()) is not None:
            self._peeking = True
            self._home.run_worker(self._peek(batch), name="peek", group="peek", description="peek")
        if alarms.tripped != before:
            self._home.show()

    def _to_peek_at(self) -> Batch | None:
        """A running batch of which it can be learned whether its failures are alike, and has not been of late."""
        limit = self._rules.identical_failures
        for batch in self._home.session.book.active():
            failed = batch.counts.failed if batch.counts is not None else None
            if limit is None or failed is None or failed < limit or batch.error_file_id is None:
                continue
            # The file may be large: it is looked at again when there is much more to see.
            if failed >= 2 * self._peeked.get(batch.id, 0):
                self._peeked[batch.id] = failed
                return batch
        return None

    async def _peek(self, batch: Batch) -> None:
        try:
            found = await alike(batch, wire=self._home.session.wire)
        except LazybatchError:
            # Not every server lets a file be read that is still written to.
            found = None
        finally:
            self._peeking = False
        if found is not None:
            self._home.alarms.alike[batch.id] = found
        # Also for the next one that is to be looked at.
        self._home.unlooked = True

    def count_down(self) -> None:
        """Go on with the countdown, if one is to run: never where nothing may or can be cancelled."""
        session = self._home.session
        if self._rules.auto_cancel and session.has_cancel and not session.profile.read_only:
            self.countdown.tick(self._home.alarms.armed(self._home.session.book))

    def keep(self) -> None:
        """Have the next start know what was told."""
        if (told := self._home.alarms.to_save()) is not None:
            saving = asyncio.to_thread(self._home.session.alarms.save, told)
            self._home.run_worker(saving, name="alarms", group="alarms", description="alarms")

    def _alarm(self, fresh: Sequence[tuple[Batch, Trip]]) -> None:
        """Call the user for trips that nobody has been told of: once for all that came together."""
        (batch, trip), others = fresh[0], len({batch.id for batch, _ in fresh}) - 1
        told = f"{self._home.name_of(batch)}: {trip.sentence}"
        if others:
            told += f" {plural(others, 'other needs', 'others need')} attention too."
        read_only = self._home.session.profile.read_only
        if not read_only and any(trip.rule in self._rules.auto_cancel for _, trip in fresh):
            told += f" It is cancelled in {duration(self._rules.grace)} unless a key is pressed."
        self._home.lazybatch.ring(told)
        # What stands at the start is on the rows: nobody has seen it come.
        if self._looked:
            stoppable = not read_only and trip.rule is not Rule.CANCELLING
            keys = "3 shows it, c cancels it" if stoppable else "3 shows it"
            self._home.notify(f"{told} {keys}.", severity="warning", markup=False, timeout=_READABLE)
