"""What waits goes out as room frees, in its order; what cannot go is held, and the others go on."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import CHAT, KEY, MakeInput
from tui.batches.cost import Expected
from tui.batches.queue_order import Turn
from tui.batches.quota import Refusal, Unit
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.monitor import Offline
from tui.flows.queue.leader import AtWork, sender, sole_sender
from tui.flows.queue.plan import look
from tui.flows.queue.sender import Sender
from tui.flows.queue.steps import CameBack, Looked, QueueStep, Stopped, Went
from tui.requests.validate import validate
from tui.settings.profiles import Profile
from tui.store.queue import Entry, State

MODEL = "gpt-4o-mini"
LOOKS = (0.0, 0.02)
# As the demo server counts a request of `make_input`, and as an estimate would.
TOKENS = 10

Add = Callable[..., Entry]
Enter = Callable[..., Session]


@pytest.fixture
def limited(session: Session, demo: DemoServer) -> Session:
    """The profile says, and the server holds to it, that two files of three requests may wait at a time."""
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    session.profile = Profile(
        "demo", "test", base_url=demo.base_url, key=KEY, enqueued_tokens={MODEL: 6 * TOKENS}
    )  # fmt: skip
    return session


@pytest.fixture
def add(session: Session, make_input: MakeInput) -> Add:
    """Puts a file of its own content into the queue."""

    def put(name: str, requests: int = 3, **more: object) -> Entry:
        report = validate(make_input(requests, f"{name}.jsonl", user=name))
        expected = Expected(requests, requests * TOKENS)
        return session.queue.add(report, CHAT, {"description": name}, expected=expected, **more)  # type: ignore[arg-type]

    return put


async def steps(session: Session, **more: object) -> list[QueueStep]:
    """What one pass does."""
    return [step async for step in Sender(session, LOOKS).run("a test", once=True, **more)]  # type: ignore[arg-type]


def went(found: list[QueueStep]) -> list[str]:
    return [step.entry.path.stem for step in found if isinstance(step, Went)]


def states(session: Session) -> dict[str, State]:
    return {entry.path.stem: entry.state for entry in session.queue.entries()}


async def on_server(session: Session) -> list[tuple[str, str]]:
    """Description and status of the batches there, oldest first."""
    page = await session.wire.list_batches()
    return [(item["metadata"]["description"], item["status"]) for item in page.items][::-1]


async def test_an_empty_queue_asks_nobody(session: Session, demo: DemoServer) -> None:
    (looked,) = await steps(session)
    assert isinstance(looked, Looked)
    assert not looked.told
    assert demo.calls == {}


async def test_as_many_as_there_is_room_for_in_their_order(limited: Session, demo: DemoServer, add: Add) -> None:
    for name in "abcd":
        add(name)
    limited.queue.move(add("e").id, "first")
    found = await steps(limited)
    assert went(found) == ["e", "a"]
    looked = found[-1]
    assert isinstance(looked, Looked)
    assert looked.rooms[MODEL].text == "60 limit · 60 enqueued"
    assert [looked.verdicts[entry.id].turn for entry in looked.entries if entry.state is State.WAITING] == [
        Turn.NO_ROOM, Turn.BEHIND, Turn.BEHIND,
    ]  # fmt: skip
    assert went(await steps(limited)) == []
    demo.clock.jump(40)
    assert went(await steps(limited)) == ["b", "c"]
    demo.clock.jump(40)
    assert went(await steps(limited)) == ["d"]
    assert [name for name, _ in await on_server(limited)] == ["e", "a", "b", "c", "d"]
    assert "failed" not in {status for _, status in await on_server(limited)}
    assert demo.calls["batches.create"] == demo.calls["files.create"] == 5


async def test_the_limit_is_learnt_and_the_file_not_uploaded_twice(
    session: Session, demo: DemoServer, add: Add
) -> None:
    demo.knobs.token_limits = {MODEL: 6 * TOKENS}
    for name in "abcd":
        add(name)
    # Without a limit one finds out whether there is room before the next goes.
    assert went(await steps(session)) == ["a"]
    assert went(await steps(session)) == []
    demo.clock.jump(5)
    assert went(await steps(session)) == ["b"]
    demo.clock.jump(5)
    assert went(await steps(session)) == ["c"]
    demo.clock.jump(5)
    found = await steps(session)
    assert [step.entry.path.stem for step in found if isinstance(step, CameBack)] == ["c"]
    assert went(found) == []
    assert session.learnt.load()[MODEL].tokens == 6 * TOKENS
    assert states(session) == {"a": State.SENT, "b": State.SENT, "c": State.WAITING, "d": State.WAITING}
    demo.clock.jump(40)
    assert went(await steps(session)) == ["c", "d"]
    assert [name for name, status in await on_server(session) if status != "failed"] == ["a", "b", "c", "d"]
    assert [name for name, status in await on_server(session) if status == "failed"] == ["c"]
    # The refused batch's file served again.
    assert demo.calls["files.create"] == 4
    assert demo.calls["batches.create"] == 5


async def test_a_learnt_limit_is_found_out_anew_after_a_day(session: Session, demo: DemoServer, add: Add) -> None:
    session.learnt.refused(MODEL, Refusal(Unit.TOKENS, MODEL, 1), session.now)
    add("a")
    assert went(await steps(session)) == []
    demo.clock.jump(86_000)
    assert went(await steps(session)) == []
    demo.clock.jump(500)
    assert went(await steps(session)) == ["a"]


async def test_an_upload_that_is_gone_is_made_again(session: Session, demo: DemoServer, add: Add) -> None:
    entry = add("a", file_id="file-that-is-gone")
    assert went(await steps(session)) == ["a"]
    assert demo.calls["files.create"] == 1
    assert (await on_server(session)) == [("a", "validating")]
    assert session.queue.find(entry.id) is not None


async def test_a_refusal_at_the_create_comes_back(session: Session, demo: DemoServer, add: Add) -> None:
    add("a")
    words = "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment 'gpt-4o-mini'."
    demo.faults.add(Fault("batches.create", "status", status=400, code="token_limit_exceeded", message=words))
    found = await steps(session)
    assert [type(step) for step in found if not isinstance(step, Looked)][-1] is CameBack
    assert session.learnt.load()[MODEL].tokens == 30_000
    (entry,) = session.queue.entries()
    assert (entry.state, bool(entry.file_id)) == (State.WAITING, True)
    looked = found[-1]
    assert isinstance(looked, Looked)
    assert looked.verdicts[entry.id].turn is Turn.PAUSED
    demo.clock.jump(600)
    assert went(await steps(session)) == ["a"]
    assert demo.calls["files.create"] == 1


async def test_what_never_fits_is_told_and_keeps_nobody(limited: Session, add: Add) -> None:
    add("huge", 7)
    add("small", 1)
    found = await steps(limited)
    assert went(found) == ["small"]
    looked = found[-1]
    assert isinstance(looked, Looked)
    assert looked.verdicts[looked.entries[0].id].turn is Turn.TOO_MUCH


async def test_a_file_that_is_gone_is_held_until_it_is_back(session: Session, add: Add, tmp_path: Path) -> None:
    gone, _ = add("gone"), add("there")
    gone.path.rename(tmp_path / "elsewhere")
    found = await steps(session)
    (stopped,) = [step for step in found if isinstance(step, Stopped)]
    assert stopped.entry.reason == f"{gone.path} is no longer there: bring it back, or remove this."
    assert states(session) == {"gone": State.HELD, "there": State.SENT}
    (tmp_path / "elsewhere").rename(gone.path)
    session.queue.settle(session.queue.entries()[-1].id)
    assert went(await steps(session)) == ["gone"]


async def test_a_file_that_changed_is_held_and_a_touched_one_is_not(
    session: Session, demo: DemoServer, add: Add, make_input: MakeInput
) -> None:
    changed, touched = add("changed"), add("touched")
    make_input(5, changed.path.name)
    content = touched.path.read_bytes()
    touched.path.unlink()
    touched.path.write_bytes(content)
    found = await steps(session)
    (stopped,) = [step for step in found if isinstance(step, Stopped)]
    assert "has another content than when it was queued" in (stopped.entry.reason or "")
    assert went(found) == ["touched"]
    make_input(3, changed.path.name, user="changed")
    # Only its user takes it up again: by then it may be another file altogether.
    assert went(await steps(session)) == []
    assert demo.calls["batches.create"] == 1


async def test_what_the_server_will_not_have_is_held(session: Session, demo: DemoServer, add: Add) -> None:
    add("a")
    add("b")
    demo.faults.add(Fault("batches.create", "status", status=400, message="Not this one."))
    found = await steps(session)
    (stopped,) = [step for step in found if isinstance(step, Stopped)]
    assert (stopped.entry.path.stem, stopped.entry.reason) == ("a", "Not this one.")
    assert went(found) == ["b"]


async def test_what_was_submitted_before_is_not_sent(session: Session, demo: DemoServer, add: Add) -> None:
    entry = add("a")
    assert went(await steps(session)) == ["a"]
    session.queue.remove(entry.id)
    again = session.queue.add(entry.report, CHAT, {})
    assert went(await steps(session)) == ["a"]
    found = session.queue.find(again.id)
    assert found is not None
    assert (found.state, found.settled, found.reason) == (
        State.SENT, True, "It was submitted before; nothing was sent.",
    )  # fmt: skip
    assert demo.calls["batches.create"] == 1
    knowingly = session.queue.add(entry.report, CHAT, {}, again=True)
    demo.clock.jump(5)
    await steps(session)
    found = session.queue.find(knowingly.id)
    assert found is not None
    assert found.state is State.SENT
    assert demo.calls["batches.create"] == 2


async def test_a_lost_answer_makes_no_second_batch(session: Session, demo: DemoServer, add: Add) -> None:
    add("a")
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=3))
    with pytest.raises(LazybatchError):
        for _ in range(5):
            await steps(session)
    assert states(session) == {"a": State.SENDING}
    demo.faults.clear()
    assert went(await steps(session)) == ["a"]
    assert demo.calls["batches.create"] == 1


async def test_one_that_is_not_decided_holds_no_other_up(session: Session, demo: DemoServer, add: Add) -> None:
    """Its batch was made just before its file was deleted: whether it runs is known once it is validated."""
    session.profile = replace(session.profile, enqueued_tokens={MODEL: 1_000_000})
    demo.faults.add(Fault("batches.create", "late", until="files.delete"))
    first, second = add("first"), add("second")
    await steps(session)
    assert states(session) == {"first": State.SENDING, "second": State.SENT}
    await steps(session)
    assert states(session) == {"first": State.SENDING, "second": State.SENT}
    assert demo.calls["batches.create"] == 2
    demo.clock.jump(10)
    await steps(session)
    assert states(session) == {"first": State.SENT, "second": State.SENT}
    assert sorted(await on_server(session)) == [
        ("first", "failed"), ("first", "validating"), ("second", "in_progress"),
    ]  # fmt: skip
    sent = {entry.id: entry.batch_id for entry in session.queue.entries()}
    assert sent[first.id] != sent[second.id]


async def test_a_server_that_is_away_is_tried_again(session: Session, demo: DemoServer, add: Add) -> None:
    add("a")
    demo.faults.add(Fault("*", "drop_before", times=2))
    running = cast("AsyncGenerator[QueueStep]", Sender(session, LOOKS).run("a test", interval=0.05))
    seen: list[QueueStep] = []
    async with aclosing(running) as told:
        async for step in told:
            seen.append(step)
            if isinstance(step, Went):
                break
    assert isinstance(seen[0], Offline)
    assert demo.calls["batches.create"] == 1


async def test_a_key_that_is_refused_holds_nothing(session: Session, demo: DemoServer, add: Add) -> None:
    add("a")
    demo.faults.add(Fault("files.create", "status", status=401))
    with pytest.raises(LazybatchError, match="does not accept the API key"):
        await steps(session)
    assert states(session) == {"a": State.WAITING}
    assert went(await steps(session)) == ["a"]


async def test_one_at_a_time_and_it_says_who(session: Session, add: Add) -> None:
    add("a")
    place = session.folder, session.profile.account
    assert sender(*place) is None
    async with sole_sender(*place, "The screen"):
        with pytest.raises(AtWork, match=r"^The screen sends what waits \(process \d+, for 0s\)\.$") as told:
            await steps(session)
        assert told.value.exit_code == 1
        assert sender(*place) == told.value.sentence
        async with sole_sender(session.folder, "another account", "The screen"):
            pass
    assert sender(*place) is None
    assert went(await steps(session)) == ["a"]


async def test_what_waits_is_told_without_sending(limited: Session, demo: DemoServer, add: Add) -> None:
    for name in "abc":
        add(name)
    looked = await look(limited)
    assert [looked.verdicts[entry.id].turn for entry in looked.entries] == [Turn.NOW, Turn.NOW, Turn.NO_ROOM]
    assert demo.calls.get("files.create", 0) == 0
    assert states(limited) == dict.fromkeys("abc", State.WAITING)


async def test_a_change_is_looked_at_at_once(session: Session, add: Add) -> None:
    sending = Sender(session, LOOKS)

    async def first() -> str:
        async for step in sending.run("a test", interval=3600.0):
            if isinstance(step, Looked) and not step.told:
                add("late")
                sending.wake()
            if isinstance(step, Went):
                return step.entry.path.stem
        raise AssertionError("it runs for ever")

    assert await asyncio.wait_for(first(), 30) == "late"
