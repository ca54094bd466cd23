"""A file over the limits, sent in parts from the screen; and the ways out of what was left open."""

from pathlib import Path

from tests.ui import api
from tests.ui.desk import Desk, desk, write
from tests.ui.screens.submit.test_send import sent
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.requests.limits import Limits

LIMITS = Limits(max_requests=4)


async def cut(home: Desk) -> None:
    """Choose the file and have it cut."""
    await home.pick("many.jsonl")
    await home.until("s splits it: 3 parts of at most 4 requests.")
    await home.press("s")
    await home.until("✓ 3 parts · 10 requests")
    await home.until("Ready to submit.")


async def test_parts_are_offered_asked_and_sent_once(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 10)
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await cut(home)
        assert "m mend" not in home.bottom
        await home.press("ctrl+s")
        await home.until("Submit 3 parts (10 requests")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.bottom)
        assert server.calls.get("files.create", 0) == 0
        await sent(home)
        await home.until(lambda: home.room == "Home" and "many  3 parts" in home.cursor_row)
        there = api.batches(server)
        assert sorted(batch["metadata"]["description"] for batch in there) == ["many 1/3", "many 2/3", "many 3/3"]
        assert len({batch["metadata"]["lazybatch_group"] for batch in there}) == 1
        await home.press("right")
        for name in ("many 1/3", "many 2/3", "many 3/3"):
            assert home.line(name)
        # The same file again: nothing goes out before the other key.
        await cut(home)
        await sent(home)
        await home.until("All 3 parts were submitted before. A submits them again.")
        assert len(api.batches(server)) == 3
        await home.press("A")
        await home.until("Submit AGAIN 3 parts")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) == 6


async def test_parts_without_room_wait_in_the_queue(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 10)
    room = {"gpt-4o-mini": 7}
    async with desk(server, tmp_path, samples=samples, limits=LIMITS, enqueued_requests=room) as home:
        await cut(home)
        await sent(home)
        await home.told("2 parts of 3 wait for room: Q shows the queue.")
        await home.until(lambda: home.room == "Home" and "2 in the queue" in home.head)
        assert len(api.batches(server)) == 1
        server.clock.jump(60)
        home.app.queueing.wake()
        await home.until(lambda: len(api.batches(server)) == 2)
        server.clock.jump(60)
        home.app.queueing.wake()
        await home.until(lambda: len(api.batches(server)) == 3)
        there = api.batches(server)
        assert [batch["metadata"]["description"] for batch in there] == ["many 3/3", "many 2/3", "many 1/3"]
        assert len({batch["metadata"]["lazybatch_group"] for batch in there}) == 1


async def test_a_break_between_parts_is_gone_on_with(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 10)
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await cut(home)
        server.faults.add(Fault("files.create", "slow", delay_s=0.0))
        server.faults.add(Fault("batches.create", "slow", delay_s=0.0))
        server.faults.add(Fault("batches.create", "status", status=400, message="Enough for today."))
        await sent(home)
        await home.until("Part 2 of 3: Enough for today.")
        await home.until("Part 1 is there. Submit the same file again to go on with the rest.")
        assert len(api.batches(server)) == 1
    server.faults.clear()
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await cut(home)
        await sent(home)
        await home.until(lambda: home.room == "Home" and "many  3 parts" in home.cursor_row)
        there = api.batches(server)
        assert sorted(batch["metadata"]["description"] for batch in there) == ["many 1/3", "many 2/3", "many 3/3"]
        assert len({batch["metadata"]["lazybatch_group"] for batch in there}) == 1


async def test_stopped_between_parts_it_goes_on(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 10)
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await cut(home)
        server.faults.add(Fault("batches.create", "slow", delay_s=0.0))
        server.faults.add(Fault("batches.create", "slow", delay_s=30.0))
        await sent(home)
        await home.until("part 2 of 3: Uploaded; creating the batch")
        await home.press("x")
        await home.until("Stopped. Submit the same file again to go on from here.")
        await home.until(lambda: "^s submit" in home.bottom)
        server.faults.clear()
        await sent(home)
        await home.until(lambda: home.room == "Home")
        names = sorted(batch["metadata"]["description"] for batch in api.batches(server))
        assert names == ["many 1/3", "many 2/3", "many 3/3"]


async def test_parts_go_elsewhere_where_their_names_are_taken(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    write(samples / "many.jsonl", 10)
    (samples / "many.part-01-of-03.jsonl").write_text("mine")
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await cut(home)
        assert "The parts are in " in home.text
        assert (samples / "many.part-01-of-03.jsonl").read_text() == "mine"


async def test_a_file_that_goes_while_it_is_cut_is_told(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    path = write(samples / "many.jsonl", 10)
    async with desk(server, tmp_path, samples=samples, limits=LIMITS) as home:
        await home.pick("many.jsonl")
        await home.until("s splits it")
        path.unlink()
        await home.press("s")
        await home.told("No such file or directory")
        assert server.calls.get("files.create", 0) == 0


async def test_a_provider_without_a_list_offers_the_way_out(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("batches.create", "drop_after"))
    server.faults.add(Fault("batches.list", "status", status=404, times=None))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("A submits it all the same.")
        assert "It is not known whether the batch was created" in home.prose
        assert server.calls["batches.create"] == 1
        # The same key again sends nothing.
        await sent(home)
        await home.until("A submits it all the same.")
        await home.until(lambda: not home.app.submitting)
        assert server.calls["batches.create"] == 1
        await home.press("A")
        await home.until("Submit AGAIN 200 requests")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        assert server.calls["batches.create"] == 2


async def test_a_changed_file_gives_up_what_was_begun_and_tells_once(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    path = write(samples / "often.jsonl", 3)
    server.faults.add(Fault("files.create", "drop_before", times=3))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("often.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("The upload broke off 3 times")
        write(path, 4)
        await home.press("r")
        await home.until("✓ 4 requests")
        await sent(home)
        await home.told("The file has another content now")
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) == 1
        assert home.app.session.journal.open_ones() == []


async def test_a_file_over_a_token_budget_is_offered_parts(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 10)
    async with desk(server, tmp_path, samples=samples, limits=Limits(max_tokens=60)) as home:
        await home.pick("many.jsonl")
        await home.until("60 are allowed at one time: ^t splits it into")
        # In a field its other key is a letter.
        await home.press("s")
        assert home.room == "Submit" and "parts ·" not in home.text
        await home.press("ctrl+t")
        await home.until("parts · 10 requests")
        await home.until("Ready to submit.")
        assert "^t" not in home.text
        await sent(home)
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) > 2
