"""Batches that their server no longer knows: marked, kept, asked for no more, and back as soon as they are listed."""

import time
from contextlib import aclosing

import pytest

from tests.conftest import OddServer
from tests.flows.test_monitor import next_step, rounds
from tests.list_of_batches import Batches, batch
from tui.batches.book import Book
from tui.client.api import Wire
from tui.client.models import batch_from
from tui.flows import monitor as rooms
from tui.flows.monitor import Monitor, Seen
from tui.store.cache import Cache

NOW = int(time.time())
OLD, MIDDLE, NEW = batch("old", NOW - 300), batch("middle", NOW - 200), batch("new", NOW - 100)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ACTIVE_INTERVAL", 0.05)
    monkeypatch.setattr(rooms, "RESTING_INTERVAL", 0.05)


def remembered(cache: Cache, *items: dict[str, object]) -> Book:
    """A book as it is at a start, with `items` from the time before."""
    rows = [(str(item["id"]), NOW, item) for item in items]
    cache.save(rows, time.time())
    book = Book()
    book.apply(found for item in items if (found := batch_from(item)) is not None)
    return book


async def follow(monitor: Monitor, number: int) -> None:
    async with aclosing(rounds(monitor)) as steps:
        for _ in range(number):
            monitor.refresh()
            assert isinstance(await next_step(steps), Seen)


def gone(book: Book) -> set[str]:
    return {batch.id for batch in book if batch.gone}


async def test_an_active_batch_that_is_not_known_several_times(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    server = Batches(NEW)
    odd.answers = [server]
    running = batch("lost", NOW - 50, "in_progress")
    book = remembered(cache, running, NEW)
    monitor = Monitor(odd_wire, book, cache)
    await follow(monitor, 20)
    assert gone(book) == cache.gone() == {"lost"}
    assert not book.active()
    # It is asked for no more.
    assert server.retrieved == ["lost"] * 3
    assert cache.answer("lost") == running
    # Listed again, it is back.
    server.known["lost"] = running
    await follow(monitor, 3)
    assert gone(book) == cache.gone() == set()
    assert [one.id for one in book.active()] == ["lost"]


async def test_once_is_not_several_times(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    running = batch("lost", NOW - 50, "in_progress")
    server = Batches(NEW)
    odd.answers = [server]
    book = remembered(cache, running, NEW)
    async with aclosing(rounds(Monitor(odd_wire, book, cache))) as steps:
        while not server.retrieved:
            await next_step(steps)
        server.known["lost"] = running
        for _ in range(8):
            await next_step(steps)
    assert not gone(book)


async def test_ended_ones_that_are_no_longer_listed(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    server = Batches(OLD, NEW, page=1)
    odd.answers = [server]
    book = remembered(cache, OLD, MIDDLE, NEW)
    await follow(Monitor(odd_wire, book, cache), 8)
    assert gone(book) == cache.gone() == {"middle"}
    assert server.retrieved == ["middle"]


async def test_a_server_that_lost_everything(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    odd.answers = [server := Batches()]
    book = remembered(cache, OLD, MIDDLE, NEW)
    await follow(Monitor(odd_wire, book, cache), 4)
    assert gone(book) == cache.gone() == {"old", "middle", "new"}
    assert server.retrieved == ["new"]


async def test_only_where_the_list_was_read_past_them(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    """The list ends at the horizon, before the oldest."""
    oldest = batch("oldest", NOW - 9 * 86400)
    odd.answers = [Batches(NEW, OLD, batch("far", NOW - 5 * 86400), batch("further", NOW - 6 * 86400), page=1)]
    book = remembered(cache, oldest, MIDDLE, NEW)
    await follow(Monitor(odd_wire, book, cache, horizon=2 * 86400), 8)
    assert gone(book) == {"middle"}


async def test_an_end_that_nobody_told_of_is_none(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    server = Batches(NEW)
    server.end = {}
    odd.answers = [server]
    book = remembered(cache, OLD, NEW)
    await follow(Monitor(odd_wire, book, cache), 5)
    assert not gone(book) and not server.retrieved


async def test_what_is_known_singly_is_not_gone(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    """A list may leave out what was archived, say."""

    class Hiding(Batches):
        def _list(self, items: list[dict[str, object]]) -> bytes:
            return super()._list([item for item in items if item["id"] != "old"])

    odd.answers = [server := Hiding(OLD, NEW)]
    book = remembered(cache, OLD, NEW)
    await follow(Monitor(odd_wire, book, cache), 5)
    assert not gone(book)
    assert server.retrieved == ["old"]
