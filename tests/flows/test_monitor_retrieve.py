"""Active batches that the list shows are retrieved too: now and then, and when their user asks for one."""

import time
from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OddServer, http
from tests.flows.test_monitor import rounds
from tests.flows.test_monitor_gone import follow
from tests.list_of_batches import Batches, batch
from tests.ui.desk import desk
from tui.batches.batch import Batch, Counts, Status
from tui.batches.book import Book
from tui.client.api import Wire
from tui.flows import monitor as rooms
from tui.flows import retrieval
from tui.flows.monitor import Monitor
from tui.flows.retrieval import Retrieved
from tui.store.cache import Cache

NOW = int(time.time())
RUNNING = [batch(f"running-{number}", NOW - 100 + number, "in_progress") for number in range(5)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds follow each other at once, and each batch is due at once."""
    monkeypatch.setattr(rooms, "ACTIVE_INTERVAL", 0.05)
    monkeypatch.setattr(rooms, "RESTING_INTERVAL", 0.05)
    monkeypatch.setattr(retrieval, "EACH_AFTER", 0.0)
    monkeypatch.setattr(retrieval, "APART", 0.0)


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch is due while a test lasts."""
    monkeypatch.setattr(retrieval, "EACH_AFTER", 3600.0)


class Lazy(Batches):
    """Moves a batch only when it is retrieved; with `lag` its list never tells of that."""

    def __init__(self, *batches: dict[str, Any], lag: bool = False) -> None:
        super().__init__(*batches)
        self.listed = {key: dict(one) for key, one in self.known.items()} if lag else None

    def __call__(self, head: str) -> bytes:
        key = head.split()[1].rpartition("/")[2]
        if key in self.known:
            self.known[key] |= {"status": "completed", "request_counts": {"total": 10, "completed": 10, "failed": 0}}
        return super().__call__(head)

    def _list(self, items: list[dict[str, Any]]) -> bytes:
        return super()._list([one if self.listed is None else self.listed[one["id"]] for one in items])


def status_of(book: Book, key: str) -> Status | None:
    found = book.get(key)
    return None if found is None else found.status


async def test_a_server_that_moves_a_batch_only_when_it_is_retrieved(odd: OddServer, odd_wire: Wire) -> None:
    odd.answers = [server := Lazy(*(dict(one) for one in RUNNING))]
    book = Book()
    await follow(Monitor(odd_wire, book), 20)
    assert {one.status for one in book} == {Status.COMPLETED}
    # Each once: one that has ended is asked for no more.
    assert sorted(server.retrieved) == [str(one["id"]) for one in RUNNING]


async def test_a_list_that_lags_behind(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    odd.answers = [server := Lazy(dict(RUNNING[0]), lag=True)]
    book = Book()
    monitor = Monitor(odd_wire, book, cache)
    moves = []
    async with aclosing(rounds(monitor)) as steps:
        while status_of(book, "running-0") is not Status.COMPLETED:
            await anext(steps)
        for _ in range(6):
            monitor.refresh()
            await anext(steps)
            moves.append(status_of(book, "running-0"))
        assert set(moves) == {Status.COMPLETED}
        assert (cache.answer("running-0") or {})["request_counts"]["completed"] == 10
        # Caught up: the list is trusted again, wherever it goes.
        assert server.listed is not None
        server.listed["running-0"] = dict(server.known["running-0"])
        await anext(steps)
        server.listed["running-0"] = dict(RUNNING[0])
        server.known["running-0"] = dict(RUNNING[0])
        await anext(steps)
        assert status_of(book, "running-0") is Status.IN_PROGRESS


async def test_a_batch_that_is_listed_but_not_known_singly(odd: OddServer, odd_wire: Wire, cache: Cache) -> None:
    class ListAlone(Batches):
        def __call__(self, head: str) -> bytes:
            answer = super().__call__(head)
            return self._missing() if head.split()[1].rpartition("/")[2] in self.known else answer

    odd.answers = [server := ListAlone(*RUNNING)]
    book = Book()
    monitor = Monitor(odd_wire, book, cache)
    await follow(monitor, 30)
    assert not cache.gone() and len(book.active()) == len(RUNNING)
    # The others are asked for as before.
    assert monitor._one_by_one and set(server.retrieved) == set(server.known)


@pytest.mark.parametrize("status", ["405 Method Not Allowed", "501 Not Implemented"])
async def test_a_server_that_tells_of_no_single_batch_is_asked_once(
    odd: OddServer, odd_wire: Wire, status: str
) -> None:
    class ListAlone(Batches):
        def __call__(self, head: str) -> bytes:
            answer = super().__call__(head)
            return http("{}", status) if head.split()[1].rpartition("/")[2] in self.known else answer

    odd.answers = [server := ListAlone(*RUNNING)]
    book = Book()
    await follow(Monitor(odd_wire, book), 12)
    assert len(server.retrieved) == 1
    assert len(book.active()) == len(RUNNING)


async def test_the_batch_that_is_asked_for_comes_first(odd: OddServer, odd_wire: Wire, seldom: None) -> None:
    odd.answers = [server := Lazy(*(dict(one) for one in RUNNING))]
    book = Book()
    monitor = Monitor(odd_wire, book)
    async with aclosing(rounds(monitor)) as steps:
        await anext(steps)
        monitor.refresh("running-3")
        seen = await anext(steps)
    assert isinstance(seen, rooms.Seen) and seen.changes.changed == {"running-3"}
    assert server.retrieved == ["running-3"]
    assert status_of(book, "running-3") is Status.COMPLETED
    assert len(book.active()) == len(RUNNING) - 1


async def test_a_batch_that_is_asked_for_is_asked_for_again_after_a_failure(
    odd: OddServer, odd_wire: Wire, seldom: None
) -> None:
    server = Lazy(dict(RUNNING[0]))
    odd.answers = [server, None, server]
    book = Book()
    monitor = Monitor(odd_wire, book)
    async with aclosing(rounds(monitor)) as steps:
        await anext(steps)
        monitor.refresh("running-0")
        assert isinstance(await anext(steps), rooms.Offline)
        monitor.refresh()
        await anext(steps)
    assert status_of(book, "running-0") is Status.COMPLETED


async def test_refresh_on_the_page_of_a_batch(odd: OddServer, tmp_path: Path, seldom: None) -> None:
    odd.answers = [server := Lazy(dict(RUNNING[0]))]
    async with desk(odd.base_url, tmp_path) as home:
        await home.until("job running-0")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen" and "4 of 10" in home.text)
        assert not server.retrieved
        await home.press("r")
        await home.until("10 of 10")
        assert server.retrieved == ["running-0"]


# What it costs, on a clock of the test


def calls_in_an_hour(active: int) -> Counter[str]:
    """How often each of so many active batches is retrieved, with a round each five seconds."""
    kept, found = Retrieved(), Counter[str]()
    batches = [Batch(str(number), Status.IN_PROGRESS, "in_progress") for number in range(active)]
    ids = {one.id for one in batches}
    for second in range(0, 3600, 5):
        if (due := kept.next_due(batches, ids, float(second))) is not None:
            found[due] += 1
    return found


@pytest.mark.parametrize(("active", "a_minute"), [(0, 0), (1, 1), (5, 5), (12, 12), (100, 12)])
def test_calls_a_minute(monkeypatch: pytest.MonkeyPatch, active: int, a_minute: int) -> None:
    """One a minute for each active batch, twelve at most; with five active that is five beside twelve pages."""
    monkeypatch.setattr(retrieval, "EACH_AFTER", 60.0)
    monkeypatch.setattr(retrieval, "APART", 5.0)
    found = calls_in_an_hour(active)
    # None in the first minute.
    assert sum(found.values()) == a_minute * 59
    # Each has its turn.
    assert not found or max(found.values()) - min(found.values()) <= 1


def test_quick_rounds_do_not_bring_more_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "EACH_AFTER", 60.0)
    monkeypatch.setattr(retrieval, "APART", 5.0)
    kept, batches = Retrieved(), [Batch(str(number), Status.IN_PROGRESS, "in_progress") for number in range(100)]
    ids = {one.id for one in batches}
    due = [kept.next_due(batches, ids, tick / 10) for tick in range(1200)]
    assert sum(key is not None for key in due) == 12


# What lags behind

TOLD = Batch("a", Status.IN_PROGRESS, "in_progress", counts=Counts(10, 5, 1))


@pytest.mark.parametrize(
    ("told", "listed", "behind"),
    [
        (TOLD, TOLD, False),
        (TOLD, replace(TOLD, counts=Counts(10, 4, 1)), True),
        (TOLD, replace(TOLD, counts=None), True),
        (TOLD, replace(TOLD, counts=Counts(10, 6, 1)), False),
        (TOLD, replace(TOLD, status=Status.VALIDATING, counts=Counts(0, 0, 0)), True),
        (TOLD, replace(TOLD, status=Status.FINALIZING, counts=Counts(10, 0, 0)), False),
        (TOLD, replace(TOLD, status=Status.COMPLETED, counts=None), False),
        (TOLD, replace(TOLD, status=Status.UNKNOWN, raw_status="paused"), False),
        (replace(TOLD, status=Status.EXPIRED), replace(TOLD, status=Status.UNKNOWN), True),
        (replace(TOLD, status=Status.CANCELLING), TOLD, True),
        (replace(TOLD, status=Status.CANCELLING), replace(TOLD, status=Status.FINALIZING), False),
        (replace(TOLD, counts=Counts(share=0.5)), replace(TOLD, counts=Counts(share=0.4)), True),
    ],
)
def test_what_lags_behind(told: Batch, listed: Batch, behind: bool) -> None:
    kept = Retrieved()
    assert not kept.ahead_of(listed)
    kept.tell(told)
    assert kept.ahead_of(listed) is behind
    # Once it has caught up, the list is trusted.
    assert kept.ahead_of(replace(TOLD, status=Status.VALIDATING)) is behind
