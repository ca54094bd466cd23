"""Home: what it shows, what stays where it is, what it does with a provider's oddities."""

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

ALL = 31  # batches that the server is seeded with


async def arrived(home: Desk) -> None:
    await home.until(lambda: len(home.app.session.book) == ALL and "● live" in home.text)


async def test_batches_appear_with_what_they_add_up_to(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        row = home.line("smoke-test")
        assert "▶ running" in row and "60%" in row
        assert "レビュー分類" in home.text
        assert "◌ cancelling" in home.line("wrong-prompt")
        states = [found["status"] for found in api.batches(seeded)]
        running = sum(state in {"validating", "in_progress", "finalizing"} for state in states)
        tally = home.lines[1]
        for number, word in (
            (running, "running"), (states.count("cancelling"), "cancelling"), (states.count("completed"), "done"),
            (states.count("failed"), "failed"), (states.count("expired"), "expired"),
        ):  # fmt: skip
            assert f" {number} {word}" in tally
        assert home.bottom.startswith(" n new  ⏎ open  o results") and home.bottom.rstrip().endswith("? help  q quit")
        assert "127.0.0.1" in home.head and "…uite" in home.head
        assert "test-key" not in home.text


@pytest.mark.parametrize(
    ("size", "variable", "told"),
    [
        ((80, 24), "OPENAI_API_KEY", " · key …uite from OPENAI_API_KEY "),
        ((80, 24), "THE_KEY_OF_ANOTHER_PROVIDER_OF_BATCHES", " · key …uite "),
        ((60, 15), "OPENAI_API_KEY", " · key …uite "),
        ((60, 15), "KEY", " · key …uite"),
    ],
)
async def test_the_header_ends_with_where_the_key_came_from(
    seeded: DemoServer, tmp_path: Path, size: tuple[int, int], variable: str, told: str
) -> None:
    async with desk(seeded, tmp_path, size=size, key_env=variable) as home:
        await arrived(home)
        await home.settle()
        assert home.lines[0].split("127.0.0.1")[1].lstrip(":0123456789").startswith(told)
        assert home.lines[0].rstrip().endswith("● live") and "…" not in home.lines[0].replace("…uite", "")


async def test_the_key_leaves_the_header_first(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(60, 15), project="proj-a", read_only=True) as home:
        await arrived(home)
        assert "key" not in home.lines[0] and "proj-a" in home.lines[0]
        await home.pilot.resize_terminal(120, 24)
        await home.until(" · read-only · key …uite from OPENAI_API_KEY ")


async def test_what_moves_on_the_server_moves_here_without_a_key(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.cursor_to("labels-2026-11-23")
        await home.press("space")
        await home.cursor_to("smoke-test")
        before, marked = home.table.cursor_key, home.table.marks
        assert "✱" in home.line("labels-2026-11-23")
        seeded.clock.jump(100)
        await home.until(lambda: "✓ done" in home.line("smoke-test"))
        # It has ended, and stands further down: the cursor went with it, the mark stayed with the other.
        assert (home.table.cursor_key, home.table.marks) == (before, marked)
        assert "smoke-test" in home.cursor_row
        assert "✱" in home.line("labels-2026-11-23")
        assert home.text.count("✱") == 1
        assert "120 of 120" in home.lines[-3]


async def test_the_strip_tells_of_the_row_under_the_cursor(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        for name, told in (
            ("nightly-eval", "of 4,000"),
            ("queued behind the rest", "validating 1m1"),
            ("full-archive", "Over the limit of 900k enqueued tokens for gpt-4o."),
            ("labels-2026-11-23 (first try)", "line 2: This line is not parseable"),
        ):
            await home.cursor_to(name)
            await home.settle()
            assert told in home.lines[-3], name
            assert cell_len(home.lines[-3]) == 80


async def test_tab_does_not_take_the_keys_from_the_table(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        for key in ("tab", "tab", "shift+tab"):
            await home.press(key)
            before = home.table.cursor_key
            await home.press("j")
            assert home.table.cursor_key != before
        await home.pilot.click("#strip")
        assert home.table.has_focus


async def test_r_asks_the_server_at_once(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        assert "n chooses a file of requests" in home.text
        # Nothing is offered that has nothing to act on.
        assert home.bottom.split() == ["n", "new", "F", "files", "r", "refresh", "p", "pause", "?", "help", "q", "quit"]
        await home.press("o", "c", "d", "s", "slash", "enter", "a", "N", "y")
        await home.settle()
        assert home.room == "Home" and "y does nothing here now." in home.notice and home.table.has_focus
        api.create(server, request(1), description="made elsewhere")
        asked = server.calls["batches.list"]
        await home.press("r")
        # By itself it would ask in half a minute.
        await home.until("made elsewhere", patience=20)
        assert home.bottom.startswith(" n new  ⏎ open  o results")
        assert server.calls["batches.list"] > asked


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (60, "STATUS NAME PROGRESS FAIL"),
        (80, "STATUS NAME PROGRESS FAIL ETA COST AGE"),
        (120, "STATUS NAME MODEL PROGRESS REQUESTS FAIL ETA COST AGE"),
        (200, "STATUS NAME MODEL ENDPOINT PROGRESS REQUESTS FAIL RATE ETA ELAPSED EXPIRES COST AGE ID"),
    ],
)
async def test_more_width_shows_more_columns(seeded: DemoServer, tmp_path: Path, width: int, titles: str) -> None:
    async with desk(seeded, tmp_path, size=(width, 40)) as home:
        await arrived(home)
        await home.settle()
        header = home.line("STATUS")
        shown = header.split()
        # What has to go goes by importance; what stays keeps its order.
        assert shown == titles.split()
        assert [cell_len(line) for line in home.lines] == [width] * 40
        assert home.bottom.rstrip().endswith("? help  q quit")


@pytest.mark.parametrize("width", [80, 133])
async def test_wide_characters_keep_the_columns_in_line(server: DemoServer, tmp_path: Path, width: int) -> None:
    names = (
        "plain", "レビュー分類 11月分", "한국어 이름의 배치", "prompt 🅰️ 🚀🚀", "family 👩‍👩‍👧‍👦 flag 🇯🇵",
        "é combining e\u0301", "全角" * 30, "🚀" * 30,
    )  # fmt: skip
    for number, name in enumerate(names):
        api.create(server, request(number), description=name)
    async with desk(server, tmp_path, size=(width, 24)) as home:
        await home.until(lambda: len(home.app.session.book) == len(names))
        await home.settle()
        header = home.line("STATUS")
        where = cell_len(header[: header.index("AGE")])
        rows = [line for line in home.lines if "◇ validating" in line]
        assert len(rows) == len(names)
        for row in rows:
            assert cell_len(row) == width
            cut = next(place for place in range(len(row)) if cell_len(row[:place]) >= where)
            assert row[cut : cut + 3].strip() in {"0s", "1s", "2s", "3s", "4s"}, row


ODD: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "counts as a percent": ({"request_counts": "50%"}, [], " 50%"),
    "counts of null": ({"request_counts": {"total": None, "completed": None, "failed": None}}, [], "?"),
    "counts that are endless": ({"request_counts": {"total": 5, "completed": 10**30, "failed": -1}}, [], "? of 5"),
    "status of another provider": ({"status": "PRE_SCHEDULE"}, [], "? pre_sched…"),
    "status as a number": ({"status": 7}, [], "? ?"),
    "upper case": ({"status": "CANCELING"}, [], "◌ cancelling"),
    "no time": ({"created_at": {"at": "noon"}}, [], "?"),
    "a time in words": ({"created_at": "2026-01-01T00:00:00Z", "expires_at": "soon"}, [], "smoke-test"),
    "a time beyond all": ({"created_at": 10**40, "expires_at": -5}, [], "?"),
    "errors as text": ({"status": "failed", "errors": "line 3 is bad"}, [], "✗ failed"),
    "errors as a list": ({"status": "failed", "errors": [None, 5, {"line": "x", "message": []}]}, [], "✗ failed"),
    "metadata as a list": ({"metadata": ["a"], "usage": "much", "model": 5, "endpoint": None}, [], "made.jsonl"),
    "hardly anything": (
        {},
        ["request_counts", "created_at", "metadata", "model", "endpoint", "usage", "errors", "input_file_id", "status"],
        "? ?",
    ),
}


async def test_a_providers_oddity_costs_a_cell(server: DemoServer, tmp_path: Path) -> None:
    for name in ("smoke-test", "another"):
        api.create(server, request(1), description=name)
    async with desk(server, tmp_path) as home:
        # Made in the same second, the two stand in either order.
        await home.cursor_to("smoke-test")
        for odd, (merge, omit, shown) in ODD.items():
            server.faults.clear()
            server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge, omit=omit))
            asked = server.calls["batches.list"]
            await home.press("r")
            await home.until(lambda asked=asked: server.calls["batches.list"] > asked)  # type: ignore[misc]  # as it is now
            # The row and the strip that tells of it; the line of keys has a "?" of its own.
            await home.until(lambda shown=shown: shown in home.cursor_row + home.lines[-3])  # type: ignore[misc]
            await home.press("enter")
            await home.until("id  batch_")
            await home.press("escape", "o", "escape")
            await home.until(lambda: home.room == "Home")
            assert "● live" in home.text, odd


async def test_an_unknown_field_is_told_on_the_batch(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("batches.list", "rewrite", times=None, merge={"request_counts": [50], "expires_at": "x"}))
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.cursor_to("smoke-test")
        assert home.cursor_row.split()[3] == "?"
        await home.press("enter")
        await home.until("expires_at, request_counts.")
