"""Views of the table, and batches that break a rule of the guard."""

from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk, request
from tests.ui.screens.batches.test_batches_screen import arrived
from tui.batches.batch import Batch, Status
from tui.demo.server import DemoServer
from tui.ui.screens.batches.views import View

DAY = 86_400


async def test_each_key_shows_its_own(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(120, 50)) as home:
        await arrived(home)
        # One row for each batch.
        home.home.groups.opened.update(key for key in map(str, home.table.keys) if home.home.groups.get(key))
        active = {found["id"] for found in api.batches(seeded) if found["status"] in _ACTIVE}
        await home.press("2")
        assert {key for key in home.table.keys if not home.home.groups.get(str(key))} == active
        assert f"active  {len(active)} of 31" in home.lines[1] and "esc shows all" in home.lines[1]
        await home.until(lambda: home.home.expiring)
        await home.press("3")
        await home.until(lambda: "needs attention" in home.lines[1])
        shown = {str(key) for key in home.table.keys}
        lately = seeded.clock.now() - DAY
        spoilt = {
            found["id"] for found in api.batches(seeded)
            if (found["status"] == "failed" and found["failed_at"] > lately)
            or (found["status"] == "expired" and found["expired_at"] > lately)
        }  # fmt: skip
        assert spoilt and spoilt <= shown
        done = {found["id"] for found in api.batches(seeded) if found["status"] == "completed"}
        assert done & shown == {home.batch("translate-reviews-ja (pilot)").id}
        await home.press("1")
        assert len(home.table.keys) == 32 and "▶" in home.lines[1]
        await home.press("2", "slash")
        await home.type("smoke")
        await home.press("enter")
        assert "active  / smoke  1 of 31" in home.lines[1]
        await home.press("escape")
        assert len(home.table.keys) == 32


async def test_an_empty_view_says_so(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="fine")
    async with desk(server, tmp_path) as home:
        await home.until("fine")
        await home.press("3")
        await home.until("Nothing needs attention.")
        # The ways to other rows stay.
        assert "open" not in home.bottom and "/ filter" in home.bottom and "esc back" in home.bottom


@pytest.mark.parametrize(
    ("batch", "shown"),
    [
        (Batch("b", Status.FAILED, "failed", failed_at=1000), True),
        (Batch("b", Status.EXPIRED, "expired", expired_at=1000), True),
        (Batch("b", Status.FAILED, "failed"), True),
        (Batch("b", Status.FAILED, "failed", created_at=1000 - 2 * DAY), False),
        (Batch("b", Status.FAILED, "failed", failed_at=1000 - 2 * DAY), False),
        (Batch("b", Status.CANCELLED, "cancelled", cancelled_at=1000), False),
        (Batch("b", Status.COMPLETED, "completed"), False),
        (Batch("b", Status.COMPLETED, "completed", oddities=("usage",)), True),
        (Batch("suspect", Status.COMPLETED, "completed"), True),
    ],
)
def test_what_needs_attention(batch: Batch, shown: bool) -> None:
    assert View.ATTENTION.shows(batch, 1500.0, {"suspect"}) is shown


_ACTIVE = {"validating", "in_progress", "finalizing", "cancelling"}


async def test_the_line_of_keys_and_the_strip_tell_how_to_filter(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.press("slash")
        await home.until("⏎ keep it  esc no filter  tab complete")
        assert "status:running model:gpt-4o age:<2d" in home.lines[-3]
        await home.type("smoke sta")
        await home.press("tab")
        await home.until("smoke status:")
        # Half a term is told in place of what can be typed.
        await home.type("nonsense")
        await home.until(lambda: "nonsense" in home.lines[-3])
        await home.press("escape")
        await home.until(lambda: "validating 14s" in home.lines[-3] and "n new" in home.bottom)


async def test_an_order_by_a_column_that_is_not_shown_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(140, 24)) as home:
        await arrived(home)
        while home.home._order.column != "rate":
            await home.press("s")
            if "RATE" not in home.text:
                break
        while home.home._order.column != "cost":
            await home.press("s")
        await home.until("COST▾")
        assert "by cost" not in home.text
        await home.pilot.resize_terminal(60, 24)
        await home.until(lambda: "COST" not in home.text and "by cost▾" in home.lines[0])
        await home.pilot.resize_terminal(140, 24)
        await home.until(lambda: "COST▾" in home.text and "by cost" not in home.text)


async def test_home_lets_go_of_a_filter_that_was_closed(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        listeners = home.app.screen.text_selection_started_signal._subscriptions
        for _ in range(2):
            await home.press("slash")
            await home.until(lambda: len(listeners) == 1)
            await home.press("escape")
            await home.until(lambda: not listeners)
