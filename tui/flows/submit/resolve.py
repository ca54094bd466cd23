"""A create of which no answer came: what the server shows of it."""

import asyncio
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import replace
from typing import Final

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.errors import LazybatchError
from tui.flows.submit.abandon import never_told
from tui.flows.submit.find import Doubtful, Undecided, find_batch
from tui.flows.submit.steps import Created, Looking, Unknowable, passing
from tui.store.journal import Journal, Stage, Submission

_MORE: Final = 3  # looks after a last one that was not answered
_TICK: Final = 1.0  # seconds between two steps of a wait


class BatchSearch:
    """Several looks for a submission's batch, with what they found in `batch` once `steps` are over.

    A look that gets no answer tells nothing, and ends nothing: the wait goes on, and where the last look is such a one
    among others that were answered, a few more follow.
    """

    batch: Batch | None = None

    def __init__(
        self, submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float], *, enough: int | None = None
    ) -> None:
        """`looks` are the seconds before each; `enough` answers that show no batch end them early."""
        self._submission = submission
        self._wire = wire
        self._journal = journal
        self._waits = looks
        self._enough = enough
        self._answers = 0
        self._missing = 0  # answers in a row that there is no such list
        self._error: WireError | None = None

    async def steps(self) -> AsyncIterator[Looking]:
        """What is being asked, before each look and while it waits.

        Raises `LazybatchError` where the last look got no answer, `Unknowable` where none can be had.
        """
        waits, more = list(self._waits), list(self._waits[:_MORE])
        place = 0
        while place < len(waits):
            async for step in self._wait(waits, place):
                yield step
            place += 1
            last = place >= len(waits)
            try:
                self.batch = await find_batch(self._submission, self._wire, self._journal)
            except WireError as error:
                self._error = error
                self._missing = self._missing + 1 if error.kind is Kind.NOT_FOUND else 0
                given_up = last and (not more or not self._answers or isinstance(error, Undecided))
                if await self._hopeless(error, last=last) or given_up:
                    raise not_known(error) from None
                if last:
                    waits.append(more.pop(0))
                continue
            self._error, self._missing = None, 0
            self._answers += 1
            if self.batch is not None or self._answers == self._enough:
                return

    async def _wait(self, waits: Sequence[float], place: int) -> AsyncIterator[Looking]:
        left, fresh = waits[place], True
        of = min(len(waits), max(self._enough or len(waits), place + 1))
        after = sum(waits[place + 1 : of])
        while True:
            yield Looking(place + 1, of, left + after, fresh, self._enough is not None, self._error)
            fresh = False
            if left <= 0:
                return
            await asyncio.sleep(min(_TICK, left))
            left -= _TICK

    async def _hopeless(self, error: WireError, *, last: bool) -> bool:
        """Whether no later look will fare better; raises `Unknowable` where that is because none can tell."""
        if error.kind is Kind.NOT_FOUND:
            # One may be a gateway's; where looks were answered before, there is a list.
            untold = not self._answers and (last or self._missing > 1)
        else:
            untold = last and never_told(error)
        if untold:
            raise _unknowable(error, await asyncio.to_thread(self._journal.by_batch)) from None
        return not never_told(error) and not passing(error) and error.kind is not Kind.NOT_AN_API


def not_known(error: LazybatchError) -> LazybatchError:
    """What is told where the server did not answer when it was asked what came of a create."""
    return LazybatchError(
        f"It is not known whether the batch was created: {error.sentence} "
        "Nothing more is sent before the server has been asked; submit the same file to ask it.",
        3,
    )


def _unknowable(error: WireError, ours: Container[str]) -> Unknowable:
    """What is told; batches in `ours` are known to be of other submissions."""
    known = f"It is not known whether the batch was created: {error.sentence}"
    candidates = [batch for batch in error.candidates if batch.id not in ours] if isinstance(error, Doubtful) else []
    if not candidates:
        return Unknowable(
            f"{known} The provider cannot be asked. Look elsewhere whether it runs: submitted again it may be paid for "
            "twice."
        )
    several = len(candidates) > 1
    told = "One of these may be it" if several else "This one may be it"
    return Unknowable(f"{known} {told}; if not, submitted again it is paid for once.", candidates)


async def created(submission: Submission, batch: Batch, journal: Journal, *, adopted: bool) -> Created:
    """Note the batch that a submission has come to."""
    await asyncio.to_thread(journal.advance, submission.id, Stage.CREATED, batch_id=batch.id)
    return Created(batch, replace(submission, stage=Stage.CREATED, batch_id=batch.id), adopted)
