"""A list of the server's, page by page, by hand: the client's own paging can go on for ever.

Every list goes through here: of batches and of files, one page of it or all. Servers differ in how long a page may be,
and refuse what is longer. So each list begins with the longest page that is known to be taken anywhere, and goes on
with the length that this server took.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import Page

# The longest pages at OpenAI, and those of servers that take 1 to 100; None is what the server makes of it by itself.
_COMMON: Final = 100
_LENGTHS: Final = {"batches": (_COMMON, None), "files": (1000, _COMMON, None)}


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The list was not read to its end: `error` is what the next page failed with.

    None where the server says that there is more and its cursor does not move. `read` items have come before.
    """

    what: str
    read: int
    error: WireError | None

    @property
    def final(self) -> bool:
        """Whether the server has no further pages to give: asking it again would bring the same."""
        return self.error is None or (self.error.kind in {Kind.REFUSED, Kind.NOT_FOUND} and not self.error.unclear)

    @property
    def sentence(self) -> str:
        """Why, for people."""
        if self.error is None:
            return "The list may be incomplete: the server says that there is more, and repeats a page."
        return f"The list is incomplete: the page after the first {self.read} {self.what} failed. {self.error.sentence}"


class Pager:
    """One list; `most` is how many items of it are wanted, where that is less than a page."""

    def __init__(self, wire: Wire, what: str, *, purpose: str | None = None, most: int | None = None) -> None:
        self._wire = wire
        self._what = what
        self._purpose = purpose
        self._most = most

    async def page(self, after: str | None = None) -> Page:
        """The page behind the item called `after`, else the first; raises `WireError`.

        A page that is refused is asked for again with a shorter length, from the same place, and that length is kept.
        """
        refusal: WireError | None = None
        for length, purpose in self._ways():
            try:
                page = await self._ask(after, length, purpose)
            except WireError as error:
                # Behind a gateway a refusal can be a 500.
                too_long = error.status == 500 and length is not None and length > _COMMON
                if error.kind is not Kind.REFUSED and not too_long:
                    raise
                refusal = error
                continue
            if length is None or length in _LENGTHS[self._what]:
                self._wire.page_lengths[self._what] = length
            if purpose != self._purpose:
                self._wire.bare_lists.add(self._what)
            return page
        if refusal is None:
            raise AssertionError("there is at least one way to ask")
        raise refusal

    async def pages(self) -> AsyncIterator[Page | Incomplete]:
        """All pages; `Incomplete` is the last where one failed behind the first, or the cursor does not move.

        Raises `WireError` where the first page fails.
        """
        passed: set[str] = set()
        after, read = None, 0
        while True:
            try:
                page = await self.page(after)
            except WireError as error:
                if after is None:
                    raise
                yield Incomplete(self._what, read, error)
                return
            yield page
            read += len(page.items)
            if not page.has_more:
                return
            if not page.items or page.last_id is None or page.last_id in passed:
                yield Incomplete(self._what, read, None)
                return
            after = page.last_id
            passed.add(after)

    def _ways(self) -> Iterator[tuple[int | None, str | None]]:
        """What to ask with, in turn: the length that was taken before, then shorter ones."""
        lengths = _LENGTHS[self._what]
        known = self._wire.page_lengths
        if self._what not in self._wire.bare_lists:
            known_from = lengths.index(known[self._what]) if self._what in known else 0
            wanted = (length and min(length, self._most or length) for length in lengths[known_from:])
            yield from ((length, self._purpose) for length in dict.fromkeys(wanted))
        if self._purpose is not None or self._what in self._wire.bare_lists:
            yield None, None

    async def _ask(self, after: str | None, length: int | None, purpose: str | None) -> Page:
        if self._what == "batches":
            return await self._wire.list_batches(after=after, limit=length)
        return await self._wire.list_files(after=after, limit=length, purpose=purpose)


def batches(wire: Wire, *, most: int | None = None) -> Pager:
    """The list of batches, newest first as a rule."""
    return Pager(wire, "batches", most=most)


def files(wire: Wire, purpose: str | None = None) -> Pager:
    """The list of files, of one purpose alone where the server heeds that."""
    return Pager(wire, "files", purpose=purpose)
