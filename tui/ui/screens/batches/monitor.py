"""Following the account: what home does with each answer, and how often it asks for one."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from tui.batches.batch import Batch
from tui.batches.names import submission_name
from tui.errors import LazybatchError
from tui.format.cell import Cell
from tui.store.preferences import Preferences
from tui.ui.screens.base import Room
from tui.ui.screens.batches.guard_state import Alarms
from tui.ui.screens.batches.header import WIDE, Freshness
from tui.ui.startup import let_be, warm_up

if TYPE_CHECKING:
    from tui.flows.monitor import Offline, Seen
    from tui.ui.screens.batches.completion import Notices
    from tui.ui.screens.batches.expiry import Expiring
    from tui.ui.screens.batches.runaways import Guarding

_EMPTY_WIDTH = 56  # cells: what the smallest terminal has room for
_INTERVALS: Final = (2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0)


class Account(Room):
    """The part of home that hears from the monitor. The other part draws."""

    def __init__(self) -> None:
        super().__init__()
        self.alarms = Alarms()
        self._guarding: Guarding | None = None
        self.notices: Notices | None = None
        self._offline: Offline | None = None
        self._heard = False
        self._tried_at = 0.0
        self._let_be = 0  # batches that the garbage collector is spared
        self.unlooked = False  # whether anything has come since the rules were held
        self._unpriced = asyncio.Event()
        self._unnamed: set[str] = set()  # ids of batches of which it is to be found out what they are called
        self._name_some = asyncio.Event()
        # When the first of a batch's results expires that are not saved, if it is soon; by the batch's id.
        self.expiring: Mapping[str, int] = {}
        self.expiry: Expiring | None = None

    @abstractmethod
    def show(self) -> None:
        """Bring the table in line with the book: rows that are new, gone or elsewhere."""

    @abstractmethod
    def look_again(self) -> None:
        """Rows are the same; what they say may have changed."""

    @abstractmethod
    def stand_empty(self, sentence: str = "") -> None:
        """Say `sentence` while there are no rows, else why there are none."""

    @abstractmethod
    def offline_changed(self) -> None:
        """The server is not reached, or reached again."""

    def watch_account(self) -> None:
        """Follow the account from now on; called once the first frame is on screen."""
        self.run_worker(self._follow(), name="monitor", group="monitor", description="monitor")

    async def _follow(self) -> None:
        try:
            await self.session.connect()
            await self._guard()
            await self.learn_own_names()
            self.show()
            self.lazybatch.queueing.start()
            self.run_worker(self._settle(), name="reconcile", group="reconcile", description="reconcile")
            self._warm_up()
            self.work(self._price(), "prices")
            self.work(self._name_batches(), "names")
            self._watch_expiry()
            async for step in self.session.steps():
                self._take(step)
        except LazybatchError as error:
            self._warm_up()
            self._offline = None
            self.stand_empty(_wrapped(error.sentence))
            self.complain(error)

    def _watch_expiry(self) -> None:
        from tui.ui.screens.batches.expiry import Expiring

        self.expiry = Expiring(self)
        self.run_worker(self.expiry.watch(), name="expiry", group="expiry", description="expiry")

    def _warm_up(self) -> None:
        self.run_worker(asyncio.to_thread(warm_up), name="warm up", group="warm up", description="warm up")

    async def _guard(self) -> None:
        """Have runaways and ends looked for, in view of what an earlier run has told and was asked to tell."""
        from tui.ui.screens.batches.completion import Notices
        from tui.ui.screens.batches.runaways import Guarding

        self._guarding = Guarding(self, await asyncio.to_thread(self.session.alarms.told))
        self.notices = Notices(self, await asyncio.to_thread(self.session.alarms.awaited))

    async def _settle(self) -> None:
        """Tell what became of submissions that an earlier run left open."""
        from tui.flows.submit.reconcile import reconcile

        # What the queue was at is gone on with by the queue.
        queued = await asyncio.to_thread(self.session.queue.submissions)
        async for settled in reconcile(wire=self.session.wire, journal=self.session.journal, leave=queued):
            name = submission_name(settled.submission.metadata, settled.submission.path)
            told = f"{name} was being submitted when lazybatch ended. {settled.told}"
            if settled.batch is not None:
                self.take_in(settled.batch)
                self.notify(told, markup=False)
            else:
                self.notify(told, severity="warning", markup=False, timeout=20)

    async def _price(self) -> None:
        """Learn what batches cost, after each answer that changed some; answers meanwhile count as one."""
        while True:
            self._unpriced.clear()
            if await self.session.learn_costs():
                self.unlooked = True
                self.show()
            await self._unpriced.wait()

    def _take(self, step: "Seen | Offline") -> None:
        from tui.flows.monitor import Offline

        self._tried_at = time.time()
        if isinstance(step, Offline):
            self._offline = step
            self.stand_empty(_wrapped(step.error.sentence))
            self.offline_changed()
            return
        back = self._offline is not None
        self._offline, self._heard, self.unlooked = None, True, True
        if back:
            self.offline_changed()
        self.stand_empty()
        if step.changes:
            self._let_be = let_be(len(self.session.book), self._let_be)
            self._unpriced.set()
            self._find_names(step.changes.added | step.changes.changed)
            self.look_at_results()
            self.show()
        else:
            self.look_again()

    def hold_rules(self) -> None:
        """Look for runaways, if anything has come since the last time: not at each answer, of which there are many."""
        if self._guarding is None:
            return
        if self.unlooked:
            self.unlooked = False
            self.lazybatch.offer_results()
            self._guarding.hold_rules()
            if self.notices is not None:
                self.notices.look()
        self._guarding.count_down()

    @property
    def blind(self) -> bool:
        """Whether nothing comes from the server now: it is not reached, or not asked."""
        return self._offline is not None or self.session.paused

    def is_awaited(self, batch: Batch) -> bool:
        """Whether somebody has asked to be told when `batch` ends."""
        return self.notices is not None and batch.id in self.notices.awaited

    @property
    def suspect(self) -> frozenset[str]:
        """The ids of the batches that somebody has to look at."""
        return self.alarms.tripped | self.session.doubted | self.lazybatch.failed_cancels | self.expiring.keys()

    def look_at_results(self) -> None:
        """Results may have been saved, or come to be."""
        if self.expiry is not None:
            self.expiry.look()

    def expires_in(self, batch: Batch) -> float | None:
        """Seconds for which the server still keeps results of `batch` that are not saved, if they are few."""
        at = self.expiring.get(batch.id)
        return None if at is None else at - self.session.now

    def take_in(self, batch: Batch) -> None:
        """Show a batch as a call other than the monitor's has told it."""
        self.session.book.apply([batch])
        self.unlooked = True
        self._unpriced.set()
        self._find_names([batch.id])
        self.show()

    async def learn_own_names(self) -> None:
        """Bring to mind the names of what was submitted from here."""
        await self.session.learn_own_names()
        self.names_changed()

    def names_changed(self) -> None:
        """Some batches are called otherwise than before."""

    def _find_names(self, ids: Iterable[str]) -> None:
        """Have it found out what these batches are called, as far as that is not known."""
        self._unnamed.update(ids)
        self._name_some.set()

    async def _name_batches(self) -> None:
        """Find out what batches are called: first all, then after each answer those that are new in it or changed."""
        wanted = list(self.session.book)
        while True:
            if await self.session.learn_names(wanted):
                self.names_changed()
                self.show()
            await self._name_some.wait()
            self._name_some.clear()
            wanted = [batch for key in self._unnamed if (batch := self.session.book.get(key)) is not None]
            self._unnamed.clear()

    def name_of(self, batch: Batch) -> str:
        """What `batch` is called."""
        return self.session.names.name_of(batch)

    def freshness(self) -> Freshness:
        """How old what is shown is, and how often it is asked for."""
        return Freshness(
            self.session.seen_at,
            self._heard,
            self._tried_at + self._offline.wait if self._offline else None,
            paused=self.session.paused,
            interval=self.session.preferences.interval,
            calls=self.session.calls_per_minute if self.app.size.width >= WIDE and self._heard else None,
            gap=self._gap(),
        )

    def _gap(self) -> Cell | None:
        """That older batches may be missing, and where there is room why."""
        reach = self.session.reach
        if reach is None or reach.name in {"GOING", "ALL"}:
            return None
        why = f": {reach.value}" if self.app.size.width >= WIDE else ""
        # The horizon is a choice; a list that does not go on is not.
        return Cell(f"list may be incomplete{why}", "dim" if reach.name == "HORIZON" else "warn")

    # What the user does

    def action_refresh(self) -> None:
        self.session.refresh()

    def action_pause(self) -> None:
        self.session.paused = not self.session.paused
        self.look_again()

    def action_slower(self) -> None:
        self._ask_every(next((step for step in _INTERVALS if step > self._interval), _INTERVALS[-1]))

    def action_faster(self) -> None:
        self._ask_every(next((step for step in reversed(_INTERVALS) if step < self._interval), _INTERVALS[0]))

    @property
    def _interval(self) -> float:
        from tui.flows.monitor import ACTIVE_INTERVAL

        return self.session.preferences.interval or ACTIVE_INTERVAL

    def _ask_every(self, seconds: float) -> None:
        self.prefer(self.session.preferences._replace(interval=seconds))
        self.look_again()

    def prefer(self, preferences: Preferences) -> None:
        """Go by `preferences` from now on, and at the next start."""
        self.session.prefer(preferences)
        self.work(self.session.keep_preferences(), "preferences")


def staleness(home: object) -> Cell | None:
    """How old what is shown is, while nothing comes from the server; None while it does."""
    return home.freshness().cells()[0] if isinstance(home, Account) and home.blind else None


def _wrapped(sentence: str) -> str:
    return "\n".join(wrap(sentence, _EMPTY_WIDTH))
