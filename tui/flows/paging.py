"""The batches of an account, newest first, page by page."""

from collections.abc import AsyncIterator, Callable

from tui.batches.batch import CANCELLABLE, Batch
from tui.flows.pages import pages
from tui.flows.reach import HORIZON
from tui.wire.client import Wire
from tui.wire.errors import WireError
from tui.wire.shapes import Page, batch_from

CUT_SHORT = "The list may be incomplete: the server says that there is more, and repeats a page."
_PAGE = 100


async def newest_first(
    wire: Wire, *, since: float = 0.0, page_size: int = _PAGE, cut_short: Callable[[], None] = lambda: None
) -> AsyncIterator[Batch]:
    """Every batch once, in the server's order, which should be newest first.

    Ends with those made `since` then (Unix seconds of the server's clock), but reads a list that begins with the oldest
    to its end: what it ends with is asked for. Ends as well where the cursor does not move, whatever the server says of
    more to come: then `cut_short` is called.
    """
    seen: set[str] = set()
    before = 0

    async def ask(after: str | None) -> Page:
        try:
            return await wire.list_batches(after=after, limit=page_size)
        except WireError as error:
            # Every account has a list, if an empty one: a server that has none is no server for us.
            error.exit_code = 3
            raise

    more = False
    async for page in pages(ask):
        more = page.has_more
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
    if more:
        cut_short()


async def active(wire: Wire, cut_short: Callable[[], None] = lambda: None) -> list[Batch]:
    """The batches that have not ended, newest first.

    Looks no further back than `HORIZON`: no completion window is as long.
    """
    since = wire.now - HORIZON
    return [batch async for batch in newest_first(wire, since=since, cut_short=cut_short) if batch.status.active]


async def cancellable(wire: Wire, cut_short: Callable[[], None] = lambda: None) -> list[Batch]:
    """Of the active batches those that a cancel would stop."""
    return [batch for batch in await active(wire, cut_short) if batch.status in CANCELLABLE]
