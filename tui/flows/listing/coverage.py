"""The account's list of batches, page by page: how far it was followed, and what its server cannot do."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import Page, batch_from
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import batches as list_of_batches

# Seconds; older batches are not fetched unless that is asked for. The 30 days that are promised, and what makes them
# the longest month with a day to spare: its sum would lack its first day.
HORIZON: Final = 32 * 86400.0
_PAGE = 100
# Of these it is told that the server is not reached; another failure of an older page is the list's alone.
_OF_THE_SERVER: Final = frozenset({Kind.RATE_LIMITED, Kind.UNAUTHORIZED})
# Rounds after which a list that did not go on is followed anew, doubled each time: it may have been a passing fault.
_FIRST_PAUSE: Final = 8
_LONGEST_PAUSE: Final = 128


class Reach(StrEnum):
    """How far the list was followed; the value is why older batches may be missing, empty where none are."""

    GOING = "older ones follow"
    ALL = ""
    HORIZON = "older ones are not asked for"
    STUCK = "the server repeats a page"
    NO_PAGES = "the server has no further pages"
    FAILING = "the server fails at an older page"


class Listing:
    """Pages taken by hand, newest first, because the client's own paging can go on for ever.

    It ends with the last page, at the `horizon` (seconds), or where the cursor does not move; then it is tried again
    after a while, as a page is that fails.
    """

    def __init__(self, wire: Wire, horizon: float) -> None:
        self._wire = wire
        self._list = list_of_batches(wire, most=_PAGE)
        self._horizon = horizon
        self._cursor: str | None = None
        self._passed: set[str] = set()
        self._pause = _FIRST_PAUSE
        self._rounds_left: int | None = None
        self._failures = 0
        self._skipped = 0  # rounds in which a page that failed is not asked for yet
        self._whole = False
        self._met: list[tuple[str, int | None]] = []
        self.reach = Reach.GOING
        self.begun = False

    @property
    def followed(self) -> bool:
        """Whether there is an older page, be it asked for now or later."""
        return self._cursor is not None

    @property
    def more(self) -> bool:
        """Whether there is an older page to ask for now."""
        return self.followed and not self._skipped

    async def newest(self) -> Page:
        """The first page; once a round."""
        if self._rounds_left is not None:
            self._rounds_left -= 1
            self.begun = self._rounds_left > 0
        self._skipped = max(0, self._skipped - 1)
        return await self._list.page()

    def follow(self, page: Page) -> None:
        """Take the older pages from the end of `page` on, which is the first."""
        self.begun, self._rounds_left = True, None
        self._failures = self._skipped = 0
        self._passed.clear()
        self._met.clear()
        self._whole = True
        self._turn(page)

    async def older(self) -> Page | None:
        """The next older page; None where it fails, or the server does not take the cursor.

        Raises a `WireError` that is not of this page alone.
        """
        try:
            page = await self._list.page(self._cursor)
        except WireError as error:
            if error.kind in _OF_THE_SERVER:
                raise
            if Incomplete("batches", 0, error).final:
                # The batch that it names may have gone meanwhile.
                self._end(Reach.NO_PAGES)
            else:
                self._failures += 1
                self.reach, self._skipped = Reach.FAILING, min(2**self._failures, _LONGEST_PAUSE)
            return None
        self._failures = 0
        self._turn(page)
        return page

    def unlisted(self, batches: Iterable[Batch]) -> list[Batch]:
        """Those of `batches` that the list lacks, newest first, where it was followed past them; taken once a list."""
        if self.followed or not self._whole:
            return []
        self._whole = False
        ids, times = {key for key, _ in self._met}, [at for _, at in self._met]
        found = [batch for batch in batches if batch.id not in ids]
        if self.reach is not Reach.ALL:
            known = [at for at in times if at is not None]
            if len(known) < len(times) or known != sorted(known, reverse=True):
                return []
            found = [batch for batch in found if known and (batch.created_at or 0) > known[-1]]
        return sorted(found, key=lambda batch: batch.created_at or 0, reverse=True)

    def _turn(self, page: Page) -> None:
        """Set the cursor behind `page`, or end where it is the last, beyond the horizon or a repetition."""
        oldest = min((at for item in page.items if (at := _created(item)) is not None), default=None)
        # A server may answer a cursor that it does not know, or the last one, with the first page again.
        stuck = page.last_id is None or page.last_id in self._passed or not page.items
        self._passed.add(page.last_id or "")
        self._met.extend((str(item["id"]), _created(item)) for item in page.items)
        # An item that cannot be read may be the very batch; an end that nobody told of may be none.
        self._whole = self._whole and not page.unread and (page.has_more or page.ended)
        if not page.has_more:
            self._end(Reach.ALL)
        elif stuck:
            self._end(Reach.STUCK)
        elif oldest is not None and oldest < self._wire.now - self._horizon:
            self._end(Reach.HORIZON)
        else:
            self.reach, self._cursor = Reach.GOING, page.last_id

    def _end(self, reach: Reach) -> None:
        self.reach, self._cursor = reach, None
        self._whole = self._whole and reach in {Reach.ALL, Reach.HORIZON}
        if reach in {Reach.STUCK, Reach.NO_PAGES}:
            self._rounds_left, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        else:
            self._pause = _FIRST_PAUSE


def _created(item: Mapping[str, Any]) -> int | None:
    batch = batch_from(item)
    return batch.created_at if batch else None
