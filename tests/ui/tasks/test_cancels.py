"""Cancelling: nothing but y does it, and what is asked is what is done."""

from pathlib import Path

import pytest
from textual import events

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.widgets.text_view import TextView


async def asked(home: Desk, name: str) -> None:
    await home.cursor_to(name)
    # Prices come a moment after the batches.
    await home.until(lambda: home.app.session.cost_of(home.batch(name)) is not None)
    await home.press("c")
    await home.until("y yes  n no")


async def test_every_key_but_y_is_no(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        for key in ("enter", "escape", "n", "N", "q"):
            await asked(home, "nightly-eval")
            assert "Cancel nightly" in home.bottom and "/4k done;" in home.bottom
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
        # In a view of what needs attention the row goes with its cancel.
        await home.told("embed-docs 3/12: cancelling")
        assert api.batch(seeded, home.batch("embed-docs 3/12").id)["status"] == "cancelling"
        assert seeded.calls["batches.cancel"] == 1


async def test_marked_ones_are_cancelled_and_the_ended_left_out(seeded: DemoServer, tmp_path: Path) -> None:
    names = ("embed-docs 3/12", "crawl-summaries", "smoke-test")
    async with desk(seeded, tmp_path, size=(80, 40)) as home:
        for name in (*names, "embed-docs 2/12"):
            await home.cursor_to(name)
            await home.press("space")
        assert len(home.table.marks) == 4
        await home.cursor_to("nightly-eval")
        await home.press("c")
        await home.until("Cancel 3 at test?")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 3)
        await home.until(lambda: all("◌ cancelling" in home.line(name) for name in names))
        await home.until(lambda: not home.table.marks)
        # The one under the cursor was not marked.
        assert api.batch(seeded, home.batch("nightly-eval").id)["status"] == "in_progress"


async def test_a_second_cancel_does_not_break_off_the_first(seeded: DemoServer, tmp_path: Path) -> None:
    names = ("embed-docs 3/12", "crawl-summaries", "smoke-test", "synthetic-qa v7")
    async with desk(seeded, tmp_path, size=(80, 40)) as home:
        for name in names:
            await home.cursor_to(name)
            await home.press("space")
        seeded.faults.add(Fault("batches.cancel", "slow", times=2, delay_s=1.0))
        await home.press("c")
        await home.until("Cancel 4 at test?")
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
        await home.until("Cancel nightly")
        await home.press("y")
        await home.until(lambda: seeded.calls.get("batches.cancel", 0) == 1)
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.until(lambda: "◌ cancelling" in home.line("nightly-eval"))


async def test_the_screen_of_a_batch_has_the_key_only_while_there_is_something_to_cancel(
    seeded: DemoServer, tmp_path: Path
) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("full-archive")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        assert "c cancel" not in home.bottom
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.cursor_to("smoke-test")
        await home.press("enter")
        await home.until("c cancel")
        # The batch ends before its reader's eyes, and the key goes.
        seeded.clock.jump(120)
        home.app.session.refresh()
        await home.until("✓ done")
        await home.until(lambda: "c cancel" not in home.bottom)


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


async def runaways(server: DemoServer, number: int) -> None:
    for place in range(number):
        api.create(server, request(place), description=f"runaway {place}")
    server.clock.jump(8)


async def test_more_than_ten_take_their_number(server: DemoServer, tmp_path: Path) -> None:
    await runaways(server, 12)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: len(home.table.keys) == 12)
        await home.press("a")
        await home.until("12 marked")
        await home.press("c")
        await home.until("type 12 __ ⏎  esc no")
        assert "Cancel 12 batches at test? 0/12 done; $0.00" in home.bottom
        # Neither a yes, nor another number, nor a digit too many.
        await home.press("y", "1", "3", "enter")
        await home.until("type 12 __ ⏎")
        await home.press("1", "backspace", "2", "2", "2", "enter", "a", "j")
        await home.until("type 12 __ ⏎")
        for no in ("escape", "n", "q", "enter"):
            await home.until("type 12")
            await home.press(no)
            await home.until(lambda: "type 12" not in home.text)
            await home.press("c")
        assert server.calls.get("batches.cancel", 0) == 0 and len(home.table.marks) == 12
        await home.press("1", "2")
        await home.until("type 12 12 ⏎")
        await home.press("enter")
        await home.told("12 cancelling.")
        assert {found["status"] for found in api.batches(server)} == {"cancelling"}
        assert not home.table.marks and "marked" not in home.text
        # Their results are offered once all have ended.
        server.clock.jump(60)
        await home.told("All 12 have ended, 0 requests done. o on a row reads what was done.")


