"""The queue held against what the server has: whose turn it is, and why the others wait."""

import asyncio
import time

from tui.batches.batch import Batch
from tui.batches.queue_order import turns
from tui.batches.quota import family
from tui.flows.account import Session
from tui.flows.listing.batches import newest_first
from tui.flows.listing.coverage import HORIZON
from tui.flows.listing.pager import Incomplete
from tui.flows.queue.steps import Looked
from tui.store.queue import Entry, State

_LATELY = 86400.0  # seconds


class Outlook:
    """What is known of an account's batches for the sake of its queue; `ask` before `plan`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._since = 0.0
        self._asked_at = 0.0
        self.batches: list[Batch] = []

    @property
    def age(self) -> float:
        """Seconds since the server was asked."""
        return time.monotonic() - self._asked_at

    def take_in(self, batch: Batch) -> None:
        """A batch that has just been made."""
        self.batches = [batch, *(other for other in self.batches if other.id != batch.id)]

    async def ask(self) -> None:
        """Learn all batches that may be active, and those that ended since the oldest of them was made."""
        since = self._since or self._session.now - HORIZON
        found = [batch async for batch in newest_first(self._session.wire, since=since, cut_short=_need_it_all)]
        self.batches, self._asked_at = found, time.monotonic()
        active = [batch.created_at for batch in found if batch.status.active and batch.created_at is not None]
        self._since = min(active, default=self._session.now - _LATELY)

    async def plan(self, *, idle: bool = False) -> Looked:
        """The queue as it stands now; the room also where nothing is to be done, if `idle`."""
        session = self._session
        entries = await asyncio.to_thread(session.queue.entries)
        if not idle and not any(map(moves, entries)):
            return Looked(tuple(entries), {}, {}, session.now, told=False)
        # Of what is being sent it may not be known yet whether it takes room: it is kept free.
        going = [entry.amount for entry in entries if entry.state is State.SENDING]
        found = await session.stock(self.batches, going)
        waiting = [(entry.id, entry.amount) for entry in entries if entry.state is State.WAITING]
        verdicts = turns(waiting, found.rooms, found.pauses, map(family, filter(None, map(_unproved, entries))))
        return Looked(tuple(entries), verdicts, found.rooms, session.now)


def _need_it_all(why: Incomplete) -> None:
    """Raise where the rest may be had later: until then it is not known how much room there is."""
    if why.error is not None and not why.final:
        raise why.error


async def look(session: Session) -> Looked:
    """The queue as it stands and the room by the server's word, with nothing sent."""
    outlook = Outlook(session)
    await outlook.ask()
    return await outlook.plan(idle=True)


async def looked_offline(session: Session) -> Looked:
    """The queue alone, where the server cannot tell of the room."""
    entries = await asyncio.to_thread(session.queue.entries)
    return Looked(tuple(entries), {}, {}, session.now, told=False)


def moves(entry: Entry) -> bool:
    """Whether something is to be done about it."""
    return entry.state in {State.WAITING, State.SENDING} or _unproved(entry) is not None


def _unproved(entry: Entry) -> str | None:
    """The model of an entry that was sent, and that the provider has not taken in yet."""
    sent = entry.state is State.SENDING or (entry.state is State.SENT and not entry.settled)
    return (entry.model or "") if sent else None
