"""How far back home looks, and what it says where the list may not be whole."""

import json
import time
from pathlib import Path

import pytest

from tests.conftest import OddServer, http
from tests.ui import api
from tests.ui.desk import desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

DAY = 86_400
# Newest first, two pages: the second begins beyond the horizon.
PAGES = ((("new", 1), ("older", 33)), (("oldest", 60),))


def old_account(odd: OddServer) -> None:
    for place, page in enumerate(PAGES):
        items = [
            {"id": name, "status": "completed", "created_at": int(time.time()) - days * DAY} for name, days in page
        ]
        odd.say(json.dumps({"data": items, "has_more": place + 1 < len(PAGES)}))


async def test_thirty_days_unless_all_are_asked_for(odd: OddServer, tmp_path: Path) -> None:
    old_account(odd)
    async with desk(odd.base_url, tmp_path, size=(120, 30)) as home:
        await home.until("list may be incomplete: older ones are not asked for")
        assert "older" in home.text and "oldest" not in home.text
    odd.answers.clear()
    old_account(odd)
    async with desk(odd.base_url, tmp_path / "all", size=(120, 30), everything=True) as home:
        await home.until("oldest")
        await home.until("● live")
        assert "incomplete" not in home.text


def batches(*names: str) -> list[dict[str, object]]:
    return [{"id": name, "status": "completed", "created_at": int(time.time())} for name in names]


@pytest.mark.parametrize(
    "second", [{"data": batches("newest"), "has_more": True}, {"data": [], "has_more": True}], ids=["repeats", "empty"]
)
async def test_a_list_that_does_not_go_on_is_told(odd: OddServer, tmp_path: Path, second: dict[str, object]) -> None:
    first = json.dumps({"data": batches("newest"), "has_more": True})

    def answer(head: str) -> bytes:
        return http(json.dumps(second) if "after=" in head.split()[1] else first)

    odd.answers = [answer]
    async with desk(odd.base_url, tmp_path, size=(120, 30)) as home:
        await home.until("list may be incomplete: the server repeats a page")
        assert "newest" in home.text


async def test_a_narrow_screen_has_no_room_for_the_reason(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="a batch")
    server.faults.add(Fault("batches.list", "stuck_page", times=None))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: home.lines[0].rstrip().endswith("● live · list may be incomplete"))


async def test_a_whole_list_says_nothing(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(120, 30)) as home:
        await home.until("● live")
        assert "incomplete" not in home.text
