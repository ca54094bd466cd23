"""The parts of one file at home: one row that opens and closes, and what keys mean on it."""

import json
import re
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.batches.batch import GROUP_KEY
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.app import LazybatchApp

PARTS = 3


def submit_parts(server: DemoServer, *numbers: int) -> list[str]:
    """The ids of the parts of a file, all of them or those of these numbers; a second apart."""
    made = []
    for number in numbers or range(1, PARTS + 1):
        metadata = {"description": f"embed-docs {number}/{PARTS}", GROUP_KEY: "the-group"}
        made.append(api.create(server, b"".join(map(request, range(10))), **metadata))
        server.clock.jump(1)
    return made


def running(server: DemoServer, done: int, failed: int = 0) -> None:
    """Each batch has so many of its 100 requests done."""
    server.faults.clear()
    now = int(server.clock.now())
    counts = {"total": 100, "completed": done - failed, "failed": failed}
    merge = {"status": "in_progress", "in_progress_at": now - 600, "request_counts": counts}
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


async def shown(home: Desk, batches: int) -> None:
    await home.until(lambda: len(home.app.session.book) == batches and "● live" in home.text)


async def on_the_group(home: Desk) -> None:
    """With the cursor on the row of the parts."""
    await home.press("g")
    while "embed-docs  3 parts" not in home.cursor_row:
        await home.press("j")


async def test_parts_are_one_row_with_their_sums(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    api.create(server, request(1), description="alone")
    running(server, 40, failed=4)
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS + 1)
        await home.settle()
        assert len(home.table.keys) == 2
        row = home.line("embed-docs")
        assert "▶ running" in row and "▸ embed-docs  3 parts" in row and "40%" in row and "10%" in row
        await on_the_group(home)
        await home.settle()
        assert "▶ 3 running" in home.lines[-3] and "120 of 300" in home.lines[-3] and "fails 12" in home.lines[-3]


async def test_the_others_tell_how_far_it_is_while_a_part_is_validated(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("embed-docs")
        await home.until(
            lambda: re.search(r"embed-docs  4/12 parts .*█ +~[0-9.]+%", home.line("embed-docs")) is not None
        )
        # Eight parts are not known yet: it stays a guess, of all twelve of them.
        seeded.clock.jump(120)
        await home.press("r")
        await home.until(lambda: "▶ running" in home.line("embed-docs") and "~" in home.line("embed-docs"))


async def test_the_progress_of_a_file_is_not_that_of_its_known_parts(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server, 1, 2)
    running(server, 90, failed=4)
    async with desk(server, tmp_path) as home:
        await shown(home, 2)
        await home.until(lambda: "embed-docs  2/3 parts" in home.text and "~60%" in home.line("embed-docs"))
        assert "2 of 3 parts: 180 of 200" in home.lines[-3]
        # The last one is there.
        server.faults.clear()
        submit_parts(server, 3)
        running(server, 90, failed=4)
        await home.press("r")
        await home.until(lambda: "embed-docs  3 parts" in home.text and " 90%" in home.line("embed-docs"))
        assert "parts:" not in home.lines[-3]


async def test_a_filter_counts_batches_and_says_how_many_rows_they_are(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    api.create(server, request(1), description="alone")
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS + 1)
        await home.press("slash")
        await home.type("embed")
        await home.press("enter")
        await home.until("3 of 4 batches in 1 row")
        await home.press("space")
        await home.until("3 marked")
        await home.press("space", "escape", "slash")
        await home.type("alone")
        await home.press("enter")
        await home.until("1 of 4 batches")
        assert " row" not in home.lines[1]


async def test_a_time_that_the_server_does_not_tell_is_not_taken_for_validating(
    server: DemoServer, tmp_path: Path
) -> None:
    api.create(server, request(1), description="timeless")
    omit = {"in_progress_at": None, "finalizing_at": None, "completed_at": None}
    merge = {"status": "in_progress", **omit}
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))
    server.clock.jump(7200)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "validating → running" in home.lines[-3])
        await home.press("enter")
        await home.until("running     The server does not say since when.")
        assert "validating  2h ago" in home.text and " for " not in home.line("validating")


