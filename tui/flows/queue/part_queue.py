"""Where parts wait that do not fit into what is left of their model's limit."""

import asyncio
from dataclasses import replace

from tui.batches.batch import Status
from tui.batches.quota import Amount, Room, family, refusal, refused
from tui.client.errors import WireError
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.queue.add import add, waiting
from tui.flows.queue.plan import Outlook
from tui.flows.submit.steps import Created, Order
from tui.store.queue import Entry, Queue, State

_FRESH = 30.0  # seconds for which what the server told is gone by


class Line:
    """The queue as the parts of one file see it: once one waits, all behind it do."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._outlook = Outlook(session)
        self._sent: set[str] = set()
        self._closed = False

    @property
    def queue(self) -> Queue:
        """Where they wait."""
        return self._session.queue

    async def waits(self, part: Order) -> Entry | None:
        """The entry of `part` where it has to wait, or waits already; None where it may go out.

        The server is asked what is active: at each part while the limit is not known, for an earlier one may have been
        refused meanwhile. Raises `LazybatchError`.
        """
        queue = self._session.queue
        if (there := await self._in_line(part)) is not None:
            self._closed = True
            return there
        if not part.again and await self._is_there(part):
            return None
        self._closed = self._closed or not await self._has_room(part)
        return await asyncio.to_thread(add, part, queue) if self._closed else None

    async def _in_line(self, part: Order) -> Entry | None:
        """The entry of `part` that waits, or that comes back because its batch was refused."""
        if self._outlook.age > _FRESH:
            await self._outlook.ask()
        entry = await asyncio.to_thread(waiting, part, self._session.queue)
        if entry is None or entry.state is not State.SENT:
            return entry
        batch = next((batch for batch in self._outlook.batches if batch.id == entry.batch_id), None)
        return entry if batch is not None and refused(batch) else None

    async def _is_there(self, part: Order) -> bool:
        """Whether an earlier time has come to a batch, or may have: then nothing new is enqueued."""
        failed = {batch.id for batch in self._outlook.batches if batch.status is Status.FAILED}
        earlier = await asyncio.to_thread(self._session.journal.of_content, part.report.sha256)
        return any(found.in_doubt or (found.batch_id is not None and found.batch_id not in failed) for found in earlier)

    async def refused(self, part: Order, error: LazybatchError) -> Entry | None:
        """The entry of `part` where the server refused its create for want of room; None where that was not why."""
        told = refusal(error.code, error.message or "") if isinstance(error, WireError) else None
        if told is None:
            return None
        session, model = self._session, told.model or _model(part)
        if model is not None:
            await asyncio.to_thread(session.learnt.refused, model, told, session.now)
        earlier = await asyncio.to_thread(session.journal.of_content, part.report.sha256)
        uploaded = next((found.file_id for found in earlier if found.file_id), None)
        self._closed = True
        return await asyncio.to_thread(add, replace(part, file_id=uploaded), session.queue)

    async def sent(self, part: Order, made: Created) -> None:
        """`part` has its batch: should that be refused yet, it comes back into the queue."""
        self._sent.add(made.batch.id)
        self._outlook.take_in(made.batch)
        await asyncio.to_thread(
            self._session.queue.add, part.report, part.endpoint, part.metadata, again=part.again,
            expected=part.expected, sent=(made.submission.id, made.batch.id),
        )  # fmt: skip

    async def _has_room(self, part: Order) -> bool:
        model = _model(part)
        if model is None:
            return True
        room, paused = await self._room(model)
        unknown = room.limit.tokens is None and room.limit.requests is None
        if self._outlook.age > _FRESH or unknown:
            await self._outlook.ask()
            room, paused = await self._room(model)
        if paused or any(batch.id in self._sent and refused(batch) for batch in self._outlook.batches):
            return False
        tokens = part.expected.input_tokens if part.expected else None
        return room.fits(Amount(model, tokens, part.report.requests)) is not False

    async def _room(self, model: str) -> tuple[Room, bool]:
        found = await self._session.stock(self._outlook.batches)
        return found.rooms.get(family(model), Room()), family(model) in found.pauses


def _model(part: Order) -> str | None:
    models = list(part.report.models)
    return models[0] if len(models) == 1 else None
