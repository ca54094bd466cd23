"""Long work is shown; a second key does not replace it without a word."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk, request
from tests.ui.screens.results.desk import answer, files_in, left_behind, opened
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FAILING = "prompt A/B 🅱"


class SlowDisk:
    """A disk that takes what is written and does not say that it has it until `free` is set."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def fsync(self, _descriptor: int) -> None:
        self.free.wait(60)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    slow = SlowDisk()
    yield slow
    slow.free.set()


async def test_no_key_aborts_an_export(
    seeded: DemoServer, tmp_path: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        monkeypatch.setattr("tui.files.atomic.os", disk)
        await home.press("E")
        await answer(home, "jsonl")
        await answer(home, str(tmp_path / "work" / "all.jsonl"))
        await home.until("writing all.jsonl")
        for key in ("slash", "E", "w", "R", "f", "colon", "escape"):
            home.app.notices.clear()
            await home.press(key)
            await home.told("Still writing all.jsonl")
            assert "x stops it." in home.notice and home.room == "Results"
        assert not files_in(tmp_path / "work") or left_behind(tmp_path / "work")
        await home.press("q")
        await home.until("Still writing all.jsonl. Stop and quit?")
        await home.press("n")
        disk.free.set()
        await home.told("Wrote 250 requests with their results")
        assert files_in(tmp_path / "work") == ["all.jsonl"]
        # Then the keys do what they do.
        await home.press("slash")
        await home.until("text anywhere in a line")


async def test_x_stops_an_export_and_says_so(
    seeded: DemoServer, tmp_path: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        monkeypatch.setattr("tui.files.atomic.os", disk)
        await home.press("E")
        await answer(home, "jsonl")
        await answer(home, str(tmp_path / "work" / "all.jsonl"))
        await home.until("writing all.jsonl")
        await home.press("x")
        await home.told("Stopped writing all.jsonl.")
        await home.until("✓ ")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_a_key_for_what_is_not_there_says_so(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.press("n")
        await home.told("n does nothing here now: search for a text first.")
        await home.press("x")
        await home.told("x does nothing here now: nothing is under way.")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.press("c")
        await home.told("c does nothing here now.")


async def test_the_format_of_an_export_is_typed_anew(seeded: DemoServer, tmp_path: Path, disk: SlowDisk) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.press("E")
        await home.until("export as jsonl or csv")
        # What was chosen the last time stands there, and the first letter takes its place.
        await home.type("csv")
        await home.press("enter")
        await home.until("results.csv")
        await home.press("escape", "E")
        await home.until("export as jsonl or csv")
        await home.type("jsonlcsv")
        await home.press("enter")
        await home.until("There is no format 'jsonlcsv'")


async def test_files_are_not_listed_twice_at_a_time(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.list", "slow", times=None, delay_s=2))
    async with desk(seeded, tmp_path) as home:
        await home.until("● live")
        await home.press("F")
        await home.until(lambda: home.room == "Files" and not home.table.keys)
        await home.press("r")
        await home.told("Still reading the list of files.")
        await home.until(lambda: home.table.keys)
        asked = seeded.calls["files.list"]
        await home.press("r")
        await home.until(lambda: seeded.calls["files.list"] > asked)


async def test_the_input_of_a_failed_batch_is_fetched_once(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, b"{}\n" * 3, description="broken")
    server.clock.jump(600)
    server.faults.add(Fault("files.content", "slow", times=None, delay_s=2))
    async with desk(server, tmp_path) as home:
        await home.cursor_to("broken")
        await home.until(lambda: "failed" in home.cursor_row)
        await home.press("o")
        await home.until("⏎ fetches it.")
        await home.press("enter")
        await home.until(lambda: server.calls["files.content"] == 1)
        await home.press("enter")
        await home.told("Still fetching the input file.")
        assert server.calls["files.content"] == 1
        await home.until("12 problems · ")


async def test_a_second_download_of_the_same_says_so(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.content", "slow", times=None, delay_s=1))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(FAILING)
        await home.press("d")
        await home.until("downloading 1 of 1")
        await home.press("d")
        await home.told("It is being downloaded already.")


async def test_a_mended_file_is_told_and_what_cannot_be_mended_too(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    (samples / "blanks.jsonl").write_bytes(request(1) + b"\n" + request(2).replace(b"POST", b"post"))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("blanks.jsonl")
        await home.until("m mends what it can")
        await home.press("m")
        await home.until("Write blanks.mended.jsonl with")
        await home.press("y")
        await home.told("Wrote blanks.mended.jsonl with")
        await home.until("Ready to submit.")
        # Out of the fields, where it would be a letter.
        home.app.screen.set_focus(None)
        await home.press("m")
        await home.told("m does nothing here now: the file has no problems.")


async def test_work_on_a_file_keeps_its_place(
    server: DemoServer, tmp_path: Path, samples: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (samples / "blanks.jsonl").write_bytes(request(1) + b"\n" + request(2).replace(b"POST", b"post"))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("blanks.jsonl")
        await home.until("m mends what it can")
        monkeypatch.setattr("tui.files.output.os", disk)
        await home.press("m")
        await home.until("y yes")
        await home.press("y")
        for key in ("r", "e", "m", "escape"):
            home.app.notices.clear()
            await home.press(key)
            await home.until(lambda: "Still " in home.notice and "x stops it." in home.notice)
            assert home.room == "Submit"
        disk.free.set()
        await home.told("Wrote blanks.mended.jsonl")


async def test_a_notice_about_a_path_goes_with_the_screen(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    (samples / "good.jsonl").write_bytes(request(1))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.press("n")
        await home.until(lambda: home.room == "Pick" and home.table.keys)
        await home.press("slash")
        await home.type("nowhere.jsonl")
        await home.press("enter")
        await home.told("No such file or directory")
        # Who looks something up and comes back still finds it.
        home.app.screen.set_focus(home.table)
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        assert "No such file or directory" in home.notice
        home.app.pop_screen()
        await home.until(lambda: home.room == "Pick")
        assert "No such file or directory" in home.notice
        home.table.move_to(str(samples / "good.jsonl"))
        await home.press("enter")
        await home.until(lambda: home.room == "Submit")
        await home.until("Ready to submit.")
        assert "No such file" not in home.text


async def test_a_file_that_was_submitted_before_is_not_submitted_without_a_word(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    (samples / "twice.jsonl").write_bytes(request(1))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.submit("twice.jsonl")
        await home.pick("twice.jsonl")
        await home.until("A submits it again.")
        await home.press("ctrl+s")
        await home.told("Not submitted. Submitted before")
        assert "y yes" not in home.bottom and server.calls["batches.create"] == 1


async def test_what_is_being_cancelled_is_not_called_running(server: DemoServer, tmp_path: Path) -> None:
    made = api.create(server, b"".join(map(request, range(250))), description="stopped")
    now = int(server.clock.now())
    merge = {"status": "cancelling", "cancelling_at": now, "output_file_id": None, "error_file_id": None}
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: home.app.session.book.get(made) is not None)
        await home.until("cancelling")
        await home.press("o")
        await home.told("No results to read yet. The batch is cancelling.")
        await home.press("d")
        await home.told("Nothing to download: it is cancelling.")
