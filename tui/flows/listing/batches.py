"""The batches of an account, newest first, page by page."""

from collections.abc import AsyncIterator, Callable

from tui.batches.batch import CANCELLABLE, Batch
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.client.models import batch_from
from tui.flows.listing.coverage import HORIZON
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import batches as list_of_batches

# Is given why a list was not read to its end.
CutShort = Callable[[Incomplete], None]


async def newest_first(
    wire: Wire, *, since: float = 0.0, most: int | None = None, cut_short: CutShort = lambda _why: None
) -> AsyncIterator[Batch]:
    """Every batch once, in the server's order, which should be newest first; `most` is how many of them are wanted.

    Ends with those made `since` then (Unix seconds of the server's clock), but reads a list that begins with the oldest
    to its end: what it ends with is asked for. Where a page behind the first fails, or the cursor does not move,
    `cut_short` is called at the end. Raises `WireError` where the first page fails.
    """
    seen: set[str] = set()
    before = 0
    try:
        async for page in list_of_batches(wire, most=most).pages():
            if isinstance(page, Incomplete):
                cut_short(page)
                return
            for batch in filter(None, map(batch_from, page.items)):
                # A page may hold a batch twice, too.
                if batch.id in seen:
                    continue
                at = batch.created_at
                if at is not None:
                    if at < since and at < before:
                        return
                    before = at
                seen.add(batch.id)
                yield batch
    except WireError as error:
        # Every account has a list, if an empty one: a server that has none is no server for us.
        error.exit_code = 3
        raise


async def active(wire: Wire, cut_short: CutShort = lambda _why: None) -> list[Batch]:
    """The batches that have not ended, newest first.

    Looks no further back than `HORIZON`: no completion window is as long.
    """
    since = wire.now - HORIZON
    return [batch async for batch in newest_first(wire, since=since, cut_short=cut_short) if batch.status.active]


async def cancellable(wire: Wire, cut_short: CutShort = lambda _why: None) -> list[Batch]:
    """Of the active batches those that a cancel would stop."""
    return [batch for batch in await active(wire, cut_short) if batch.status in CANCELLABLE]