async def test_a_marks_all_that_is_shown_and_none(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("● live")
        await home.press("slash")
        await home.type("embed-docs")
        await home.press("enter")
        # The row of the parts stands for all four of them.
        await home.until(lambda: len(home.table.keys) == 1)
        await home.press("a")
        await home.until("4 marked")
        await home.press("a", "right")
        await home.until(lambda: len(home.table.keys) == 5)
        await home.press("j", "a")
        await home.until(lambda: len(home.table.marks) == 5)
        assert "4 marked" in home.lines[1]
        await home.press("space")
        await home.until("3 marked")
        await home.press("a")
        await home.until("4 marked")
        await home.press("a")
        await home.until(lambda: "marked" not in home.text)
        await home.press("a", "slash", *["backspace"] * 10)
        await home.type("smoke")
        await home.press("enter")
        await home.until(lambda: len(home.table.keys) == 1)
        # Marks of rows that are hidden are not acted on, and wait.
        assert "marked" not in home.text
        await home.press("escape")
        await home.until("4 marked")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_the_question_fits_any_width(seeded: DemoServer, tmp_path: Path, width: int) -> None:
    async with desk(seeded, tmp_path, size=(width, 24), name="a profile", base_url=seeded.base_url) as home:
        await asked(home, "nightly-eval")
        assert home.bottom.rstrip().endswith("y yes  n no")
        assert " saved" in home.bottom
        await home.press("n")
        await home.press("a", "c")
        await home.until("esc no")
        assert home.bottom.rstrip().endswith("⏎  esc no") and ("k+ done" if width == 60 else " saved") in home.bottom
        if width >= 120:
            assert f"at a profile · {home.app.session.profile.host}?" in home.bottom


async def test_what_is_not_reached_stays_marked_and_is_tried_again(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.flows.cancel._FIRST_WAIT", 0.01)
    await runaways(server, 6)
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until(lambda: len(home.table.keys) == 6)
        server.faults.add(Fault("batches.cancel", "status", times=1, status=400, message="Not [/now]."))
        server.faults.add(Fault("batches.cancel", "drop_before", skip=2, times=None))
        await home.press("a", "c")
        await home.until("y yes")
        await home.press("y")
        await home.told("2 cancelling, 1 refused (runaway ")
        assert ": Not [/now]), 3 not reached (The connection to " in home.notice
        assert "Those not reached are still marked: c tries them again." in home.notice
        assert len(home.table.marks) == 3 and len(home.app.cancelling.failed) == 4
        failed = home.app.cancelling.failed
        refused = next(key for key, why in failed.items() if why.startswith("Cancel refused: "))
        for key in failed:
            home.table.move_to(key)
            await home.until(f"! {failed[key]}"[:40])
        server.faults.clear()
        await home.press("c")
        await home.until("Cancel 3 batches at test")
        await home.press("y")
        await home.told("3 cancelling.")
        assert [found["id"] for found in api.batches(server) if found["status"] == "in_progress"] == [refused]


async def test_a_wait_that_the_server_asks_for_is_told(server: DemoServer, tmp_path: Path) -> None:
    await runaways(server, 2)
    server.faults.add(Fault("batches.cancel", "rate_limit", retry_after=3))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: len(home.table.keys) == 2)
        await home.press("a", "c")
        await home.until("y yes")
        await home.press("y")
        await home.told("asks for fewer requests (429).")
        assert "Going on in 3s; 2 still to be cancelled." in home.notice
        # Leaving now would leave two running: that is asked about.
        await home.press("q")
        await home.until("2 cancels still to be sent. Stop and quit?")
        await home.press("n")
        await home.told("2 cancelling.")


async def test_one_that_was_cancelled_offers_what_was_done(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await asked(home, "nightly-eval")
        await home.press("y")
        await home.until(lambda: "◌ cancelling" in home.line("nightly-eval"))
        seeded.clock.jump(900)
        await home.told("nightly-eval: cancelled, 2,6")
        assert "of 4,000 requests done. o on its row reads what was done." in home.notice
        await home.press("o")
        await home.until(lambda: home.room == "Results")


@pytest.mark.parametrize("status", [405, 501])
async def test_a_server_without_cancel_is_asked_once(seeded: DemoServer, tmp_path: Path, status: int) -> None:
    seeded.faults.add(Fault("batches.cancel", "status", status=status, message="Not here.", times=None))
    async with desk(seeded, tmp_path) as home:
        await asked(home, "nightly-eval")
        await home.press("y")
        await home.told("has no cancel: its batches run to their end.")
        calls = seeded.calls["batches.cancel"]
        await home.cursor_to("crawl-summaries")
        await home.press("escape")
        await home.until(lambda: not home.notice)
        await home.press("c")
        await home.told("has no cancel: its batches run to their end.")
        assert "y yes" not in home.text and seeded.calls["batches.cancel"] == calls == 1


async def test_the_parts_of_a_file_are_cancelled_as_one(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.flows.cancel._FIRST_WAIT", 0.01)
    for number in range(1, 4):
        api.create(server, request(number), description=f"docs {number}/3", lazybatch_group="the-group")
    server.clock.jump(8)
    async with desk(server, tmp_path) as home:
        await home.until("docs  3 parts")
        await home.press("space")
        await home.until("3 marked")
        server.faults.add(Fault("batches.cancel", "drop_before", skip=2, times=None))
        await home.press("c")
        await home.until("Cancel 3 batches at test")
        await home.press("y")
        await home.told("2 cancelling, 1 not reached")
        assert len(home.table.marks) == 1
        server.faults.clear()
        # The same row, and only what is left of it.
        await home.press("c")
        await home.until("Cancel docs ")
        await home.press("y")
        await home.until(lambda: not home.table.marks)
        assert {found["status"] for found in api.batches(server)} == {"cancelling"}
