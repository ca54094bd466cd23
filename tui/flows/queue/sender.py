"""What waits in the queue goes out by itself as room frees, each entry exactly once.

An entry names the submission that it is sent as before the journal knows of it. Whatever becomes of this process, the
next one finds in the journal, and where that leaves it open on the server, what has come of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from pathlib import Path

from tui.batches.batch import GROUP_KEY, Status
from tui.batches.quota import refusal, refused
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.monitor import Offline, back_off
from tui.flows.queue.leader import sole_sender
from tui.flows.queue.plan import Outlook, moves
from tui.flows.queue.steps import CameBack, Going, QueueStep, Stopped, Went
from tui.flows.submit.abandon import never_told
from tui.flows.submit.find import Undecided, find_batch
from tui.flows.submit.parts import came_to
from tui.flows.submit.steps import LOOKS, Already, Created, Order, OtherwiseSubmitted, Unknowable, passing
from tui.flows.submit.submit import submit
from tui.flows.submit.unchanged import is_still
from tui.requests.validate import Identity
from tui.store.journal import Busy, Stage, Submission, new_id
from tui.store.queue import Entry, State

INTERVAL = 10.0  # seconds between two looks while something waits
_FRESH = 30.0  # seconds; after a longer upload the server is asked again before more is sent
_KEPT = 86400.0  # seconds for which what was sent stays in the list
_REFUSED = "The provider had no room for it; it is sent again."
_WHOLE = "The whole file was submitted meanwhile, {}: remove this, or it is paid for twice."
_UNKNOWN = "Whether it came to a batch is not known: {} Look elsewhere whether it runs before you add it again."


class Sender:
    """Sends what waits in the queue of one account. `wake` ends the wait between two looks."""

    def __init__(self, session: Session, looks: tuple[float, ...] = tuple(LOOKS)) -> None:
        self._session = session
        self._queue = session.queue
        self._journal = session.journal
        self._looks = looks
        self._woken = asyncio.Event()
        self._outlook = Outlook(session)

    def wake(self) -> None:
        """Look now: the queue has changed."""
        self._woken.set()

    async def run(self, who: str, *, interval: float = INTERVAL, once: bool = False) -> AsyncIterator[QueueStep]:
        """Send what may go out, for ever or, `once`, as much as goes now.

        A server that is not reached is tried again. Raises `AtWork` where another process is at it, `LazybatchError`
        where the state cannot be used, or the server refuses the key.
        """
        async with sole_sender(self._session.folder, self._session.profile.account, who):
            failures = 0
            while True:
                self._woken.clear()
                wait = interval
                if not self._session.paused:
                    try:
                        async for step in self._pass():
                            yield step
                        failures = 0
                    except WireError as error:
                        if once or not passing(error):
                            raise
                        failures += 1
                        wait = back_off(failures, error)
                        yield Offline(error, wait)
                if once:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), wait)

    async def _pass(self) -> AsyncIterator[QueueStep]:
        await asyncio.to_thread(self._queue.forget_sent, time.time() - _KEPT)
        for entry in await asyncio.to_thread(self._queue.entries):
            if (step := await self._put_in_order(entry)) is not None:
                yield step
        if any(map(moves, await asyncio.to_thread(self._queue.entries))):
            await self._outlook.ask()
            for entry in await asyncio.to_thread(self._queue.entries):
                if entry.state is State.SENT and not entry.settled and (back := await self._settled(entry)):
                    yield back
        tried = set[int]()
        while True:
            looked = await self._outlook.plan()
            due = next((entry for entry in looked.entries if looked.turn(entry) and entry.id not in tried), None)
            if due is None:
                yield looked
                return
            tried.add(due.id)
            async for sent in self._send(due):
                yield sent
            if self._outlook.age > _FRESH:
                await self._outlook.ask()

    async def _settled(self, entry: Entry) -> CameBack | None:
        """Take in what became of a batch that was sent: refused, its entry waits again."""
        batch = next((batch for batch in self._outlook.batches if batch.id == entry.batch_id), None)
        if batch is None:
            try:
                batch = batch_from(await self._session.wire.retrieve_batch(entry.batch_id or ""))
            except WireError as error:
                if error.kind is not Kind.NOT_FOUND:
                    raise
        if batch is not None and batch.status is Status.VALIDATING:
            return None
        if batch is not None and refused(batch) is not None:
            await asyncio.to_thread(self._queue.wait_again, entry.id, batch.input_file_id, _REFUSED)
            return CameBack(await self._again(entry))
        await asyncio.to_thread(self._queue.settle, entry.id)
        return None

    # One entry

    async def _put_in_order(self, entry: Entry) -> QueueStep | None:
        """What an earlier process left half-done, and files that are gone or have come back."""
        if entry.state is State.SENDING:
            return await self._found_out(entry)
        if entry.state is State.WAITING and entry.file_id is None and not await asyncio.to_thread(entry.path.exists):
            return await self._held(entry, _gone(entry.path))
        if entry.reason == _gone(entry.path) and await asyncio.to_thread(entry.path.exists):
            await asyncio.to_thread(self._queue.wait_again, entry.id, None)
        return None

    async def _found_out(self, entry: Entry) -> QueueStep | None:
        """Bring an entry in line with its submission, whose batch the server is asked for where that is open."""
        found = await asyncio.to_thread(self._journal.find, entry.submission_id or "")
        if found is not None and found.in_doubt:
            try:
                found = await self._looked_for(found)
            except (Busy, Undecided):
                # Another process finds out, or the server has yet to: the others need not wait for that.
                return None
            except WireError as error:
                if never_told(error):
                    return await self._held(entry, _UNKNOWN.format(error.sentence))
                raise
        if found is None or found.open:
            # A submission that is open is taken up when its turn comes.
            await asyncio.to_thread(self._queue.wait_again, entry.id, None)
            return None
        if found.batch_id is not None and found.stage is Stage.CREATED:
            await asyncio.to_thread(self._queue.sent, entry.id, found.batch_id)
            return Went(await self._again(entry))
        if refusal(None, found.reason or ""):
            await asyncio.to_thread(self._queue.wait_again, entry.id, found.file_id, _REFUSED)
            return CameBack(await self._again(entry))
        return await self._held(entry, found.reason or "It could not be submitted.")

    async def _looked_for(self, submission: Submission) -> Submission | None:
        with self._journal.claim(submission.sha256):
            batch = await find_batch(submission, self._session.wire, self._journal)
            if batch is not None:
                await asyncio.to_thread(self._journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
        return await asyncio.to_thread(self._journal.find, submission.id)

    async def _send(self, entry: Entry) -> AsyncIterator[QueueStep]:
        if entry.file_id is None and (found := await asyncio.to_thread(_identity, entry)) != entry.identity:
            if found is None:
                yield await self._held(entry, _changed(entry.path))
                return
            await asyncio.to_thread(self._queue.renew, entry.id, found)
            entry = await self._again(entry)
        group = entry.metadata.get(GROUP_KEY)
        try:
            with nullcontext() if group is None else self._journal.claim_source(group):
                async for step in self._sent(entry, group):
                    yield step
        except Busy:
            # The whole file is just being submitted: what becomes of it decides.
            return

    async def _sent(self, entry: Entry, group: str | None) -> AsyncIterator[QueueStep]:
        """Submit `entry`, while nobody submits the whole file that it may be a part of."""
        if group is not None and not entry.again and (known := await self._uncut(group)) is not None:
            yield await self._held(entry, _WHOLE.format(known))
            return
        earlier = await asyncio.to_thread(self._journal.of_content, entry.sha256)
        open_one = next((found for found in earlier if found.open), None)
        identity = open_one.id if open_one else new_id()
        if not await asyncio.to_thread(self._queue.begin, entry.id, identity):
            # Its user was faster, and has taken it out.
            return
        entry = await self._again(entry)
        order = Order(
            entry.report, entry.endpoint, entry.metadata, entry.again and open_one is None, entry.expected,
            entry.file_id, identity,
        )  # fmt: skip
        try:
            async for step in submit(order, wire=self._session.wire, journal=self._journal, looks=self._looks):
                yield Going(entry, step)
                if isinstance(step, Created | Already):
                    yield await self._went(entry, step)
        except LazybatchError as error:
            if (told := await self._failed(entry, error)) is not None:
                yield told

    async def _uncut(self, group: str) -> str | None:
        """What the whole file came to that a part was cut from, if it went out while the part was waiting."""
        return await came_to(await asyncio.to_thread(self._journal.uncut, group), self._session.wire)

    async def _went(self, entry: Entry, step: Created | Already) -> Went:
        there = isinstance(step, Already)
        reason = "It was submitted before; nothing was sent." if there else None
        await asyncio.to_thread(self._queue.sent, entry.id, step.batch.id, settled=there, reason=reason)
        self._outlook.take_in(step.batch)
        return Went(await self._again(entry), step.batch)

    async def _failed(self, entry: Entry, error: LazybatchError) -> QueueStep | None:
        """What becomes of an entry that could not be sent; raises where no other could be, either."""
        if isinstance(error, Unknowable):
            return await self._held(entry, _UNKNOWN.format(error.sentence))
        if isinstance(error, OtherwiseSubmitted):
            return await self._held(entry, error.sentence)
        if isinstance(error, WireError) and (told := refusal(error.code, error.message or "")) is not None:
            model = told.model or entry.model
            if model is not None:
                await asyncio.to_thread(self._session.learnt.refused, model, told, self._session.now)
            found = await asyncio.to_thread(self._journal.find, entry.submission_id or "")
            await asyncio.to_thread(self._queue.wait_again, entry.id, found.file_id if found else None, _REFUSED)
            return CameBack(await self._again(entry))
        if isinstance(error, WireError) and error.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN}:
            # The key is at fault, and not the entry.
            await asyncio.to_thread(self._queue.wait_again, entry.id, None)
            raise error
        if isinstance(error, WireError) and passing(error):
            # What its submission came to is found out at the next look.
            raise error
        return await self._found_out(entry)

    async def _held(self, entry: Entry, reason: str) -> Stopped:
        await asyncio.to_thread(self._queue.hold, entry.id, reason)
        return Stopped(await self._again(entry))

    async def _again(self, entry: Entry) -> Entry:
        """The entry as it is now; as it was, if its user has taken it out."""
        return await asyncio.to_thread(self._queue.find, entry.id) or entry


def _identity(entry: Entry) -> Identity | None:
    """That of the entry's file; None where it is gone or has another content."""
    try:
        now = Identity.of(entry.path.stat())
    except OSError:
        return None
    return now if now == entry.identity or is_still(entry.path, entry.bytes, entry.sha256) else None


def _gone(path: Path) -> str:
    return f"{path} is no longer there: bring it back, or remove this."


def _changed(path: Path) -> str:
    return f"{path} has another content than when it was queued: remove this and add the file again."
