"""One way to read every list: the length of a page that the server takes, and a list that breaks off."""

import json
from typing import Any

import pytest

from tests.conftest import OddServer, http
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import Page
from tui.flows.listing.pager import Incomplete, batches, files


class Lister:
    """A server with 250 items in each list, which refuses what it does not take."""

    def __init__(self, odd: OddServer, *, most: int | None, fails_at: int = 10_000, refusal: str = "400 No") -> None:
        """`most` is the longest page, None where no parameter is taken; a page from item `fails_at` on fails."""
        self.queries: list[dict[str, str]] = []
        self._most, self._fails_at, self._refusal = most, fails_at, refusal
        odd.answers = [self._answer]

    def _answer(self, head: str) -> bytes:
        query = dict(pair.split("=") for pair in head.split()[1].partition("?")[2].split("&") if pair)
        self.queries.append(query)
        start = int(query.get("after", "item-0").removeprefix("item-"))
        if self._most is None:
            return _page(0, 250, more=False) if not query else http('{"error": "unknown parameter"}', self._refusal)
        limit = int(query.get("limit", 20))
        if not 1 <= limit <= self._most:
            return http('{"error": {"message": "limit must be 1 to 100"}}', self._refusal)
        if start >= self._fails_at:
            return http('{"error": "no cursor"}', "500 Oops")
        return _page(start, min(250, start + limit), more=start + limit < 250)


def _page(start: int, stop: int, *, more: bool) -> bytes:
    items = [{"id": f"item-{number + 1}"} for number in range(start, stop)]
    return http(json.dumps({"data": items, "has_more": more, "last_id": items[-1]["id"]}))


async def read(pager: Any) -> tuple[int, Incomplete | None]:
    number, incomplete = 0, None
    async for page in pager.pages():
        if isinstance(page, Page):
            number += len(page.items)
        else:
            incomplete = page
    return number, incomplete


@pytest.mark.parametrize("refusal", ["400 No", "422 No", "500 Oops"])
async def test_a_length_that_is_refused_is_made_shorter_once(odd: OddServer, odd_wire: Wire, refusal: str) -> None:
    lister = Lister(odd, most=100, refusal=refusal)
    assert await read(files(odd_wire, "batch")) == (250, None)
    assert [query["limit"] for query in lister.queries] == ["1000", "100", "100", "100"]
    # Of the same list it is known from now on, whoever asks; the purpose is kept.
    assert await read(files(odd_wire)) == (250, None)
    assert [query["limit"] for query in lister.queries[4:]] == ["100", "100", "100"]
    assert [query.get("purpose") for query in lister.queries] == ["batch"] * 4 + [None] * 3


async def test_a_list_that_takes_no_parameters(odd: OddServer, odd_wire: Wire) -> None:
    lister = Lister(odd, most=None)
    assert await read(files(odd_wire, "batch")) == (250, None)
    assert await read(batches(odd_wire)) == (250, None)
    assert lister.queries[-1] == {}


@pytest.mark.parametrize("make", [batches, files])
async def test_a_later_page_that_fails_leaves_what_was_read(odd: OddServer, odd_wire: Wire, make: Any) -> None:
    Lister(odd, most=100, fails_at=100)
    number, incomplete = await read(make(odd_wire))
    assert number == 100
    assert incomplete is not None
    assert (incomplete.read, incomplete.error and incomplete.error.kind) == (100, Kind.SERVER)
    assert "the first 100" in incomplete.sentence


async def test_a_first_page_that_fails_is_an_error(odd: OddServer, odd_wire: Wire) -> None:
    Lister(odd, most=100, fails_at=0)
    with pytest.raises(WireError):
        await read(batches(odd_wire))


async def test_a_cursor_that_does_not_move_ends_it(odd: OddServer, odd_wire: Wire) -> None:
    odd.answers = [_page(0, 20, more=True)]
    number, incomplete = await read(batches(odd_wire))
    assert number == 40
    assert incomplete is not None
    assert incomplete.error is None
