"""Sending what waits while the screen is open, and what the screens know of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.monitor import Offline
from tui.flows.queue.add import Waits, add
from tui.flows.queue.leader import AtWork
from tui.flows.queue.plan import Outlook
from tui.flows.queue.sender import Sender
from tui.flows.queue.steps import CameBack, Going, Looked, QueueStep, Stopped, Went
from tui.flows.submit.steps import Looking, Order, Uploading
from tui.format.text import percent, plural
from tui.store.queue import State
from tui.ui.screens.base import Room, may_wait

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp

_RETRY: Final = 5.0  # seconds between two looks whether another process sends still
_READABLE: Final = 15.0


class Queueing:
    """The queue of one run of the screen.

    `looked` is how it stood last. `sender` says who sends, `doing` what is being sent now, empty while nothing is.
    """

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self._session = app.session
        self._sender: Sender | None = None
        self.looked: Looked | None = None
        self.sender = ""
        self.doing = ""
        # What the present look has brought, told in one when it is over: parts go and come by the dozen.
        self._gone: list[str] = []
        self._back: list[str] = []

    def start(self) -> None:
        """Send what waits from now on; the session is connected. A read-only profile sends nothing."""
        if not self._session.profile.read_only:
            self._app.run_worker(self._send(), name="queue", group="queue", description="queue", exit_on_error=True)

    def wake(self) -> None:
        """The queue has changed."""
        if self._sender is not None:
            self._sender.wake()

    async def refresh(self) -> None:
        """See how the queue stands, by what the screen knows of the batches. Raises `LazybatchError`."""
        outlook = Outlook(self._session)
        outlook.batches = list(self._session.book)
        self._take(await outlook.plan(idle=True))

    async def add(self, orders: Sequence[Order]) -> None:
        """Put what has been said yes to into the queue. Raises `LazybatchError`; what came before it is in."""
        for order in orders:
            await asyncio.to_thread(add, order, self._session.queue)
        self.wake()

    def wait_again(self, room: Room, batches: Sequence[Batch]) -> None:
        """Ask on `room`, then have batches that were refused for want of room wait and go out again."""
        if refused := [batch for batch in batches if may_wait(batch)]:
            room.work(self._wait_again(room, refused), "wait again")

    async def _not_coming(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those of `batches` that the queue does not bring back by itself."""
        entries = await asyncio.to_thread(self._session.queue.entries)
        coming = {entry.batch_id for entry in entries if not entry.settled}
        left = [batch for batch in batches if batch.id not in coming]
        if len(left) < len(batches):
            self.wake()
            self._app.notify("The queue sends it again by itself: Q shows it.", markup=False)
        return left

    async def _wait_again(self, room: Room, batches: Sequence[Batch]) -> None:
        from tui.flows.queue.requeue import order_again

        if any(batch.submission is None for batch in batches):
            self._app.notify("Reading the input file of what was made elsewhere …", markup=False)
        # Oldest first: in the order in which they were meant to go.
        line = sorted(await self._not_coming(batches), key=lambda batch: batch.created_at or 0)
        if not line:
            return
        orders = [await order_again(batch, self._session) for batch in line]
        name = self._app.name_of(line[0]) if len(line) == 1 else plural(len(line), "batch", "batches")
        what, host = _told(orders), self._session.profile.host
        asked = (
            f"Send {name} ({what}) to {host} again when there is room?",
            f"Send {name} ({what}) again when there is room?",
            f"Wait and send {name} again ({what})?",
            f"Wait and send it again ({what})?",
        )
        if not await room.bottom.ask(lambda cells: next((text for text in asked if len(text) <= cells), asked[-1])):
            return
        for order in orders:
            try:
                await self.add([order])
            except Waits as there:
                self._app.notify(there.sentence, severity="warning", markup=False)
                if len(orders) == 1:
                    return
        wait = "waits" if len(orders) == 1 else "wait"
        self._app.notify(f"{name} {wait} in the queue: Q shows it.", markup=False)

    async def _send(self) -> None:
        while True:
            self._sender = Sender(self._session)
            try:
                async for step in self._sender.run("The screen"):
                    self.sender = ""
                    self._step(step)
            except AtWork as other:
                self.sender = other.sentence
                await self._follow()
            except LazybatchError as error:
                self.sender = error.sentence
            self.doing = ""
            await asyncio.sleep(_RETRY)

    async def _follow(self) -> None:
        """See what another process has done to the queue."""
        try:
            await self.refresh()
        except LazybatchError as error:
            self.sender = error.sentence

    def _step(self, step: QueueStep) -> None:
        match step:
            case Going(entry, Uploading(done, total)):
                self.doing = f"Uploading {entry.name}: {percent(done / total if total else 0)}"
            case Going(entry, Looking() as looking):
                self.doing = f"{entry.name}: {looking.sentence}"
            case Going(entry, _):
                self.doing = f"Submitting {entry.name} …"
            case Went(entry, batch):
                self.doing = ""
                if batch is not None:
                    self._app.take_in(batch)
                self._gone.append(entry.name)
            case CameBack(entry):
                self.doing = ""
                self._back.append(entry.name)
            case Stopped(entry):
                self.doing = ""
                told = f"{entry.name} is held in the queue. {entry.reason}"
                self._app.notify(told, severity="warning", markup=False, timeout=_READABLE)
            case Offline(error, _):
                self.sender = error.sentence
            case Looked():
                self._take(step)
                self._tell()

    def _tell(self) -> None:
        """Tell in one what has gone out, and what came back."""
        gone, back = self._gone, self._back
        self._gone, self._back = [], []
        if gone:
            name, has = (gone[0], "has") if len(gone) == 1 else (plural(len(gone), "batch", "batches"), "have")
            self._app.notify(f"{name} {has} gone out of the queue.", markup=False)
        if back:
            name, waits = (back[0], "waits") if len(back) == 1 else (plural(len(back), "batch", "batches"), "wait")
            told = f"The provider had no room for {name}, which {waits} in the queue again."
            self._app.notify(told, severity="warning", markup=False)

    def _take(self, looked: Looked) -> None:
        before, self.doing, self.looked = self.waiting, "", looked
        if self.waiting != before:
            self._app.look_again()

    @property
    def waiting(self) -> int:
        """How many have not gone out, as far as is known."""
        return sum(entry.state is not State.SENT for entry in self.looked.entries) if self.looked else 0


def _told(orders: Sequence[Order]) -> str:
    """How much it is, and for how much."""
    requests = plural(sum(order.report.requests for order in orders), "request")
    known = [order.expected for order in orders if order.expected is not None]
    if len(known) < len(orders):
        return requests
    low = [each.low for each in known if each.low is not None]
    high = [each.high for each in known if each.high is not None]
    whole = replace(
        known[0], low=sum(low) if len(low) == len(known) else None, high=sum(high) if len(high) == len(known) else None
    )
    return f"{requests}, {whole.cost_text}"
