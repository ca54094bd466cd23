"""A file goes out whole or in parts, never both: in one process and in two."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import CHAT, KEY, MakeInput
from tui.batches.batch import GROUP_KEY
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.queue.add import add
from tui.flows.queue.sender import Sender
from tui.flows.queue.steps import QueueStep, Stopped, Went
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.parts import PartsOrder, cut, part_orders, submit_parts
from tui.flows.submit.steps import Already, Created, Order, OtherwiseSubmitted, Step, Uploading
from tui.flows.submit.submit import submit
from tui.requests.validate import Limits, validate
from tui.store.journal import Busy, Stage
from tui.store.queue import State

LIMITS = Limits(max_requests=3)
LOOKS = (0.0, 0.02)


@pytest.fixture
def order(make_input: MakeInput, tmp_path: Path) -> PartsOrder:
    """Six requests in two parts."""
    report = validate(make_input(6), limits=LIMITS)
    parts = cut(report, LIMITS, tmp_path / "state", lambda _done, _total: None)
    return PartsOrder(report, parts, CHAT, {"description": "sums"})


@pytest.fixture
async def queued(order: PartsOrder, session: Session) -> PartsOrder:
    """The parts wait in the queue."""
    for part in await part_orders(order, wire=session.wire, journal=session.journal, queue=session.queue):
        add(part, session.queue)
    return order


async def whole(order: PartsOrder, session: Session, **more: bool) -> list[Step]:
    what = Order(validate(order.whole.path), CHAT, {"description": "whole"}, **more)  # type: ignore[arg-type]
    steps = [step async for step in submit(what, wire=session.wire, journal=session.journal, looks=LOOKS)]
    return [step for step in steps if not isinstance(step, Uploading)]


async def send(session: Session) -> list[QueueStep]:
    return [step async for step in Sender(session, LOOKS).run("a test", once=True)]


def queue_states(session: Session) -> list[State]:
    return [entry.state for entry in session.queue.entries()]


async def called(demo: DemoServer, route: str, times: int = 1) -> None:
    for _ in range(3000):
        if demo.calls.get(route, 0) >= times:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{route} was not called {times} times")


@contextmanager
def another_process(order: PartsOrder, session: Session, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """`lazybatch submit`, with the same state."""
    settings = session.folder / "settings.toml"
    settings.write_text(f'[profiles.default]\nbase_url = "{session.profile.base_url}"\n')
    own = {"OPENAI_API_KEY": KEY, "LAZYBATCH_STATE": str(session.folder), "LAZYBATCH_CONFIG": str(settings)}
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "submit", str(order.whole.path), "--yes", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | own,
    ) as process:  # fmt: skip
        yield process


async def test_a_part_waits_while_the_whole_file_goes_out(
    session: Session, demo: DemoServer, order: PartsOrder
) -> None:
    demo.faults.add(Fault("files.create", "slow", delay_s=1))
    going = asyncio.ensure_future(whole(order, session))
    await called(demo, "files.create")
    # They were cut, and said yes to, before the whole file was.
    for part in await part_orders(order, wire=session.wire, journal=session.journal, queue=session.queue):
        add(part, session.queue)
    await send(session)
    assert queue_states(session) == [State.WAITING] * 2
    assert isinstance((await going)[-1], Created)
    stopped = [step for step in await send(session) if isinstance(step, Stopped)]
    assert len(stopped) == 2
    assert "is paid for twice" in (stopped[0].entry.reason or "")
    assert demo.calls["batches.create"] == 1


async def test_a_part_waits_while_another_process_sends_the_whole_file(
    session: Session, demo: DemoServer, queued: PartsOrder
) -> None:
    demo.faults.add(Fault("files.create", "slow", delay_s=3))
    with another_process(queued, session, "--again") as process:
        await called(demo, "files.create")
        await send(session)
        assert queue_states(session) == [State.WAITING] * 2
        said, _ = await asyncio.to_thread(process.communicate)
    assert "Created batch_" in said
    await send(session)
    assert queue_states(session) == [State.HELD] * 2
    assert demo.calls["batches.create"] == 1


async def test_the_whole_file_waits_for_no_part_that_is_going_out(
    session: Session, demo: DemoServer, queued: PartsOrder
) -> None:
    """In this process and in another: not even where its user said that all is to be sent again."""
    demo.faults.add(Fault("files.create", "slow", delay_s=1))
    going = asyncio.ensure_future(send(session))
    await called(demo, "files.create")
    with pytest.raises(Busy, match="is submitting a part of this file right now"):
        await whole(queued, session, again=True)
    # As long as no limit is known, one at a time goes out.
    assert len([step for step in await going if isinstance(step, Went)]) == 1
    # As the sender has it, for as long as the other process takes to start.
    group = session.queue.entries()[0].metadata[GROUP_KEY]
    with session.journal.claim_source(group), another_process(queued, session, "--again") as process:
        said, _ = await asyncio.to_thread(process.communicate)
    assert "is submitting a part of this file" in said
    assert process.returncode == 1
    assert demo.calls["batches.create"] == 1


async def test_the_whole_file_is_not_sent_while_parts_of_it_wait(
    session: Session, demo: DemoServer, queued: PartsOrder
) -> None:
    with pytest.raises(OtherwiseSubmitted, match="wait in the queue, as 1 and 1 other: remove those first"):
        await whole(queued, session)
    session.queue.remove(1)
    with pytest.raises(OtherwiseSubmitted, match="wait in the queue, as 2: remove those first"):
        await whole(queued, session)
    assert not {"files.create", "batches.create"} & demo.calls.keys()
    session.queue.remove(2)
    assert isinstance((await whole(queued, session))[-1], Created)


async def test_a_whole_file_in_the_queue_is_held_while_parts_of_it_wait(
    session: Session, demo: DemoServer, queued: PartsOrder
) -> None:
    entry = add(Order(validate(queued.whole.path), CHAT, {"description": "whole"}), session.queue)
    session.queue.move(entry.id, "first")
    await send(session)
    held = session.queue.find(entry.id)
    assert held is not None
    assert held.state is State.HELD
    assert "Parts of this file wait in the queue" in (held.reason or "")
    # They are not held up by it: as long as no limit is known, one at a time goes out.
    assert demo.calls["batches.create"] == 1


async def test_a_whole_file_that_was_broken_off_does_not_follow_its_parts(
    session: Session, demo: DemoServer, queued: PartsOrder
) -> None:
    """It was uploaded, and nothing more; then its parts went out."""
    demo.faults.add(Fault("batches.create", "rate_limit", times=3, retry_after=0))
    with pytest.raises(LazybatchError):
        await whole(queued, session, again=True)
    assert [found.stage for found in session.journal.open_ones()] == [Stage.UPLOADED]
    await send(session)
    given_up, already = await whole(queued, session)
    assert isinstance(given_up, GivenUp)
    assert isinstance(already, Already)
    assert demo.calls["batches.create"] == 3 + 1
    # Nor is it asked about at every start; what was uploaded for it is told of as of no use.
    assert session.journal.open_ones() == []
    assert session.journal.given_up()[0].file_id


async def test_the_whole_file_is_not_sent_while_a_part_is_in_doubt(
    session: Session, demo: DemoServer, order: PartsOrder
) -> None:
    demo.faults.add(Fault("batches.create", "drop_before"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=len(LOOKS)))
    with pytest.raises(LazybatchError):
        async for _ in submit_parts(order, wire=session.wire, journal=session.journal, looks=LOOKS):
            pass
    (part,) = session.journal.open_ones()
    assert part.in_doubt
    with pytest.raises(OtherwiseSubmitted, match="not known whether one of them came to a batch"):
        await whole(order, session)
    assert demo.calls["batches.create"] == 1
    again = replace(order, again=False)
    async for _ in submit_parts(again, wire=session.wire, journal=session.journal, looks=LOOKS):
        pass
    assert isinstance((await whole(order, session))[-1], Already)
