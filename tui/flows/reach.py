"""The account's list of batches, page by page: how far it was followed, and what its server cannot do."""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from tui.wire.client import Wire
from tui.wire.errors import WireError
from tui.wire.shapes import Page, batch_from

HORIZON: Final = 30 * 86400.0  # seconds; older batches are not fetched unless that is asked for
_PAGE = 100
_NO_PARAMETERS: Final = frozenset({400, 422})
_NO_CURSOR: Final = _NO_PARAMETERS | {404}


class Reach(StrEnum):
    """How far the list was followed; the value is why older batches may be missing, empty where none are."""

    GOING = "older ones follow"
    ALL = ""
    HORIZON = "older ones are not asked for"
    STUCK = "the server repeats a page"
    NO_PAGES = "the server has no further pages"


class Listing:
    """Pages taken by hand, newest first, because the client's own paging can go on for ever.

    It ends with the last page, at the `horizon` (seconds), or where the cursor does not move. A list that takes no
    parameters is asked for without any from then on.
    """

    def __init__(self, wire: Wire, horizon: float) -> None:
        self._wire = wire
        self._horizon = horizon
        self._cursor: str | None = None
        self._passed: set[str] = set()
        self._plain = False
        self._turned_away = 0
        self.reach = Reach.GOING
        self.begun = False

    @property
    def more(self) -> bool:
        """Whether there is an older page to ask for."""
        return self._cursor is not None

    async def newest(self) -> Page:
        """The first page."""
        if not self._plain:
            try:
                return await self._wire.list_batches(limit=_PAGE)
            except WireError as error:
                if error.status not in _NO_PARAMETERS:
                    raise
        page = await self._wire.list_batches(limit=None)
        self._plain = True
        return page

    def follow(self, page: Page) -> None:
        """Take the older pages from the end of `page` on, which is the first."""
        self.begun = True
        self._passed.clear()
        self._turn(page)

    async def older(self) -> Page | None:
        """The next older page; None where the server does not take the cursor."""
        try:
            page = await self._wire.list_batches(after=self._cursor, limit=None if self._plain else _PAGE)
        except WireError as error:
            if error.status not in _NO_CURSOR:
                raise
            # The batch that it names may have gone meanwhile: once more from the top, but not for ever.
            self._turned_away += 1
            self._cursor, self.begun = None, self._turned_away > 1
            self.reach = Reach.NO_PAGES if self.begun else Reach.GOING
            return None
        self._turn(page)
        return page

    def _turn(self, page: Page) -> None:
        """Set the cursor behind `page`, or end where it is the last, beyond the horizon or a repetition."""
        oldest = min((at for item in page.items if (at := _created(item)) is not None), default=None)
        # A server may answer a cursor that it does not know, or the last one, with the first page again.
        stuck = page.last_id is None or page.last_id in self._passed or not page.items
        self._passed.add(page.last_id or "")
        if not page.has_more:
            self.reach = Reach.ALL
        elif stuck:
            self.reach = Reach.STUCK
        elif oldest is not None and oldest < time.time() + self._wire.clock_ahead - self._horizon:
            self.reach = Reach.HORIZON
        else:
            self.reach = Reach.GOING
        self._cursor = page.last_id if self.reach is Reach.GOING else None


def _created(item: Mapping[str, Any]) -> int | None:
    batch = batch_from(item)
    return batch.created_at if batch else None
