"""Cancelling unasked: off unless its user wants it, told beforehand, and stopped by any key."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tests.ui.screens.batches.test_pace import answered, running
from tests.ui.screens.batches.test_runaways import looked
from tui.batches.guard import Rule, Rules
from tui.demo.server import DemoServer

SOON = Rules(auto_cancel=frozenset({Rule.FAILURES}), grace=3.0)
LATE = Rules(auto_cancel=frozenset({Rule.FAILURES}), grace=600.0)


def runaway(server: DemoServer, name: str = "runaway") -> str:
    made = api.create(server, request(1), description=name)
    running(server, 4000, failed=1500)
    return made


async def counted_down(home: Desk) -> None:
    await home.until("any key stops it")
    assert "! runaway: 1,500 of 4,000 requests failed" in home.bottom or "! runaway and " in home.bottom


async def test_it_is_off_by_default(server: DemoServer, tmp_path: Path) -> None:
    runaway(server)
    async with desk(server, tmp_path, guard=Rules(grace=0.1)) as home:
        await home.until("! runaway")
        await looked(home)
        await home.pilot.pause(1.5)
        assert "any key" not in home.text and "armed" not in home.text
        assert server.calls.get("batches.cancel", 0) == 0


async def test_it_is_told_and_then_done(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    made = runaway(server)
    async with desk(server, tmp_path, guard=SOON) as home:
        await home.until("auto-cancel armed")
        await counted_down(home)
        assert "cancelled in 3s" in home.bottom
        told = "runaway: 1,500 of 4,000 requests failed, over 10%."
        assert rung == [f"{told} It is cancelled in 3s unless a key is pressed."]
        assert server.calls.get("batches.cancel", 0) == 0
        await home.until(lambda: server.calls.get("batches.cancel", 0) == 1)
        await home.told("runaway is being cancelled unasked: 1,500 of 4,000 requests failed, over 10%.")
        assert rung[1:] == ["runaway is being cancelled unasked: 1,500 of 4,000 requests failed, over 10%."]
        assert "any key" not in home.text and "n new" in home.bottom
        server.faults.clear()
        assert api.batch(server, made)["status"] == "cancelling"
    # As every cancel, it is in the journal.
    with closing(sqlite3.connect(tmp_path / "state" / "lazybatch.sqlite3")) as state:
        assert state.execute("SELECT batch_id, outcome FROM cancellations").fetchall() == [(made, "cancelling")]


@pytest.mark.parametrize("key", ["j", "y", "c", "q", "escape", "enter", "ctrl+l", "slash", "question_mark", "f5"])
async def test_any_key_stops_it_and_does_nothing_else(server: DemoServer, tmp_path: Path, key: str) -> None:
    runaway(server)
    async with desk(server, tmp_path, guard=LATE) as home:
        await counted_down(home)
        assert "cancelled in 10m" in home.bottom or "cancelled in 9m" in home.bottom
        await home.press(key)
        await home.told("Stopped: runaway runs on. c cancels.")
        assert home.room == "Home" and home.app.is_running and "y yes" not in home.text
        assert "any key" not in home.text and "! runaway" in home.text
        running(server, 4100, failed=1600)
        await answered(home, server)
        await looked(home)
        assert "any key" not in home.text
        # The keys are the keys again.
        await home.press("c")
        await home.until("y yes")
        await home.press("n")


async def test_what_was_stopped_stays_stopped_over_a_restart(server: DemoServer, tmp_path: Path) -> None:
    made = runaway(server)
    async with desk(server, tmp_path, guard=LATE) as home:
        await counted_down(home)
        await home.press("j")
        await home.until(lambda: home.app.session.alarms.told()[made][Rule.FAILURES].spared)
    async with desk(server, tmp_path, guard=SOON) as home:
        await home.until("! runaway")
        await looked(home)
        await home.pilot.pause(1.5)
        assert "any key" not in home.text
        assert server.calls.get("batches.cancel", 0) == 0


async def test_a_countdown_that_a_crash_broke_off_begins_anew(
    server: DemoServer,
    tmp_path: Path,
    rung: list[str],
) -> None:
    made = runaway(server)
    async with desk(server, tmp_path, guard=LATE) as home:
        await counted_down(home)
        await home.until(lambda: made in home.app.session.alarms.told())
    assert len(rung) == 1
    async with desk(server, tmp_path, guard=SOON) as home:
        await counted_down(home)
        # Its user was called before the crash.
        assert len(rung) == 1
        await home.until(lambda: server.calls.get("batches.cancel", 0) == 1)


async def test_never_where_nothing_may_be_changed(server: DemoServer, tmp_path: Path) -> None:
    runaway(server)
    async with desk(server, tmp_path, guard=SOON, read_only=True) as home:
        await home.until("! runaway")
        await looked(home)
        await home.pilot.pause(1.5)
        assert "any key" not in home.text and "armed" not in home.text
        assert server.calls.get("batches.cancel", 0) == 0


async def test_it_is_seen_everywhere_and_waits_for_an_answer(server: DemoServer, tmp_path: Path) -> None:
    runaway(server)
    async with desk(server, tmp_path, guard=Rules(auto_cancel=frozenset({Rule.FAILURES}), grace=5.0)) as home:
        await home.until("runaway")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await counted_down(home)
        await home.press("j")
        await home.told("Stopped")
    running(server, 3000)
    async with desk(server, tmp_path / "other", guard=Rules(auto_cancel=frozenset({Rule.FAILURES}), grace=2.0)) as home:
        await home.until("runaway")
        await looked(home)
        await home.press("c")
        await home.until("y yes")
        running(server, 4000, failed=1500)
        asked = server.calls["batches.list"]
        await home.until(lambda: server.calls["batches.list"] > asked)
        await home.until("! runaway")
        await home.pilot.pause(3)
        assert "y yes" in home.bottom and server.calls.get("batches.cancel", 0) == 0
        await home.press("n")
        await counted_down(home)
        # It gets better by itself.
        running(server, 9000, failed=100)
        await answered(home, server)
        await home.until(lambda: "any key" not in home.text and "! runaway" not in home.text)


async def test_many_are_one_countdown(server: DemoServer, tmp_path: Path) -> None:
    for place in range(12):
        runaway(server, f"runaway {place}")
    async with desk(server, tmp_path, guard=SOON) as home:
        await home.until(" and 11 more: 1,500 of")
        await home.until(lambda: server.calls.get("batches.cancel", 0) == 12)
