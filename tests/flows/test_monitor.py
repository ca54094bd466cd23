"""The book of batches kept true: with few calls, one at a time, whatever the server answers."""

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import CHAT, MakeInput, OddServer, http
from tui.batches.batch import Status
from tui.batches.book import Book
from tui.client.api import Wire
from tui.client.errors import Kind
from tui.client.models import batch_from
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows import monitor as rooms
from tui.flows.listing import coverage as reaching
from tui.flows.listing.coverage import Reach
from tui.flows.monitor import Monitor, Offline, Seen
from tui.store.cache import Cache

Step = Seen | Offline


def rounds(monitor: Monitor) -> AsyncGenerator[Step]:
    """The monitor's steps, as what they are: a generator that can be closed."""
    return cast("AsyncGenerator[Step]", monitor.steps())


async def next_step(steps: AsyncIterator[Step]) -> Step:
    return await asyncio.wait_for(anext(steps), 10)


async def seen(steps: AsyncIterator[Step]) -> Seen:
    step = await next_step(steps)
    assert isinstance(step, Seen), step
    return step


async def offline(steps: AsyncIterator[Step]) -> Offline:
    step = await next_step(steps)
    assert isinstance(step, Offline), step
    return step


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds follow each other at once."""
    monkeypatch.setattr(rooms, "ACTIVE_INTERVAL", 0.2)
    monkeypatch.setattr(rooms, "RESTING_INTERVAL", 0.2)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches a page."""
    monkeypatch.setattr(reaching, "_PAGE", 2)


@pytest.fixture
async def create(demo: DemoServer, wire: Wire, make_input: MakeInput) -> Callable[[], Any]:
    """Makes one more batch, a second after the one before; its id."""
    stored = await wire.upload(make_input(), "sums.jsonl", lambda _done, _total: None)

    async def make() -> str:
        demo.clock.jump(1)
        batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={})
        identity: str = batch["id"]
        return identity

    return make


Create = Callable[[], Any]


async def finish(demo: DemoServer, wire: Wire) -> None:
    """All batches that there are come to their end."""
    demo.clock.jump(2000)
    page = await wire.list_batches()
    assert all(item["status"] == "completed" for item in page.items)


async def test_a_round(demo: DemoServer, wire: Wire, create: Create) -> None:
    made = [await create() for _ in range(2)]
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        first = await seen(steps)
        assert first.changes.added == set(made)
        assert first.reach is Reach.ALL
        assert abs(first.at - time.time()) < 5
        demo.clock.jump(6)
        monitor.refresh()
        second = await seen(steps)
    assert second.changes.changed == set(made)
    assert {batch.status for batch in book} == {Status.IN_PROGRESS}
    assert demo.calls["batches.list"] == 2
    assert "batches.retrieve" not in demo.calls


async def test_rounds_come_by_themselves(demo: DemoServer, wire: Wire, quick: None) -> None:
    async with aclosing(rounds(Monitor(wire, Book()))) as steps:
        begun = time.monotonic()
        for _ in range(3):
            assert not (await seen(steps)).changes
    assert time.monotonic() - begun > 0.35
    assert demo.calls["batches.list"] == 3


@pytest.mark.parametrize("active", [True, False])
async def test_how_long_it_rests(demo: DemoServer, wire: Wire, create: Create, active: bool) -> None:
    await create()
    if not active:
        await finish(demo, wire)
    monitor = Monitor(wire, Book())
    async with aclosing(rounds(monitor)) as steps:
        await seen(steps)
        assert monitor._interval() == (rooms.ACTIVE_INTERVAL if active else rooms.RESTING_INTERVAL)
        before = demo.calls["batches.list"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(steps), 0.5)
        assert demo.calls["batches.list"] == before


async def test_pages_down_to_the_last(demo: DemoServer, wire: Wire, create: Create, small_pages: None) -> None:
    made = [await create() for _ in range(5)]
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        first = await seen(steps)
        assert first.changes.added == set(made[3:])
        assert first.reach is Reach.GOING
        # Active ones beyond the first page are not known yet, so none is asked for singly.
        assert (await seen(steps)).changes.added == set(made[1:3])
        last = await seen(steps)
        assert last.changes.added == set(made[:1])
        assert last.reach is Reach.ALL
    assert demo.calls["batches.list"] == 3


async def test_only_active_ones_beyond_the_first_page_are_asked_for(
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None
) -> None:
    ended = [await create() for _ in range(2)]
    await finish(demo, wire)
    running = [await create() for _ in range(3)]
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        while len(book) < 5:
            await seen(steps)
        before = demo.calls.get("batches.retrieve", 0)
        demo.clock.jump(6)
        monitor.refresh()
        await seen(steps)
        single = await seen(steps)
        assert single.changes.changed == {running[0]}
        assert demo.calls["batches.retrieve"] == before + 1
        # Over at last: it is asked for once more, then never again.
        await finish(demo, wire)
        while book.active():
            await seen(steps)
        known = demo.calls["batches.retrieve"]
        for _ in range(4):
            await seen(steps)
    assert demo.calls["batches.retrieve"] == known
    assert {batch.id for batch in book} == {*ended, *running}


