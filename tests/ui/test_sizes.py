"""Terminals of any size, and on their way from one to another."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.ui.desk import Desk, desk
from tui.demo.server import DemoServer

TOO_SMALL = "Too small: lazybatch needs 60×15."


async def to(home: Desk, width: int, height: int) -> None:
    await home.pilot.resize_terminal(width, height)
    await home.settle()


@pytest.mark.parametrize("size", [(59, 15), (60, 14), (20, 5), (1, 1)])
async def test_a_terminal_that_is_too_small_says_so(seeded: DemoServer, tmp_path: Path, size: tuple[int, int]) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("crawl-summaries")
        await to(home, *size)
        assert home.room == "TooSmall"
        if size[0] > 40:
            assert TOO_SMALL in home.text
        await home.press("n", "c", "y", "o", "enter", "escape", "question_mark")
        assert home.room == "TooSmall" and len(home.app.screen_stack) == 2
        await to(home, 60, 15)
        assert home.room == "Home" and "crawl-summaries" in home.cursor_row
        assert [cell_len(line) for line in home.lines] == [60] * 15
        # The keys are the table's again.
        await home.press("j")
        assert "crawl-summaries" not in home.cursor_row


async def test_it_starts_in_a_small_one_and_grows(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(50, 10)) as home:
        await home.until("Too small")
        await to(home, 80, 24)
        await home.until("smoke-test")
        await home.press("j")
        await home.until(lambda: home.room == "Home" and home.table.has_focus)


async def test_q_quits_a_small_one(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(50, 10)) as home:
        await home.until("Too small")
        await home.press("q")
        await home.until(lambda: not home.app.is_running)
        assert home.app.return_code == 0


async def test_a_question_waits_in_a_small_one(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("nightly-eval")
        await home.press("c")
        await home.until("y yes")
        await to(home, 40, 10)
        await home.press("y")
        await to(home, 80, 24)
        await home.press("n")
        await home.until(lambda: "y yes" not in home.text)
        await home.press("y")
        await home.settle()
        assert seeded.calls.get("batches.cancel", 0) == 0


async def test_another_width_is_used_at_once(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("live")
        await home.press("p")
        await to(home, 120, 30)
        assert "calls/min" in home.head or "call/min" in home.head
        assert "MODEL" in home.text
        await to(home, 80, 24)
        assert "/min" not in home.head and "paused" in home.lines[0].split("127.0.0.1")[1]


async def test_a_storm_of_sizes_leaves_a_whole_screen(seeded: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(seeded, tmp_path, samples=samples) as home:
        await home.cursor_to("smoke-test")
        for opened in ("", "enter", "question_mark", "n"):
            if opened:
                await home.press(opened)
            for step in range(8):
                await home.pilot.resize_terminal(50 + 37 * step % 150, 10 + 11 * step % 50)
            await to(home, 93, 31)
            assert [cell_len(line) for line in home.lines] == [93] * 31
            assert home.bottom.strip() and home.lines[0].startswith(" lazybatch")
            await to(home, 80, 24)
            assert [cell_len(line) for line in home.lines] == [80] * 24
            if opened:
                await home.press("escape")
                await home.until(lambda: home.room == "Home")
        assert len(home.app.screen_stack) == 1
