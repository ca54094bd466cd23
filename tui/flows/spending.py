"""What an account has spent this month, for one who does not follow it."""

import asyncio

from tui.batches.budget import Spent, month_start, spent
from tui.flows.costs import Costs
from tui.flows.paging import newest_first
from tui.wire.client import Wire


async def ask_what_was_spent(wire: Wire, costs: Costs, now: float) -> Spent:
    """What the batches of today and of this month cost, the server being asked for all of them.

    `now` is in Unix seconds of the server's clock. Raises `WireError`.
    """
    since, batches = month_start(now), []
    async for batch in newest_first(wire):
        batches.append(batch)
        if batch.created_at is not None and batch.created_at < since:
            break
    await asyncio.to_thread(costs.learn, batches)
    return spent(batches, costs.of, now)