@pytest.mark.parametrize("known", [0, 3])
async def test_a_gap_is_closed(  # noqa: PLR0917  (fixtures)
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None, known: int
) -> None:
    """More batches than a page holds were made between two rounds."""
    made = [await create() for _ in range(known)]
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        await seen(steps)
        while len(book) < known:
            await seen(steps)
        made += [await create() for _ in range(5)]
        for _ in range(60):
            if len(book) == len(made):
                break
            await seen(steps)
    assert {batch.id for batch in book} == set(made)


async def test_no_gap_no_paging(demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None) -> None:
    for _ in range(4):
        await create()
    await finish(demo, wire)
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        while len(book) < 4:
            await seen(steps)
        before = demo.calls["batches.list"]
        await create()
        for _ in range(3):
            await seen(steps)
        assert demo.calls["batches.list"] == before + 3
    assert len(book) == 5


async def test_one_call_at_a_time(demo: DemoServer, wire: Wire, create: Create, quick: None) -> None:
    demo.faults.add(Fault("batches.list", "slow", delay_s=0.3, times=None))
    monitor = Monitor(wire, Book())
    async with aclosing(rounds(monitor)) as steps:
        step = asyncio.ensure_future(seen(steps))
        for _ in range(10):
            monitor.refresh()
            await asyncio.sleep(0.02)
        assert demo.calls["batches.list"] == 1
        await step
        # All those keys together: one more round at once.
        await seen(steps)
        assert demo.calls["batches.list"] == 2


async def test_beyond_the_horizon(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    """The page that reaches it is the last."""
    now = time.time()
    for days in ((0, 1), (10, 40), (50, 60)):
        items = [{"id": f"b{age}", "status": "completed", "created_at": int(now - age * 86400)} for age in days]
        odd.say(json.dumps({"data": items, "has_more": True}))
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book, horizon=30 * 86400.0))) as steps:
        for _ in range(2):
            last = await seen(steps)
        assert last.reach is Reach.HORIZON
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(steps), 0.05)
    assert {batch.id for batch in book} == {"b0", "b1", "b10", "b40"}


async def test_many_active_ones_do_not_keep_older_pages_away(
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None
) -> None:
    """Asking for them one by one takes longer than a round."""
    made = [await create() for _ in range(7)]
    demo.faults.add(Fault("batches.retrieve", "slow", delay_s=0.15, times=None))
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        first = await seen(steps)
        # Each page brings more to ask for; still each round takes one page more.
        for _ in range(40):
            if len(book) == len(made):
                break
            await seen(steps)
    assert first.changes.added == set(made[5:])
    assert {batch.id for batch in book} == set(made)


# Lists that mislead


async def test_an_empty_page_that_says_there_is_more(demo: DemoServer, wire: Wire, create: Create, quick: None) -> None:
    await create()
    demo.faults.add(Fault("batches.list", "empty_page"))
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        assert not (await seen(steps)).changes
        assert (await seen(steps)).changes.added
    assert demo.calls["batches.list"] == 2


async def test_a_list_without_an_end(
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None
) -> None:
    """`after` is ignored, and there always is more."""
    for _ in range(4):
        await create()
    demo.faults.add(Fault("batches.list", "stuck_page", times=None))
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        assert [(await seen(steps)).reach for _ in range(5)] == [Reach.GOING, *[Reach.STUCK] * 4]
    # The first page, the same again for its cursor, and from then on one a round.
    assert demo.calls["batches.list"] == 5
    assert len(book) == 2


async def test_a_list_that_goes_round_in_circles(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    """An unknown `after` is answered with the first page again, and there always is more."""
    now = int(time.time())
    pages = {None: ("a", "b"), "b": ("c", "d")}

    def answer(head: str) -> bytes:
        after = parse_qs(urlsplit(head.split()[1]).query).get("after", [None])[0]
        items = [{"id": name, "status": "completed", "created_at": now} for name in pages.get(after, ("a", "b"))]
        return http(json.dumps({"data": items, "has_more": True}))

    odd.answers = [answer]
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book))) as steps:
        for _ in range(6):
            await seen(steps)
    assert {batch.id for batch in book} == set("abcd")
    # The first round goes round once; then one call a round.
    assert [head.split()[1].partition("after=")[2][:1] for head in odd.heads] == ["", "b", "d", "", "", ""]


