"""Cancelling: nothing but y does it, and what is asked is what is done."""

from pathlib import Path

import pytest
from textual import events

from tests.screens import api
from tests.screens.desk import Desk, desk
from tui.demo.faults import Fault
from tui.demo.server import DemoServer
from tui.widgets.text_view import TextView


async def asked(home: Desk, name: str) -> None:
    await home.cursor_to(name)
    await home.press("c")
    await home.until("y yes  n no")


async def test_every_key_but_y_is_no(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        for key in ("enter", "escape", "n", "N", "q"):
            await asked(home, "nightly-eval")
            assert "Cancel nightly-eval?" in home.bottom and "of 4,000 done." in home.bottom
            await home.press(key)
            await home.until(lambda: "y yes" not in home.text)
            assert home.room == "Home" and home.app.is_running
        await asked(home, "nightly-eval")
        for key in ("x", "c", "o", "r", "space", "j", "down", "question_mark", "ctrl+l", "1", "slash"):
            await home.press(key)
        assert "y yes" in home.bottom and home.room == "Home"
        # The keys of a table are not the question's.
        assert "nightly-eval" in home.cursor_row and not home.table.marks
        await home.press("escape")
        await home.until(lambda: "y yes" not in home.text)
        # The keyboard is the table's again.
        await home.press("j")
        assert "nightly-eval" not in home.cursor_row
        assert seeded.calls.get("batches.cancel", 0) == 0


@pytest.mark.parametrize("away", ["click", "tab", "blur"])
async def test_a_question_that_loses_the_keyboard_is_no(seeded: DemoServer, tmp_path: Path, away: str) -> None:
    async with desk(seeded, tmp_path) as home:
        await asked(home, "nightly-eval")
        if away == "click":
            await home.pilot.click("#batches", offset=(5, 3))
        elif away == "tab":
            await home.press("tab")
        else:
            home.app.post_message(events.AppBlur())
        await home.until(lambda: "y yes" not in home.text)
        await home.press("y", "Y")
        await home.settle()
        home.app.post_message(events.AppFocus())
        await home.until(lambda: home.table.has_focus)
        assert seeded.calls.get("batches.cancel", 0) == 0


async def test_y_cancels_the_one_under_the_cursor(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await asked(home, "embed-docs 3/12")
        await home.press("y")
        await home.until(lambda: "◌ cancelling" in home.line("embed-docs 3/12"))
        assert api.batch(seeded, home.batch("embed-docs 3/12").id)["status"] == "cancelling"
        assert seeded.calls["batches.cancel"] == 1


async def test_marked_ones_are_cancelled_and_the_ended_left_out(seeded: DemoServer, tmp_path: Path) -> None:
    names = ("embed-docs 3/12", "crawl-summaries", "smoke-test")
    async with desk(seeded, tmp_path) as home:
        for name in (*names, "embed-docs 2/12"):
            await home.cursor_to(name)
            await home.press("space")
        assert len(home.table.marks) == 4
        await home.cursor_to("nightly-eval")
        await home.press("c")
        await home.until("Cancel 3 batches at 127.0.0.1")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 3)
        await home.until(lambda: all("◌ cancelling" in home.line(name) for name in names))
        # The one under the cursor was not marked.
        assert api.batch(seeded, home.batch("nightly-eval").id)["status"] == "in_progress"


async def test_a_second_cancel_does_not_break_off_the_first(seeded: DemoServer, tmp_path: Path) -> None:
    names = ("embed-docs 3/12", "crawl-summaries", "smoke-test", "synthetic-qa v7")
    async with desk(seeded, tmp_path) as home:
        for name in names:
            await home.cursor_to(name)
            await home.press("space")
        seeded.faults.add(Fault("batches.cancel", "slow", times=2, delay_s=1.0))
        await home.press("c")
        await home.until("Cancel 4 batches")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 1)
        home.table.set_marks([])
        await asked(home, "nightly-eval")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 5)
        await home.until(lambda: all("◌ cancelling" in home.line(name) for name in (*names, "nightly-eval")))


async def test_leaving_the_batch_does_not_break_off_its_cancel(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("batches.cancel", "rate_limit", retry_after=1))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("nightly-eval")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.press("c")
        await home.until("Cancel nightly-eval?")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 1)
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.until(lambda: "◌ cancelling" in home.line("nightly-eval"))


async def test_what_has_ended_is_refused_in_a_sentence(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        for name in ("embed-docs 2/12", "wrong-prompt", "full-archive"):
            await home.cursor_to(name)
            await home.press("c")
            await home.told("Nothing to cancel: it has ended, or is being cancelled already.")
            assert "y yes" not in home.text
        # One that ends while the question waits.
        await asked(home, "smoke-test")
        seeded.clock.jump(120)
        await home.press("y")
        await home.told("smoke-test: It is completed already.")
        await home.until(lambda: "✓ done" in home.line("smoke-test"))


async def test_a_refused_cancel_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("batches.cancel", "status", status=400, message="Not [/now] \x1b[31mplease\x07."))
    async with desk(seeded, tmp_path) as home:
        await asked(home, "nightly-eval")
        await home.press("y")
        await home.told("Not [/now] ␛[31mplease␇.")


async def test_read_only_has_no_key_that_changes_anything(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, read_only=True) as home:
        await home.cursor_to("nightly-eval")
        await home.until("read-only")
        assert "n new" not in home.bottom and "cancel" not in home.bottom
        await home.press("n", "c")
        await home.settle()
        assert home.room == "Home" and "y yes" not in home.text
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        assert "cancel" not in home.bottom
        await home.press("c")
        await home.settle()
        assert "y yes" not in home.text
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        titles = [command.title for command in home.app.get_system_commands(home.app.screen)]
        assert any("Open" in title for title in titles)
        assert not any("New" in title or "Cancel" in title for title in titles)
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        shown = home.app.screen.query_one("#help", TextView).text
        assert "Ask the server now." in shown
        assert not any(f" {word}" in shown for word in ("Cancel ", "Choose an input", "Upload ", "Submit a file"))
