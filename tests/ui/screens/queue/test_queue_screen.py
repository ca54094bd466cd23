"""The queue on the screen: what waits goes out while it is open, in an order by hand."""

import os
from dataclasses import replace
from pathlib import Path

from tests.ui import api
from tests.ui.desk import Desk, desk, request, write
from tui.batches.cost import Expected
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.queue.leader import sole_sender
from tui.requests.validate import validate

MODEL = "gpt-4o-mini"
CHAT = "/v1/chat/completions"


def put(home: Desk, folder: Path, *names: str) -> None:
    """Files of two requests into the queue."""
    for name in names:
        path = folder / f"{name}.jsonl"
        path.write_bytes(b"".join(request(number, custom_id=f"{name}-{number}") for number in range(2)))
        session = home.app.session
        session.queue.add(validate(path), CHAT, {"description": name}, expected=Expected(2, 20))
    home.app.queueing.wake()


async def connected(home: Desk) -> None:
    await home.until(lambda: home.app.queueing.looked is not None and "live" in home.head)


def rows(home: Desk) -> list[str]:
    """Names of the entries in their order."""
    return [line.split()[2] for line in home.lines if line.split()[1:2] == ["waiting"]]


def descriptions(server: DemoServer) -> list[str]:
    return [batch["metadata"]["description"] for batch in api.batches(server)][::-1]


async def test_it_is_ordered_and_taken_out_by_hand(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path, enqueued_tokens={MODEL: 30}) as home:
        await connected(home)
        api.create(server, b"".join(request(number) for number in range(4)), description="other")
        put(home, tmp_path, "one")
        await home.until(lambda: descriptions(server) == ["other", "one"])
        put(home, tmp_path, "two", "three", "four")
        await home.until("3 in the queue")
        await home.press("Q")
        await home.until(lambda: rows(home) == ["two", "three", "four"])
        await home.until("no room: 30 limit · 20 enqueued")
        await home.press("j", "K")
        await home.until(lambda: rows(home) == ["three", "two", "four"])
        await home.press("J", "J")
        await home.until(lambda: rows(home) == ["two", "four", "three"])
        await home.press("x")
        await home.until("Take three (2 requests) out of the queue?")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.bottom)
        assert rows(home) == ["two", "four", "three"]
        await home.press("x")
        await home.until("Take three (2 requests) out of the queue?")
        await home.press("y")
        await home.until(lambda: rows(home) == ["two", "four"])
        await home.press("k", "enter")
        await home.until("about 20 tokens")
        await home.press("escape")
        server.clock.jump(60)
        home.app.queueing.wake()
        await home.until(lambda: descriptions(server) == ["other", "one", "two"])
        server.clock.jump(60)
        home.app.queueing.wake()
        await home.until(lambda: descriptions(server) == ["other", "one", "two", "four"])
        await home.until(lambda: rows(home) == [])


async def test_a_file_that_does_not_fit_is_told_of_and_waits(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "mine.jsonl", 3)
    async with desk(server, tmp_path, samples=samples, enqueued_tokens={MODEL: 60}) as home:
        await connected(home)
        put(home, tmp_path, "one", "two")
        await home.until(lambda: len(descriptions(server)) == 2)
        await home.pick("mine.jsonl")
        await home.until("No room now: 60 limit · 40 enqueued. ^n has it wait in the queue.")
        assert "^n wait" in home.bottom
        await home.press("ctrl+n")
        await home.until("Queue 3 requests")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.bottom)
        await home.press("ctrl+n")
        await home.until("Queue 3 requests")
        await home.press("y")
        await home.until(lambda: home.room == "Home" and "1 in the queue" in home.head)
        assert descriptions(server) == ["one", "two"]
        # The same file again: it waits once.
        await home.pick("mine.jsonl")
        await home.until("^n has it wait in the queue.")
        await home.press("ctrl+n")
        await home.until("Queue 3 requests")
        await home.press("y")
        await home.told("mine.jsonl waits in the queue already, as 3.")
        await home.press("escape", "escape")
        server.clock.jump(60)
        home.app.queueing.wake()
        await home.until(lambda: descriptions(server) == ["one", "two", "mine"])
        await home.until(lambda: "in the queue" not in home.head)


