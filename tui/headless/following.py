"""Looking at batches again and again until they have ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from tui.batches.batch import Batch
from tui.headless.printing import tell
from tui.headless.session import retrieved
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from

_PATIENCE = 900.0  # seconds without an answer: a night's watch outlives a break of the line
_LONGEST_WAIT = 60.0
_PASSING = {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.SERVER}
# Up to so many batches are asked for one by one; more of them with the newest page first.
_FEW = 2


async def follow(batch_ids: Iterable[str], wire: Wire, interval: float) -> AsyncIterator[Batch]:
    """Each batch as it is first seen and after every change, until all have ended; `interval` in seconds.

    Raises `WireError` where the first look fails, a batch is not there, or no answer has come for 15 minutes.
    """
    known: dict[str, Batch | None] = dict.fromkeys(batch_ids)
    answered_at = None
    failures = 0
    while open_ones := [key for key, batch in known.items() if batch is None or batch.status.active]:
        try:
            async for batch in _look(open_ones, wire):
                answered_at, failures = time.monotonic(), 0
                if batch != known[batch.id]:
                    known[batch.id] = batch
                    yield batch
        except WireError as error:
            if error.kind not in _PASSING or answered_at is None or time.monotonic() - answered_at > _PATIENCE:
                raise
            failures += 1
            tell(f"{error.sentence} Trying again …")
            await asyncio.sleep(max(min(_LONGEST_WAIT, 2.0**failures), error.retry_after or 0))
            continue
        if any(batch is None or batch.status.active for batch in known.values()):
            await asyncio.sleep(interval)


async def _look(batch_ids: Iterable[str], wire: Wire) -> AsyncIterator[Batch]:
    """Each of `batch_ids` once."""
    left = dict.fromkeys(batch_ids)
    if len(left) > _FEW:
        page = await wire.list_batches()
        for batch in map(batch_from, page.items):
            if batch is not None and batch.id in left:
                del left[batch.id]
                yield batch
    for batch_id in left:
        yield await retrieved(wire, batch_id)
