"""Results of several batches, read as one."""

import json
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, write
from tests.ui.screens.results.desk import answer, content, ids, opened, raw
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.screens.submit.screen import Submit

FAILING = "prompt A/B 🅱"


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def run_again(home: Desk) -> None:
    """From home, submit what is left of the failing batch."""
    await opened(home, FAILING)
    await home.press("R")
    await home.until("requests to run again to")
    await home.press("enter")
    await home.until(lambda: home.room == "Submit" and "Ready to submit." in home.text)
    screen = home.app.screen
    assert isinstance(screen, Submit)
    # It keeps the name of its parent unless its user gives it one.
    assert screen.description.input.value == FAILING
    screen.description.input.value = "prompt-A-B.remainder"
    await home.press("ctrl+s")
    await home.until("y yes")
    await home.press("y")
    await home.until(lambda: home.room == "Home")


async def test_a_batch_and_its_remainder_are_read_as_one(
    seeded: DemoServer, tmp_path: Path, working_folder: Path
) -> None:
    async with desk(seeded, tmp_path, size=(140, 30)) as home:
        await run_again(home)
        parent, rest = home.batch(FAILING), home.batch("prompt-A-B.remainder")
        failed = parent.counts.failed  # type: ignore[union-attr]  # it has some
        # While it runs it is left out, and said to be.
        await opened(home, FAILING)
        await home.until("⚠ without prompt-A-B.remainder: It is still")
        assert f"✗ {failed} failed" in home.text and "output: " in home.head
        await home.press("R")
        await home.until("requests to run again to")
        await home.press("enter")
        await home.until("is there already. Replace it?")
        await home.press("y")
        await home.until("prompt-A-B.remainder is running some of them again. Write them all the same?")
        await home.press("n", "escape")
        await home.until(lambda: home.room == "Home")
        seeded.knobs.failure_rate = 0.0
        seeded.clock.jump(3600)
        await home.press("r")
        await home.until(lambda: not home.batch("prompt-A-B.remainder").status.active)
        left = api.batch(seeded, rest.id)["request_counts"]["failed"]
        for name in (FAILING, "prompt-A-B.remainder"):
            await opened(home, name)
            await home.until(lambda: "250 requests of 2 batches" in home.head)
            assert f"as one  {FAILING} + prompt-A-B.remainder" in home.text
            assert f"✓ {250 - left} ok · ✗ {left} failed · 0 missing · agrees with the counts" in home.text
            await home.press("escape")
            await home.until(lambda: home.room == "Home")
        await opened(home, FAILING)
        await home.until(lambda: "250 requests of 2 batches" in home.head)
        asked = ids(raw(seeded, parent.input_file_id))
        again = content(seeded, api.batch(seeded, rest.id)["output_file_id"])
        place = asked.index(again[0]["custom_id"])
        await home.press("colon")
        await answer(home, again[0]["custom_id"])
        await home.until(lambda: home.table.position == (place + 1, 250))
        said = again[0]["response"]["body"]["output"][0]["content"][0]["text"]
        await home.until(" ".join(said.split())[:40])
        for title in ("output: ", "errors: ", "250 requests of 2 batches"):
            await home.press("e")
            await home.until(lambda title=title: title in home.head)  # type: ignore[misc]
        await home.press("E")
        await answer(home, "jsonl")
        await answer(home, "all.jsonl")
        await home.until("Wrote 250 requests with their results to")
        lines = [json.loads(line) for line in (working_folder / "all.jsonl").read_bytes().splitlines()]
        assert ids(lines) == asked
        assert sum(bool(line["response"] and line["response"]["status_code"] == 200) for line in lines) == 250 - left


async def test_the_parts_of_a_file_are_read_as_one(server: DemoServer, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "sums.jsonl", 10)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, part in enumerate((lines[:4], lines[4:8], lines[8:]), 1):
        api.create(server, b"".join(part), description=f"sums {number}/3", lazybatch_group="g")
    server.clock.jump(900)
    async with desk(server, tmp_path, size=(140, 30)) as home:
        await opened(home, "sums 2/3")
        await home.until(lambda: "10 requests of 3 batches" in home.head)
        assert "as one  sums 1/3 + sums 2/3 + sums 3/3" in home.text and "✓ 10 ok · ✗ 0 failed" in home.text
        # Still on the request that the cursor was on while only this part was here.
        assert 5 <= home.table.position[0] <= 8
        await home.press("g")
        shown = [line.split()[1] for line in home.lines if " request-" in line and " 200 " in line]
        assert shown == [f"request-{number}" for number in range(10)]
        await home.press("v", "v")
        await home.until('"custom_id": "request-0"')


async def test_a_part_whose_files_are_gone_is_left_out(server: DemoServer, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "sums.jsonl", 8)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, part in enumerate((lines[:4], lines[4:]), 1):
        api.create(server, b"".join(part), description=f"sums {number}/2", lazybatch_group="g")
    server.clock.jump(900)
    async with desk(server, tmp_path, size=(140, 30)) as home:
        # The second file that is fetched.
        server.faults.add(Fault("files.content", "status", times=1, status=404, skip=1))
        await opened(home, "sums 1/2")
        await home.until("⚠ without sums 2/2: The output file is no longer on the server")
        assert "✓ 4 ok · ✗ 0 failed · 0 missing" in home.text and "output: 4 lines" in home.head