async def test_a_refused_batch_waits_and_its_file_serves_again(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    write(samples / "mine.jsonl", 3)
    # As the server counts two of them are too much; as the screen does, one is not.
    server.knobs.token_limits = {MODEL: 58}
    other = api.create(server, b"".join(request(number) for number in range(3)), description="other")
    server.clock.jump(5)
    async with desk(server, tmp_path, samples=samples) as home:
        await connected(home)
        await home.submit("mine.jsonl")
        server.clock.jump(5)
        await home.press("r")
        await home.until("Over the limit of 58 enqueued tokens for gpt-4o-mini.")
        await home.until(lambda: "w wait and send again" in home.bottom)
        uploads = server.calls["files.create"]
        await home.press("w")
        await home.until("Send mine (3 requests, from <$0.01) again when there is room?")
        await home.press("y")
        await home.told("mine waits in the queue: Q shows it.")
        server.clock.jump(60)
        assert api.batch(server, other)["status"] == "completed"
        home.app.queueing.wake()
        await home.until(lambda: descriptions(server) == ["other", "mine", "mine"])
        assert server.calls["files.create"] == uploads
        # What was not refused has no such key.
        await home.press("Q")
        await home.until("sent")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        assert "wait and send again" not in home.bottom


async def test_several_that_were_refused_wait_together(server: DemoServer, tmp_path: Path) -> None:
    server.knobs.token_limits = {MODEL: 5}
    for name in ("one", "two"):
        # Made elsewhere, so that the input is fetched.
        api.create(server, request(1, custom_id=name), description=name)
    server.clock.jump(5)
    async with desk(server, tmp_path) as home:
        await connected(home)
        await home.until(lambda: home.text.count("failed") >= 2)
        await home.press("a")
        await home.until(lambda: "w wait and send again" in home.bottom)
        uploads = server.calls["files.create"]
        # A limit that is no longer as low: the profile's word goes before what was learnt.
        home.app.session.profile = replace(home.app.session.profile, enqueued_tokens={MODEL: 1000})
        server.knobs.token_limits = {}
        await home.press("w")
        await home.until("Send 2 batches (2 requests, from <$0.01) again when there is room?")
        await home.press("y")
        await home.told("2 batches wait in the queue: Q shows it.")
        server.clock.jump(120)
        home.app.queueing.wake()
        await home.until(lambda: sorted(descriptions(server)) == ["one", "one", "two", "two"])
        assert server.calls["files.create"] == uploads


async def test_another_process_that_sends_is_named(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        account = home.app.session.profile.account
        async with sole_sender(tmp_path / "state", account, "lazybatch queue run"):
            put(home, tmp_path, "one")
            await home.press("Q")
            await home.until(lambda: rows(home) == ["one"])
            await home.until(f"lazybatch queue run sends what waits (process {os.getpid()}")
            assert api.batches(server) == []
        # It has gone: the screen takes over.
        await home.until(lambda: descriptions(server) == ["one"])


async def test_nothing_goes_out_while_paused(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await connected(home)
        await home.press("p", "Q")
        put(home, tmp_path, "one")
        await home.app.queueing.refresh()
        await home.until(lambda: rows(home) == ["one"])
        await home.until("Nothing is sent while paused: p at home goes on.")
        assert server.calls.get("files.create", 0) == 0
        await home.press("escape", "p")
        home.app.queueing.wake()
        await home.until(lambda: descriptions(server) == ["one"])


async def test_what_is_held_says_why(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await connected(home)
        server.faults.add(Fault("batches.create", "status", status=400, message="Not this one."))
        put(home, tmp_path, "one", "two")
        await home.told("one is held in the queue. Not this one.")
        await home.until(lambda: descriptions(server) == ["two"])
        await home.press("Q")
        await home.until(lambda: "held" in home.line("one"))
        assert "Not this one." in home.text


async def test_a_read_only_profile_looks_and_sends_nothing(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await connected(home)
        server.faults.add(Fault("files.create", "slow", delay_s=60.0))
        put(home, tmp_path, "one")
        await home.until(lambda: server.calls.get("files.create"))
    server.faults.clear()
    async with desk(server, tmp_path, read_only=True) as home:
        await home.until(lambda: "live" in home.head)
        await home.press("Q")
        await home.until(lambda: "one" in home.text)
        assert home.app.screen.check_action("open", ())
        for action in ("move_up", "move_down", "remove"):
            assert not home.app.screen.check_action(action, ())
        await home.settle()
        assert api.batches(server) == []


async def test_leaving_while_something_goes_out_asks(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await connected(home)
        server.faults.add(Fault("files.create", "slow", delay_s=60.0))
        put(home, tmp_path, "one")
        await home.until(lambda: home.app.queueing.doing)
        await home.press("q")
        await home.until("A file is being submitted. Stop and quit?")
        await home.press("y")
    server.faults.clear()
    # The next one goes on with it, once.
    async with desk(server, tmp_path) as home:
        await home.until(lambda: descriptions(server) == ["one"])