async def test_its_id_is_the_one_that_its_parts_share(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    async with desk(server, tmp_path, size=(220, 30)) as home:
        await shown(home, PARTS)
        await home.until(lambda: "the-group" in home.line("embed-docs"))
        assert "␀" not in home.text


async def test_it_opens_and_closes_and_the_cursor_stays_with_it(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    running(server, 40)
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS)
        await on_the_group(home)
        await home.press("left")
        assert len(home.table.keys) == 1
        await home.press("right")
        await home.until("▾ embed-docs  3 parts")
        assert len(home.table.keys) == 1 + PARTS
        assert "  embed-docs 2/3" in home.text and "embed-docs  3 parts" in home.cursor_row
        await home.press("j", "j")
        assert "embed-docs 2/3" in home.cursor_row
        # Again changes nothing; from a part ← closes, and leads to the row that is left.
        await home.press("right")
        assert len(home.table.keys) == 1 + PARTS
        await home.press("left")
        await home.until(lambda: "▸ embed-docs  3 parts" in home.cursor_row)
        # ⏎ does either.
        await home.press("enter")
        assert len(home.table.keys) == 1 + PARTS
        await home.press("j", "enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.press("escape")
        await home.press("g", "enter")
        assert len(home.table.keys) == 1


async def test_marks_and_the_cursor_outlive_what_happens_around_them(server: DemoServer, tmp_path: Path) -> None:
    first = submit_parts(server)
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS)
        await on_the_group(home)
        await home.press("space")
        marks = home.table.marks
        api.create(server, request(1), description="newer")
        await home.press("r")
        await home.until("newer")
        assert "embed-docs  3 parts" in home.cursor_row and home.table.marks == marks
        assert "✱" in home.cursor_row
        # The marks of parts wait while they are not shown, and nothing is about them meanwhile.
        await home.press("space", "g")
        await on_the_group(home)
        await home.press("right", "j", "space")
        assert len(home.table.marks) == 1
        await home.press("left")
        assert not home.table.marks
        await home.press("right")
        assert home.table.marks <= set(first) and len(home.table.marks) == 1


async def test_a_single_part_becomes_a_group_under_the_cursor(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server, 1)
    async with desk(server, tmp_path) as home:
        await shown(home, 1)
        assert "embed-docs 1/3" in home.cursor_row and "part" not in home.cursor_row
        api.create(server, request(1), description="another")
        server.clock.jump(1)
        submit_parts(server, 2)
        await home.press("r")
        await shown(home, 3)
        assert len(home.table.keys) == 2
        assert "▸ embed" in home.cursor_row and "  2/3 parts" in home.cursor_row


async def test_cancel_is_about_every_part_and_says_how_many(server: DemoServer, tmp_path: Path) -> None:
    parts = submit_parts(server)
    other = api.create(server, request(1), description="not meant")
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS + 1)
        await on_the_group(home)
        await home.press("c")
        await home.until(lambda: "3" in home.bottom and "y yes" in home.bottom)
        await home.press("n")
        assert all(api.batch(server, batch_id)["status"] == "validating" for batch_id in parts)
        # Of parts with marks of their own, those.
        await home.press("space")
        await on_the_group(home)
        await home.press("right", "j", "space")
        await home.until("1 marked")
        await home.press("k", "space")
        await home.until("3 marked")
        await home.press("c")
        await home.until(lambda: "Cancel 3 " in home.bottom)
        await home.press("y")
        stopped = {"cancelling", "cancelled"}
        await home.until(lambda: all(api.batch(server, batch_id)["status"] in stopped for batch_id in parts))
        assert api.batch(server, other)["status"] == "validating"


async def test_results_are_those_of_all_parts(server: DemoServer, tmp_path: Path) -> None:
    parts = submit_parts(server)
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS)
        await on_the_group(home)
        await home.press("o")
        await home.told("none of 3 parts has any yet")
        server.clock.jump(2000)
        await home.until(lambda: all(api.batch(server, batch_id)["status"] == "completed" for batch_id in parts))
        await home.press("r")
        await home.until("✓ done")
        await home.press("o")
        await home.until(lambda: home.room == "Results" and " of 3 batches" in home.head)
        total = sum(api.batch(server, batch_id)["request_counts"]["total"] for batch_id in parts)
        assert f"{total} requests of 3 batches" in home.head


async def test_a_filter_that_fits_a_part_shows_the_group(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    api.create(server, request(1), description="alone")
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS + 1)
        await home.press("slash")
        await home.type("2/3")
        await home.press("enter")
        assert len(home.table.keys) == 1
        assert "embed-docs  3 parts" in home.cursor_row and "1 of 4" in home.lines[1]
        await home.press("right")
        assert len(home.table.keys) == 2 and "embed-docs 2/3" in home.text and "embed-docs 1/3" not in home.text
        # A key means what the filter lets through.
        await home.press("g", "c")
        await home.until(lambda: "embed-docs 2/3" in home.bottom)
        await home.press("n", "a")
        await home.until("1 marked")
        await home.press("a", "escape", "2")
        assert len(home.table.keys) == 2 + PARTS
        assert "active  4 of 4" in home.lines[1]


async def test_copying_takes_every_part(server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(LazybatchApp, "copy_to_clipboard", lambda _, text: copied.append(text))
    parts = submit_parts(server)
    async with desk(server, tmp_path) as home:
        await shown(home, PARTS)
        await on_the_group(home)
        await home.press("y")
        await home.told("The ids of 3 batches are in the clipboard")
        await home.press("Y")
        await home.until(lambda: len(copied) == 2)
    assert copied[0].split() == parts
    assert [found["id"] for found in json.loads(copied[1])] == parts


async def test_what_is_wrong_with_a_part_is_told_on_the_row(server: DemoServer, tmp_path: Path) -> None:
    submit_parts(server)
    running(server, 40)
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await shown(home, PARTS)
        await on_the_group(home)
        for _ in range(5):
            server.clock.jump(310)
            running(server, 40)
            asked = server.calls["batches.list"]
            seen_at = home.app.session.seen_at
            await home.press("r")
            await home.until(
                lambda asked=asked, seen_at=seen_at: (
                    server.calls["batches.list"] > asked  # type: ignore[misc]  # as now
                    and home.app.session.seen_at != seen_at
                )
            )
        await home.until(lambda: "embed-docs 1/3: stalled 25m" in home.lines[-3])
