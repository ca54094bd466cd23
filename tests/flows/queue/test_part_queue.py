"""Parts for which there is no room wait in the queue, in their order, and are sent once."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import CHAT, MakeInput
from tui.batches.cost import Expected
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.account import Session
from tui.flows.queue.add import add
from tui.flows.queue.part_queue import Line
from tui.flows.queue.sender import Sender
from tui.flows.submit.parts import PartsOrder, Queued, cut, part_orders, submit_parts
from tui.flows.submit.steps import Already, Created, Order, OtherwiseSubmitted, Uploaded, Uploading
from tui.flows.submit.submit import submit
from tui.requests.validate import Limits, validate
from tui.store.queue import State

LIMITS = Limits(max_requests=3)
LOOKS = (0.0, 0.02)
MODEL = "gpt-4o-mini"
# As the demo server counts a request of `make_input`, and as an estimate would.
TOKENS = 10


@pytest.fixture
def order(make_input: MakeInput, tmp_path: Path) -> PartsOrder:
    """Twelve requests in four parts."""
    report = validate(make_input(12), limits=LIMITS)
    parts = cut(report, LIMITS, tmp_path / "state", lambda _done, _total: None)
    return PartsOrder(report, parts, CHAT, {"description": "sums"}, expected=Expected(12, 12 * TOKENS))


async def ends(order: PartsOrder, session: Session, demo: DemoServer, jump: float = 0.0) -> list[type]:
    """What each part came to; the server's clock jumps by so many seconds after each."""
    found = []
    line = Line(session)
    async for told in submit_parts(order, wire=session.wire, journal=session.journal, looks=LOOKS, line=line):
        if not isinstance(told.step, Uploading | Uploaded):
            found.append(type(told.step))
            demo.clock.jump(jump)
    return found


async def send(session: Session) -> None:
    async for _ in Sender(session, LOOKS).run("a test", once=True):
        pass


async def on_server(session: Session) -> list[str]:
    """What the batches there are called that did not fail, oldest first."""
    items = (await session.wire.list_batches()).items[::-1]
    return [item["metadata"]["description"] for item in items if item["status"] != "failed"]


async def drain(session: Session, demo: DemoServer) -> None:
    """Let the queue run until nothing waits."""
    for _ in range(12):
        demo.clock.jump(70)
        await send(session)
        if {entry.state for entry in session.queue.entries()} == {State.SENT}:
            return
    raise AssertionError("it does not end")


ALL = ["sums 1/4", "sums 2/4", "sums 3/4", "sums 4/4"]


async def test_from_the_first_without_room_on_they_wait(session: Session, demo: DemoServer, order: PartsOrder) -> None:
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    session.profile = type(session.profile)(
        "demo", "test", base_url=demo.base_url, key=session.profile.key, enqueued_tokens={MODEL: 7 * TOKENS}
    )  # fmt: skip
    assert await ends(order, session, demo) == [Created, Created, Queued, Queued]
    # The same file again neither sends nor queues anything twice.
    assert await ends(order, session, demo) == [Already, Already, Queued, Queued]
    assert len(session.queue.entries()) == 4
    await drain(session, demo)
    assert await on_server(session) == ALL
    items = (await session.wire.list_batches()).items
    assert len({item["metadata"]["lazybatch_group"] for item in items}) == 1
    assert demo.calls["batches.create"] == demo.calls["files.create"] == 4


async def test_once_more_waits_once(session: Session, demo: DemoServer, order: PartsOrder) -> None:
    """All parts a second time, and gone on with: those of this time that wait already are not added again."""
    assert await ends(order, session, demo) == [Created] * 4
    await drain(session, demo)
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    session.profile = type(session.profile)(
        "demo", "test", base_url=demo.base_url, key=session.profile.key, enqueued_tokens={MODEL: 4 * TOKENS}
    )  # fmt: skip
    demo.clock.jump(86400)
    again = replace(order, again=True)
    assert await ends(again, session, demo) == [Created, Queued, Queued, Queued]
    assert await ends(again, session, demo) == [Already, Queued, Queued, Queued]
    await drain(session, demo)
    assert sorted(await on_server(session)) == sorted(ALL * 2)


async def queue_all(order: PartsOrder, session: Session) -> None:
    for part in await part_orders(order, wire=session.wire, journal=session.journal, queue=session.queue):
        add(part, session.queue)


async def test_parts_of_a_file_that_went_out_whole_are_held(
    session: Session, demo: DemoServer, order: PartsOrder
) -> None:
    await queue_all(order, session)
    whole = Order(validate(order.whole.path), CHAT, {}, again=True)
    ways = [step async for step in submit(whole, wire=session.wire, journal=session.journal, looks=LOOKS)]
    assert isinstance(ways[-1], Created)
    await send(session)
    entries = session.queue.entries()
    assert {entry.state for entry in entries} == {State.HELD}
    assert ways[-1].batch.id in (entries[0].reason or "")
    assert demo.calls["batches.create"] == 1


async def test_another_cut_is_not_sent_while_one_waits(
    session: Session, demo: DemoServer, order: PartsOrder, tmp_path: Path
) -> None:
    await queue_all(order, session)
    limits = Limits(max_requests=6)
    halves = cut(order.whole, limits, tmp_path / "state", lambda _done, _total: None)
    other = replace(order, parts=halves)
    with pytest.raises(OtherwiseSubmitted, match="wait in the queue in another cut"):
        await ends(other, session, demo)
    assert not {"files.create", "batches.create"} & demo.calls.keys()
    assert await ends(replace(other, again=True), session, demo) == [Created] * 2


async def test_a_part_that_is_refused_afterwards_comes_back_before_the_rest(
    session: Session, demo: DemoServer, order: PartsOrder
) -> None:
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    # The third is refused while it is validated, before the fourth is sent.
    assert await ends(order, session, demo, jump=5.0) == [Created, Created, Created, Queued]
    await drain(session, demo)
    assert await on_server(session) == ALL
    assert demo.calls["files.create"] == 4
    assert demo.calls["batches.create"] == 5


async def test_all_that_were_refused_come_back(session: Session, demo: DemoServer, order: PartsOrder) -> None:
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    assert await ends(order, session, demo) == [Created] * 4
    demo.clock.jump(5)
    # The same file again before that was noticed: what was refused is not queued a second time.
    assert await ends(order, session, demo) == [Already, Already, Queued, Queued]
    assert len(session.queue.entries()) == 4
    await drain(session, demo)
    assert sorted(await on_server(session)) == ALL
    assert demo.calls["files.create"] == 4


async def test_a_refused_create_waits_with_its_upload(session: Session, demo: DemoServer, order: PartsOrder) -> None:
    words = "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment 'gpt-4o-mini'."
    demo.faults.add(
        Fault("batches.create", "status", status=400, code="token_limit_exceeded", message=words, skip=1, times=1)
    )
    assert await ends(order, session, demo) == [Created, Queued, Queued, Queued]
    assert session.learnt.load()[MODEL].tokens == 30_000
    await drain(session, demo)
    assert await on_server(session) == ALL
    assert demo.calls["files.create"] == 4
