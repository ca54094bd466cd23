"""Being called when batches end: those asked for, and all while nobody looks."""

from pathlib import Path

import pytest
from textual import events

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tests.ui.screens.batches.test_pace import answered
from tests.ui.screens.batches.test_runaways import looked
from tui.demo.server import DemoServer

ENDED = "first: done, 1 of 1 request."


async def asked_for(home: Desk, name: str) -> None:
    await home.cursor_to(name)
    await looked(home)
    await home.press("N")
    await home.told(f"You will be called when {name} ends.")
    await home.until(f"⚑ {name}")


async def test_n_asks_and_asks_no_more(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    api.create(server, request(1), description="first")
    async with desk(server, tmp_path) as home:
        await asked_for(home, "first")
        await home.press("N")
        await home.told("You will not be called when first ends.")
        await home.until(lambda: "⚑" not in home.text)
        server.clock.jump(5000)
        await home.until("✓ done")
        await looked(home)
        assert not rung
        await home.press("N")
        await home.told("Nothing to wait for: it has ended.")


async def test_an_end_that_was_asked_for_is_told_once(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    api.create(server, request(1), description="first")
    api.create(server, request(2), description="second")
    async with desk(server, tmp_path) as home:
        await asked_for(home, "first")
        server.clock.jump(5000)
        await home.told(ENDED)
        # The other one nobody asked about.
        assert rung == [ENDED]
        await home.until(lambda: "⚑" not in home.text)
        await answered(home, server)
        await looked(home)
        assert rung == [ENDED]
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        await looked(home)
        assert rung == [ENDED]


async def test_one_that_ends_while_lazybatch_does_not_run(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    made = api.create(server, request(1), description="first")
    async with desk(server, tmp_path) as home:
        await asked_for(home, "first")
        await home.until(lambda: made in home.app.session.alarms.awaited())
    async with desk(server, tmp_path) as home:
        await home.until("⚑ first")
    server.clock.jump(5000)
    async with desk(server, tmp_path) as home:
        await home.told(ENDED)
        await home.until(lambda: not home.app.session.alarms.awaited())
    assert rung == [ENDED]


async def test_all_are_told_while_nobody_looks(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    for name in ("first", "second", "third"):
        api.create(server, request(1), description=name)
    async with desk(server, tmp_path) as home:
        await home.until("third")
        await looked(home)
        home.app.post_message(events.AppBlur())
        await home.until(lambda: not home.app.app_focus)
        server.clock.jump(5000)
        await home.until(lambda: rung)
        assert len(rung) == 1 and rung[0].endswith(": done, 1 of 1 request. 2 others have ended too.")
        assert "ended too" not in home.notice
        home.app.post_message(events.AppFocus())
        await home.until(lambda: home.app.app_focus)
        # Who looks sees for themselves.
        api.create(server, request(1), description="fourth")
        await home.press("r")
        await home.until("fourth")
        await looked(home)
        server.clock.jump(5000)
        await home.until(lambda: "✓ done" in home.line("fourth"))
        await looked(home)
        assert len(rung) == 1


@pytest.mark.parametrize("marked", [2, 3])
async def test_marked_ones(server: DemoServer, tmp_path: Path, rung: list[str], marked: int) -> None:
    for name in ("first", "second", "third"):
        api.create(server, request(1), description=name)
    async with desk(server, tmp_path, read_only=True) as home:
        await home.until("third")
        await looked(home)
        await home.press("g", *["space"] * marked, "N")
        await home.told(f"You will be called when {marked} batches end.")
        assert home.text.count("⚑") == marked
        server.clock.jump(5000)
        await home.until(lambda: rung)
        await home.until(lambda: "⚑" not in home.text)
        others = "1 other has" if marked == 2 else "2 others have"
        assert rung[0].endswith(f"{others} ended too.") or len(rung) > 1
