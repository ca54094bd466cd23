"""A list of the server's, page by page, by hand: the client's own paging can go on for ever."""

from collections.abc import AsyncIterator, Awaitable, Callable

from tui.wire.shapes import Page


async def pages(ask: Callable[[str | None], Awaitable[Page]]) -> AsyncIterator[Page]:
    """The pages that `ask` brings, given the last id of the page before.

    Ends where the cursor does not move, whatever the server says of more to come: where the last page says so
    (`has_more`), the list was not read to its end. Raises what `ask` raises.
    """
    passed: set[str] = set()
    after = None
    while True:
        page = await ask(after)
        yield page
        if not page.has_more or not page.items or page.last_id is None or page.last_id in passed:
            return
        after = page.last_id
        passed.add(after)
