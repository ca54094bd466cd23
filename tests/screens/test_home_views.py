"""Views of the table, and batches that break a rule of the guard."""

from pathlib import Path

import pytest

from tests.screens import api
from tests.screens.desk import desk, request
from tests.screens.test_home import arrived
from tui.batches.batch import Batch, Status
from tui.demo.server import DemoServer
from tui.screens.home_view import View

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


async def test_home_lets_go_of_a_filter_that_was_closed(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        listeners = home.app.screen.text_selection_started_signal._subscriptions
        for _ in range(2):
            await home.press("slash")
            await home.until(lambda: len(listeners) == 1)
            await home.press("escape")
            await home.until(lambda: not listeners)