async def test_items_that_are_no_batches(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    items = [{"id": "a"}, {"no": "id"}, {"id": []}, None, {"id": "b", "status": {"odd": 1}}]
    odd.say(json.dumps({"data": items}))
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book))) as steps:
        for _ in range(3):
            await seen(steps)
    assert {batch.id for batch in book} == {"a", "b"}


async def test_a_list_without_a_horizon(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    now = time.time()
    for days, more in (((0, 1), True), ((40, 50), True), ((400, 500), False)):
        items = [{"id": f"b{age}", "status": "completed", "created_at": int(now - age * 86400)} for age in days]
        odd.say(json.dumps({"data": items, "has_more": more}))
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book, horizon=math.inf))) as steps:
        assert [(await seen(steps)).reach for _ in range(3)] == [Reach.GOING, Reach.GOING, Reach.ALL]
    assert len(book) == 6


def listed(head: str, *names: str, **page: Any) -> bytes:
    """An answer with these batches, or the refusal of a server that takes no parameters."""
    if "?" in head.split()[1]:
        return http('{"detail": [{"msg": "Extra inputs are not permitted"}]}', "422 Unprocessable Entity")
    items = [{"id": name, "status": "in_progress", "created_at": int(time.time())} for name in names]
    return http(json.dumps({"data": items, **page}))


async def test_a_list_that_takes_no_parameters_is_asked_for_without(
    odd: OddServer, odd_wire: Wire, quick: None
) -> None:
    odd.answers = [lambda head: listed(head, "a", "b", has_more=True)]
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book))) as steps:
        told = [(await seen(steps)).reach for _ in range(8)]
    assert {batch.id for batch in book} == {"a", "b"}
    # Not an error at each poll: refused once, and once where a page was asked for, then known.
    assert told[-1] is Reach.NO_PAGES
    assert sum("?" in head.split()[1] for head in odd.heads) == 2


async def test_a_cursor_that_has_gone_is_no_end(
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None
) -> None:
    made = [await create() for _ in range(6)]
    demo.faults.add(Fault("batches.list", "status", skip=1, status=404, message="No batch found."))
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        told = [(await seen(steps)).reach for _ in range(3)]
        assert told[-1] is Reach.NO_PAGES
        # It is followed anew after a while.
        for _ in range(60):
            monitor.refresh()
            last = await seen(steps)
            if len(book) == len(made):
                break
    assert {batch.id for batch in book} == set(made)
    assert last.reach is Reach.ALL


@pytest.mark.parametrize("status", [405, 501])
async def test_a_server_that_tells_of_no_single_batch(  # noqa: PLR0917  (fixtures)
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None, status: int
) -> None:
    """Active ones beyond the first page are looked for in the list, and none is taken to be gone."""
    made = [await create() for _ in range(5)]
    demo.faults.add(Fault("batches.retrieve", "status", status=status, times=None))
    book = Book()
    async with aclosing(rounds(Monitor(wire, book))) as steps:
        while len(book) < 5:
            await seen(steps)
        demo.clock.jump(2000)
        for _ in range(60):
            await seen(steps)
            assert not any(batch.gone for batch in book)
            if not book.active():
                break
    assert {batch.id for batch in book} == set(made)
    assert not book.active()
    assert demo.calls["batches.retrieve"] == 1


async def test_a_list_that_knows_a_batch_is_believed(  # noqa: PLR0917  (fixtures)
    demo: DemoServer, wire: Wire, create: Create, cache: Cache, small_pages: None, quick: None
) -> None:
    """Asked for singly there is no such batch, in the list there is: it neither goes for good nor comes and goes."""
    made = [await create() for _ in range(4)]
    demo.faults.add(Fault("batches.retrieve", "status", status=404, times=None))
    book = Book()
    monitor = Monitor(wire, book, cache)
    async with aclosing(rounds(monitor)) as steps:
        while len(book) < 4:
            await seen(steps)
        for _ in range(40):
            monitor.refresh()
            await seen(steps)
            assert not any(batch.gone for batch in book)
        assert {batch.id for batch in book} == set(made) == {item["id"] for item in cache.load()}
    assert demo.calls["batches.retrieve"] <= 2


# Trouble


async def test_offline_and_back(demo: DemoServer, wire: Wire, create: Create, quick: None) -> None:
    await create()
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        await seen(steps)
        demo.faults.add(Fault("batches.list", "drop_before", times=3))
        waits = []
        for _ in range(3):
            step = await offline(steps)
            assert step.error.kind is Kind.UNREACHABLE
            waits.append(step.wait)
            monitor.refresh()
        # Doubled each time, with a quarter of jitter.
        assert [low <= wait <= high for wait, low, high in zip(waits, (1.5, 3, 6), (2.5, 5, 10), strict=True)] == [
            True
        ] * 3
        assert not (await seen(steps)).changes
        assert len(book) == 1
        demo.faults.add(Fault("batches.list", "server_error"))
        monitor.refresh()
        assert (await offline(steps)).wait <= 2.5


