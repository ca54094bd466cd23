"""What an account has spent this month, for one who does not follow it."""

import asyncio

from tui.batches.spending import Spent, month_start, spent
from tui.client.api import Wire
from tui.flows.costs import Costs
from tui.flows.listing.batches import CutShort, newest_first


async def ask_what_was_spent(wire: Wire, costs: Costs, now: float, cut_short: CutShort) -> Spent:
    """What the batches of today and of this month cost, the server being asked for all of them.

    `now` is in Unix seconds of the server's clock; `cut_short` is called where the server does not list them all.
    Raises `WireError`.
    """
    batches = [batch async for batch in newest_first(wire, since=month_start(now), cut_short=cut_short)]
    await asyncio.to_thread(costs.learn, batches)
    return spent(batches, costs.of, now)
