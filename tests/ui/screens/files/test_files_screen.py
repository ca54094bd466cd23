"""The files screen: what the server keeps, what refers to it, and what goes when it is asked to."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.batches.stored_files import StoredFile, Uses
from tui.demo.engine.records import FileRecord
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.screens.files.file_rows import held, rows
from tui.ui.tasks.downloads import DownloadLine


async def opened(home: Desk) -> None:
    """The files screen, with everything on it."""
    await home.until(lambda: "live" in home.head)
    await home.press("F")
    await home.until(lambda: home.room == "Files" and len(home.table.keys) and "more to come" not in home.text)
    await home.settle()


def ids(server: DemoServer) -> set[str]:
    """The files that the server has."""
    return {file["id"] for file in api.call(server, "/files")["data"]}


def orphan(server: DemoServer, name: bytes = b"{}\n") -> str:
    """An upload of two hours ago that nobody made a batch of."""
    file_id = api.upload(server, name)
    server.clock.jump(7200)
    return file_id


def finished(server: DemoServer, rows: int = 3) -> dict[str, str]:
    """A batch that is over."""
    batch_id = api.create(server, b"".join(map(request, range(rows))), description="sums of two")
    server.clock.jump(2000)
    found: dict[str, str] = api.batch(server, batch_id)
    assert found["status"] == "completed"
    return found


async def test_what_there_is(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server)
    batch = finished(server)
    running = api.batch(server, api.create(server, request(1), description="still at it"))
    async with desk(server, tmp_path) as home:
        await opened(home)
        # The newest first.
        assert home.table.keys[0] == running["input_file_id"]
        assert home.table.keys[-1] == lost
        assert set(home.table.keys) == ids(server) >= {batch["input_file_id"], batch["output_file_id"]}
        assert home.line("SIZE").split() == ["FILE", "KIND", "SIZE", "AGE▴", "LEFT", "USED", "BY"]
        assert "output" in home.line("✓ sums of two")
        assert " 29d " in home.line("still at it") and "input" in home.line("still at it")
        assert " – " in home.line("output")  # it never expires, as far as the server says
        assert home.lines[4 + len(home.table.keys) - 1].rstrip().endswith("orphan")
        assert "4 files" in home.text and "1 orphan, 3 B" in home.text


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (60, 15)])
async def test_every_size_has_its_columns(seeded: DemoServer, tmp_path: Path, size: tuple[int, int]) -> None:
    async with desk(seeded, tmp_path, size=size) as home:
        await opened(home)
        assert "FILE" in home.text and "SIZE" in home.text and "USED BY" in home.text
        assert ("ID" in home.line("SIZE").split()) == (size[0] == 200)
        assert {cell_len(line) for line in home.lines} == {size[0]}


async def test_enter_goes_to_the_batch_and_back(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server)
    batch = finished(server)
    async with desk(server, tmp_path) as home:
        await opened(home)
        home.table.move_to(batch["output_file_id"])
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.until("sums of two")
        await home.press("escape")
        await home.until(lambda: home.room == "Files")
        home.table.move_to(lost)
        await home.press("enter")
        await home.told("No batch that is known refers to this file.")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_filter_views_and_orders(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home)
        everything = len(home.table.keys)
        await home.press("3")
        await home.until("orphans  2 of ")
        assert len(home.table.keys) == 2
        await home.press("2")
        await home.until(lambda: "results " in home.text and all("output" in home.line(word) for word in ["✓"]))
        assert 10 < len(home.table.keys) < everything
        await home.press("escape")
        await home.until(lambda: len(home.table.keys) == everything)
        await home.press("slash")
        await home.until("⏎ keep it  esc no filter  tab complete")
        assert "words of a name, a kind or a batch; orphan" in home.lines[-3]
        await home.type("labels inp")
        await home.press("tab")
        await home.until(lambda: 0 < len(home.table.keys) < 10)
        # Letters are typed, and delete nothing.
        await home.type(" x")
        await home.until("No file fits.")
        await home.press("escape")
        await home.until(lambda: len(home.table.keys) == everything)
        assert "files.delete" not in seeded.calls
        sizes = {file["id"]: file["bytes"] for file in api.call(seeded, "/files")["data"]}
        while "SIZE▾" not in home.text:
            await home.press("s")
            await home.settle()
        await home.until(lambda: sizes[str(home.table.keys[0])] == max(sizes.values()))
        assert "by size" not in home.text
        await home.press("S")
        await home.until(lambda: "SIZE▴" in home.text and sizes[str(home.table.keys[0])] == 0)
        while "AGE▴" not in home.text:
            await home.press("s")
            await home.settle()
        await home.pilot.resize_terminal(60, 24)
        await home.until(lambda: "AGE" not in home.text and "by age▴" in home.lines[1])


# Deleting


async def test_every_answer_but_yes_is_no(server: DemoServer, tmp_path: Path) -> None:
    orphan(server)
    async with desk(server, tmp_path) as home:
        await opened(home)
        for key in ("enter", "escape", "n", "q"):
            await home.press("x")
            await home.until("Delete made.jsonl (3 B)")
            assert "of no batch" in home.text
            await home.press(key)
            await home.until(lambda: "y yes" not in home.text)
        assert "files.delete" not in server.calls
        assert home.room == "Files"


async def test_marked_ones_go_and_what_is_in_use_stays(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server)
    batch = finished(server)
    running = api.batch(server, api.create(server, request(1), description="still at it"))
    async with desk(server, tmp_path) as home:
        await opened(home)
        await home.press("a")
        await home.until("4 marked")
        await home.press("x")
        await home.until("y yes")
        assert "Delete 3 files (" in home.bottom
        await home.until("1 result not saved on this machine; 1 in use left out; of sums of two (done)")
        await home.press("y")
        await home.told("3 deleted (")
        await home.until(lambda: home.table.keys == (running["input_file_id"],))
        assert ids(server) == {running["input_file_id"]}
        assert {lost, batch["output_file_id"]}.isdisjoint(ids(server))
        # The one in use alone is not even asked about.
        await home.press("x")
        await home.told("Nothing was deleted: a batch that runs, or a submission that is not over, uses it.")
        assert "y yes" not in home.text


async def test_of_many_the_number_is_typed(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home)
        await home.press("2", "a")
        number = len(home.table.keys)
        await home.until(f"{number} marked")
        await home.press("x")
        await home.until(f"type {number}")
        await home.press("y", "enter")
        await home.until(lambda: "type " not in home.text)
        assert "files.delete" not in seeded.calls
        await home.press("x")
        await home.until(f"type {number}")
        await home.press(*str(number), "enter")
        await home.told(f"{number} deleted (")
        await home.until("There are no results.")
        assert not any(file["purpose"] == "batch_output" for file in api.call(seeded, "/files")["data"])


async def test_a_batch_made_of_it_while_the_question_waits(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server, request(1))
    async with desk(server, tmp_path) as home:
        await opened(home)
        await home.press("x")
        await home.until("y yes")
        order = {"input_file_id": lost, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        api.call(server, "/batches", order)
        await home.press("y")
        await home.told("made.jsonl: A batch that runs uses it.")
        assert "files.delete" not in server.calls
        assert home.table.keys == (lost,)


async def test_refused_and_gone(server: DemoServer, tmp_path: Path) -> None:
    first, second = orphan(server), orphan(server)
    async with desk(server, tmp_path) as home:
        await opened(home)
        server.faults.add(Fault("files.delete", "status", status=403, message="Not [/yours] \x1b[31m."))
        home.table.move_to(first)
        await home.press("x")
        await home.until("y yes")
        await home.press("y")
        await home.told("Not [/yours] ␛[31m.")
        assert first in ids(server)
        server.faults.clear()
        api.call(server, f"/files/{second}", method="DELETE")
        home.table.move_to(second)
        await home.press("x")
        await home.until("y yes")
        await home.press("y")
        await home.told("made.jsonl was gone already.")
        await home.until(lambda: home.table.keys == (first,))


async def test_a_read_only_profile_has_no_such_key(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server)
    async with desk(server, tmp_path, read_only=True) as home:
        await opened(home)
        assert "delete" not in home.bottom and "download" in home.bottom
        await home.press("x")
        await home.settle()
        assert "y yes" not in home.text
        assert ids(server) == {lost}


# What goes wrong


async def test_not_all_batches_are_known(server: DemoServer, tmp_path: Path) -> None:
    lost = orphan(server)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "live" in home.head)
        server.faults.add(Fault("batches.list", "status", status=404, times=None))
        await home.press("F")
        await home.until("Not all batches are known.")
        assert "orphan" not in home.line("made.jsonl")
        await home.press("x")
        await home.told("Nothing was deleted: not all batches are known, and one may use it.")
        server.faults.clear()
        await home.press("r")
        await home.until("orphan")
        assert "Not all batches" not in home.text
        assert lost in ids(server)


async def test_a_server_that_lists_no_files(server: DemoServer, tmp_path: Path) -> None:
    orphan(server)
    server.faults.add(Fault("files.list", "status", status=405, times=None))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "live" in home.head)
        await home.press("F")
        await home.until("does not list its files.")
        await home.until("The files are not known.")
        await home.press("x", "d", "enter", "a", "s", "S", "y", "3", "1")
        await home.settle()
        server.faults.clear()
        await home.press("r")
        await home.until("made.jsonl")


async def test_download_from_here(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home)
        home.table.move_to(home.batch("moderate-comments").output_file_id or "")
        seeded.faults.add(Fault("files.content", "slow", bytes_per_s=400_000))
        await home.press("d")
        await home.until("downloading 1 of 1")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.until("downloading 1 of 1")
        await home.press("F")
        await home.until(lambda: home.room == "Files" and home.app.screen.query(DownloadLine))
        await home.told("moderate-comments is downloaded")
        await home.until(lambda: not home.app.screen.query(DownloadLine))


async def test_thousands_of_files(server: DemoServer, tmp_path: Path) -> None:
    """They come page by page, and no key waits for them."""
    now = server.clock.now()
    assert server._store is not None
    server._store.save_files(
        FileRecord(f"file-{number:05}", f"part-{number}.jsonl", "batch", number, now - 7200 - number, now + 86400)
        for number in range(5000)
    )
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "live" in home.head)
        await home.press("F")
        await home.until("5,000 files")
        await home.until("5,000 orphans")
        await home.press("a", "s", "S", "G", "g")
        await home.until("5,000 marked")
        await home.settle()
        # A thousand at a time; the last page tells that there are no more.
        assert server.calls["files.list"] == 5
        await home.press("x")
        await home.until("type 5000")
        await home.press("escape")


def test_a_sum_of_which_not_all_is_known_says_so() -> None:
    files = [StoredFile("a", bytes=2000), StoredFile("b")]
    found = rows(files, Uses([], complete=True), 0.0, lambda batch: batch.id)
    assert held(found.values()) == f"at least {held([found['a']])}"


async def test_nothing_is_offered_where_there_is_nothing(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        await home.press("F")
        await home.until("The server keeps no files.")
        assert not {"⏎", "d", "x", "a", "/", "s"} & set(home.bottom.split()) and "esc back" in home.bottom
