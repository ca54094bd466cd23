"""The batches of an account, newest first, page by page."""

import time
from collections.abc import AsyncIterator

from tui.batches.batch import CANCELLABLE, Batch
from tui.flows.monitor import HORIZON
from tui.wire.client import Wire
from tui.wire.errors import WireError
from tui.wire.shapes import batch_from

_PAGE = 100


async def newest_first(wire: Wire, *, page_size: int = _PAGE) -> AsyncIterator[Batch]:
    """Every batch once, in the server's order.

    Ends where the cursor does not move or a page brings nothing new, whatever the server says of more to come.
    """
    seen: set[str] = set()
    after = None
    while True:
        try:
            page = await wire.list_batches(after=after, limit=page_size)
        except WireError as error:
            # Every account has a list, if an empty one: a server that has none is no server for us.
            error.exit_code = 3
            raise
        fresh = [batch for batch in map(batch_from, page.items) if batch is not None and batch.id not in seen]
        for batch in fresh:
            # A page may hold a batch twice, too.
            if batch.id not in seen:
                seen.add(batch.id)
                yield batch
        if not fresh or not page.has_more or page.last_id in {None, after}:
            return
        after = page.last_id


async def active(wire: Wire) -> list[Batch]:
    """The batches that have not ended, newest first.

    Looks no further back than 30 days: no completion window is as long.
    """
    found = []
    async for batch in newest_first(wire):
        if batch.created_at is not None and batch.created_at < time.time() + wire.clock_ahead - HORIZON:
            break
        if batch.status.active:
            found.append(batch)
    return found


async def cancellable(wire: Wire) -> list[Batch]:
    """Of the active batches those that a cancel would stop."""
    return [batch for batch in await active(wire) if batch.status in CANCELLABLE]