async def test_the_longest_wait(demo: DemoServer, wire: Wire) -> None:
    demo.faults.add(Fault("batches.list", "server_error", times=None))
    monitor = Monitor(wire, Book())
    async with aclosing(rounds(monitor)) as steps:
        waits = []
        for _ in range(10):
            waits.append((await offline(steps)).wait)
            monitor.refresh()
    assert max(waits) <= 75
    assert waits[-1] >= 45


async def test_the_server_s_own_wait_is_kept(demo: DemoServer, wire: Wire) -> None:
    demo.faults.add(Fault("batches.list", "rate_limit", retry_after=0.4))
    demo.faults.add(Fault("batches.list", "rate_limit", retry_after=90))
    monitor = Monitor(wire, Book())
    async with aclosing(rounds(monitor)) as steps:
        assert (await offline(steps)).wait >= 1.5
        monitor.refresh()
        step = await offline(steps)
    assert (step.wait, step.error.kind) == (90, Kind.RATE_LIMITED)


async def test_the_wait_begins_when_the_failure_is_known(
    odd: OddServer, odd_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_LONGEST_WAIT", 0.4)
    odd.delay = 0.5
    odd.say("{}", "500 Oh")
    odd.say('{"data": []}')
    async with aclosing(rounds(Monitor(odd_wire, Book()))) as steps:
        step = await offline(steps)
        begun = time.monotonic()
        await seen(steps)
        assert time.monotonic() - begun >= step.wait + 0.4


async def test_one_bad_batch_does_not_hide_the_others(
    demo: DemoServer, wire: Wire, create: Create, small_pages: None, quick: None
) -> None:
    running = [await create() for _ in range(5)]
    book = Book()
    monitor = Monitor(wire, book)
    async with aclosing(rounds(monitor)) as steps:
        while len(book) < 5:
            await seen(steps)
        demo.clock.jump(2000)
        demo.faults.add(Fault("batches.retrieve", "server_error", every=2, times=None))
        changed: set[str] = set()
        for _ in range(40):
            changed |= (await seen(steps)).changes.changed
            if len(changed) == 5:
                break
    assert changed == set(running)


async def test_the_cache_follows(demo: DemoServer, wire: Wire, create: Create, cache: Cache) -> None:
    made = [await create() for _ in range(2)]
    monitor = Monitor(wire, Book(), cache)
    async with aclosing(rounds(monitor)) as steps:
        await seen(steps)
        assert [item["id"] for item in cache.load()] == made[::-1]
        first = cache.seen_at()
        demo.clock.jump(6)
        monitor.refresh()
        await seen(steps)
    assert {item["status"] for item in cache.load()} == {"in_progress"}
    assert first is not None
    assert (cache.seen_at() or 0) >= first
    # What was remembered makes the same batches.
    again = Book()
    changes = again.apply(filter(None, map(batch_from, cache.load())))
    assert changes.added == set(made)


async def test_closing_ends_it_at_once(demo: DemoServer, wire: Wire) -> None:
    demo.faults.add(Fault("batches.list", "slow", delay_s=60))
    task = asyncio.ensure_future(anext(Monitor(wire, Book()).steps()))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)


async def test_a_list_under_another_name(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    items = [{"id": "a", "status": "COMPLETED"}, {"id": "6f1e6a3c-3f3b-4d9e-9a53-0a6f4b7c1d2e"}]
    odd.say(json.dumps({"value": items, "has_more": False}))
    book = Book()
    async with aclosing(rounds(Monitor(odd_wire, book))) as steps:
        assert (await seen(steps)).reach is Reach.ALL
    assert {batch.id for batch in book} == {item["id"] for item in items}


async def test_a_connection_dropped_after_a_refusal(odd: OddServer, odd_wire: Wire, quick: None) -> None:
    """The answer promises to keep it open: at worst one more call fails, and what comes after is seen."""
    odd.answers = []
    book = Book()
    for number in range(5):
        odd.say('{"error": {"message": "Not now."}}', "400 Bad Request", Connection="keep-alive")
        odd.say(json.dumps({"data": [{"id": f"b{number}", "status": "completed"}]}), Connection="keep-alive")
    monitor = Monitor(odd_wire, book)
    async with aclosing(rounds(monitor)) as steps:
        while len(book) < 5:
            step = await next_step(steps)
            # Whether it is closed before the next call goes out is a race.
            assert isinstance(step, Seen) or step.error.kind in {Kind.REFUSED, Kind.UNREACHABLE}
            monitor.refresh()
