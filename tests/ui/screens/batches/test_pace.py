"""How fast batches go, and how often the server is asked: what home and the batch's screen say of both."""

from pathlib import Path

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer


def running(server: DemoServer, done: int, *, failed: int = 0, window: int = 86_400, since: int = 7200) -> None:
    """Every batch has run for two hours and has so many of 10,000 requests done."""
    server.faults.clear()
    now = int(server.clock.now())
    merge = {
        "status": "in_progress", "in_progress_at": now - since, "created_at": now - since - 60,
        "expires_at": now + window, "request_counts": {"total": 10_000, "completed": done - failed, "failed": failed},
    }  # fmt: skip
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


async def answered(home: Desk, server: DemoServer) -> None:
    """The server is asked once more, and its answer is on screen."""
    asked, seen_at = server.calls["batches.list"], home.app.session.seen_at
    await home.press("r")
    await home.until(lambda: server.calls["batches.list"] > asked and home.app.session.seen_at != seen_at)


async def test_rate_and_time_left_are_those_of_late(server: DemoServer, tmp_path: Path) -> None:
    made = api.create(server, request(1), description="paced")
    running(server, 4000)
    async with desk(server, tmp_path, size=(200, 50)) as home:
        await home.until("paced")
        # Over the two hours so far: 4,000 in 120 minutes.
        await home.until("33/min")
        for done in (5000, 6000, 7000):
            server.clock.jump(200)
            running(server, done)
            await answered(home, server)
        # Of late a thousand in 200 seconds: 300 a minute.
        await home.until(lambda: "300/min" in home.line("paced") and "300/min" in home.lines[-3])
        assert "10m" in home.line("paced") or "9m5" in home.line("paced")
        assert any(block in home.lines[-3] for block in "▂▃▄▅▆▇█")
        await home.press("enter")
        await home.until("last hour")
        assert "300/min, " in home.text and any(block in home.line("last hour") for block in "▂▃▄▅▆▇█")
    # It is known from the first frame on at the next start, before any answer.
    server.faults.clear()
    server.faults.add(Fault("batches.*", "drop_before", times=None))
    async with desk(server, tmp_path, size=(200, 50)) as home:
        await home.until("next try in")
        assert len(home.app.session.samples.of(made)) >= 4


async def test_a_stall_and_a_missed_window_are_told(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="slow one")
    running(server, 4000, window=86_400)
    async with desk(server, tmp_path) as home:
        await home.until("slow one")
        await home.settle()
        assert "stalled" not in home.text
        for _ in range(5):
            server.clock.jump(310)
            running(server, 4000, window=86_400, since=7200)
            await answered(home, server)
        await home.until(lambda: "stalled 25m" in home.lines[-3])
        # Asleep no more: 6,000 are left at about 40 a minute, but an hour is left.
        server.clock.jump(60)
        running(server, 4010, window=3600)
        await answered(home, server)
        # In the words of its pace, or in the guard's, once that has looked.
        await home.until(lambda: "ill miss its window by 1h59m" in home.lines[-3])
        await home.press("enter")
        await home.until("⚠ will miss its window by 1h59m")


async def test_p_pauses_and_goes_on(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        await home.press("p")
        await home.until(lambda: "paused · as of" in home.head)
        asked = server.calls["batches.list"]
        await home.press("r")
        await home.until(lambda: server.calls["batches.list"] > asked)
        await home.settle()
        assert "paused" in home.head
        asked = server.calls["batches.list"]
        await home.press("p")
        await home.until(lambda: "● live" in home.head and server.calls["batches.list"] > asked)


async def test_the_interval_and_the_order_are_kept(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="a batch")
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        assert "every" not in home.head
        await home.press("plus")
        await home.until(lambda: "every 10s" in home.head)
        await home.press(*["plus"] * 8)
        await home.until(lambda: "every 5m" in home.head)
        await home.press(*["minus"] * 9)
        await home.until(lambda: "every 2s" in home.head)
        await home.press("s", "S")
        await home.until("NAME▾")
        await home.press("slash")
        await home.type("nothing")
        await home.press("enter")
        await home.until("No batch fits")
    async with desk(server, tmp_path) as home:
        # The filter would hide without being asked for.
        await home.until("a batch")
        await home.until(lambda: "every 2s" in home.head)
        assert "NAME▾" in home.text


async def test_calls_are_counted_where_there_is_room(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path, size=(100, 30)) as home:
        await home.until(lambda: "1 call/min" in home.head)
        await home.press("r")
        await home.until(lambda: "2 calls/min" in home.head)
    async with desk(server, tmp_path, size=(99, 30)) as home:
        await home.until("● live")
        assert "call" not in home.head


async def test_rows_are_pale_while_offline(seeded: DemoServer, tmp_path: Path) -> None:
    def colours(home: Desk) -> set[str]:
        rows = [strip for strip, line in zip(
            home.app.screen._compositor.render_strips(), home.lines, strict=True
        ) if "✓ done" in line or "✗ failed" in line]  # fmt: skip
        assert rows
        return {str(part.style.color) for strip in rows for part in strip if part.style and part.text.strip()}

    # The cursor's row has a ground of its own, and is one of those that run.
    async with desk(seeded, tmp_path, size=(80, 50)) as home:
        await home.until("● live")
        await home.settle()
        bright = colours(home)
        assert len(bright) > 1
        seeded.faults.add(Fault("batches.*", "server_error", times=2))
        await home.press("r")
        await home.until(lambda: "next try in" in home.head)
        await home.settle()
        assert len(colours(home)) == 1
        # Back by itself.
        await home.until("● live")
        await home.settle()
        assert colours(home) == bright
