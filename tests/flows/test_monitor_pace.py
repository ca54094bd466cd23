"""Samples of progress, the pause and the interval: what the monitor notes, and when it asks."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import ACCOUNT, CHAT, MakeInput
from tui.batches.book import Book
from tui.client.api import Wire
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows import monitor as rooms
from tui.flows.account import Session
from tui.flows.monitor import Monitor, Offline, Seen
from tui.settings.profiles import Profile
from tui.store.database import connect
from tui.store.preferences import Preferences
from tui.store.samples import Samples

KEY = "test-key"


def rounds(monitor: Monitor) -> AsyncGenerator[Seen | Offline]:
    return cast("AsyncGenerator[Seen | Offline]", monitor.steps())


async def one_batch(demo: DemoServer, wire: Wire, make_input: MakeInput) -> str:
    stored = await wire.upload(make_input(), "sums.jsonl", lambda _done, _total: None)
    batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={})
    identity: str = batch["id"]
    return identity


def progress(demo: DemoServer, done: int) -> None:
    """Every batch runs and has so many of a thousand requests done."""
    demo.faults.clear()
    counts = {"total": 1000, "completed": done, "failed": 0}
    at = int(demo.clock.now()) - 3600
    merge = {"status": "in_progress", "in_progress_at": at, "request_counts": counts}
    demo.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


async def test_every_answer_is_a_sample(
    demo: DemoServer, wire: Wire, make_input: MakeInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await one_batch(demo, wire, make_input)
    samples = Samples(connect(tmp_path / "state"), ACCOUNT)
    monitor = Monitor(wire, Book(), samples=samples)
    async with aclosing(rounds(monitor)) as steps:
        for done in (100, 100, 100, 160):
            progress(demo, done)
            demo.clock.jump(100)
            monitor.refresh()
            step = await asyncio.wait_for(anext(steps), 10)
            assert isinstance(step, Seen)
        kept = samples.of(made)
        # Of the rest in the middle the first and the last are enough.
        assert [sample.ended for sample in kept] == [100, 100, 160]
        assert kept[1].at - kept[0].at == pytest.approx(200, abs=3)
        assert kept[-1].at == pytest.approx(demo.clock.now(), abs=3)
        demo.faults.clear()
        demo.clock.jump(90_000)
        monitor.refresh()
        await asyncio.wait_for(anext(steps), 10)
        assert samples.of(made) == ()


async def test_samples_are_written_when_due_and_at_the_end(
    demo: DemoServer, wire: Wire, make_input: MakeInput, tmp_path: Path
) -> None:
    made = await one_batch(demo, wire, make_input)
    progress(demo, 200)
    profile = Profile(name="test", source="test", base_url=demo.base_url, key=KEY)
    first = Session(profile, tmp_path / "state")
    async with aclosing(cast("AsyncGenerator[Seen | Offline]", first.steps())) as steps:
        await asyncio.wait_for(anext(steps), 20)
    (kept,) = first.samples.of(made)
    count = first._connections[0].execute("SELECT count(*) FROM samples").fetchone()
    # Not at each answer.
    assert count == (0,)
    await first.close()
    second = Session(profile, tmp_path / "state")
    try:
        await second.connect()
        assert second.samples.of(made) == (kept,)
    finally:
        await second.close()


async def test_a_pause_asks_only_on_demand(
    demo: DemoServer, wire: Wire, make_input: MakeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ACTIVE_INTERVAL", 0.1)
    await one_batch(demo, wire, make_input)
    monitor = Monitor(wire, Book())
    seen: list[Seen | Offline] = []
    came = asyncio.Condition()

    async def follow() -> None:
        async with aclosing(rounds(monitor)) as steps:
            async for step in steps:
                async with came:
                    seen.append(step)
                    came.notify_all()

    async def until(number: int) -> None:
        async with asyncio.timeout(10), came:
            await came.wait_for(lambda: len(seen) >= number)

    task = asyncio.create_task(follow())
    await until(2)
    monitor.paused = True
    await asyncio.sleep(0.3)
    so_far = len(seen)
    await asyncio.sleep(0.5)
    assert len(seen) == so_far
    monitor.refresh()
    await until(so_far + 1)
    await asyncio.sleep(0.4)
    assert len(seen) == so_far + 1 and monitor.paused
    monitor.paused = False
    await until(so_far + 4)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_interval_holds_for_the_wait_that_has_begun(
    demo: DemoServer, wire: Wire, make_input: MakeInput
) -> None:
    await one_batch(demo, wire, make_input)
    monitor = Monitor(wire, Book())
    monitor.interval = 300.0
    async with aclosing(rounds(monitor)) as steps:
        await asyncio.wait_for(anext(steps), 10)
        waiting = asyncio.ensure_future(anext(steps))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        monitor.interval = 0.5
        await asyncio.wait_for(waiting, 20)


async def test_a_failure_backs_off_in_spite_of_a_short_interval(demo: DemoServer, wire: Wire) -> None:
    demo.faults.add(Fault("batches.list", "rate_limit", times=None))
    monitor = Monitor(wire, Book())
    monitor.interval = 0.01
    async with aclosing(rounds(monitor)) as steps:
        step = await asyncio.wait_for(anext(steps), 10)
        assert isinstance(step, Offline) and step.wait >= 1
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(steps), 0.5)


async def test_calls_are_counted_for_a_minute(demo: DemoServer, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = [0.0]
    real = time.monotonic
    monitor = Monitor(wire, Book())
    async with aclosing(rounds(monitor)) as steps:
        for number in range(3):
            monitor.refresh()
            await asyncio.wait_for(anext(steps), 10)
            assert monitor.calls_per_minute == number + 1
        monitor.refresh()
        await asyncio.wait_for(anext(steps), 10)
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead[0])
    assert monitor.calls_per_minute == 4
    ahead[0] = 61.0
    assert monitor.calls_per_minute <= 1


async def test_preferences_reach_the_monitor_and_the_disk(demo: DemoServer, tmp_path: Path) -> None:
    profile = Profile(name="test", source="test", base_url=demo.base_url, key=KEY)
    for expected in (None, 60.0):
        session = Session(profile, tmp_path / "state")
        try:
            assert session.preferences.interval == expected
            await session.connect()
            assert session._monitor is not None and session._monitor.interval == expected
            session.prefer(Preferences("eta", True, 60.0))
            await session.keep_preferences()
            assert session._monitor.interval == 60.0
        finally:
            await session.close()
