"""Batches that their server no longer knows, on home and on their page."""

import time
from pathlib import Path

from tests.conftest import OddServer
from tests.list_of_batches import Batches, batch
from tests.ui.desk import Desk, desk

NOW = int(time.time())


def running(name: str, created_at: int) -> dict[str, object]:
    return batch(name, created_at, "in_progress")


async def again(home: Desk, seen: str) -> None:
    """Ask the server until the row under the cursor shows `seen`."""

    async def asked() -> bool:
        await home.press("r")
        await home.settle()
        return seen in home.cursor_row

    for _ in range(50):
        if await asked():
            return
    raise AssertionError(home.text)


async def test_a_batch_that_its_server_forgot(odd: OddServer, tmp_path: Path) -> None:
    server = Batches(running("lost", NOW - 300), batch("kept", NOW - 100))
    odd.answers = [server]
    async with desk(odd.base_url, tmp_path) as home:
        await home.until("job lost")
        await home.cursor_to("job lost")
        await home.until(lambda: "running" in home.cursor_row)
        lost = server.known.pop("lost")
        await again(home, " gone ")
        assert "1 running" not in home.text
        # It cannot be cancelled, and it is no active one.
        await home.press("c")
        await home.told("Nothing to cancel")
        await home.press("enter")
        await home.until(" no longer knows this batch.")
        await home.until("gone")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
    retrieved = len(server.retrieved)
    async with desk(odd.base_url, tmp_path) as home:
        # A restart shows the same, and asks for it no more.
        await home.until("● live")
        await home.until("job lost")
        assert " gone " in home.line("job lost")
        assert len(server.retrieved) == retrieved
        server.known["lost"] = lost
        await home.cursor_to("job lost")
        await again(home, "running")


async def test_an_ended_batch_that_is_no_longer_listed(odd: OddServer, tmp_path: Path) -> None:
    server = Batches(batch("lost", NOW - 300), batch("kept", NOW - 100))
    odd.answers = [server]
    async with desk(odd.base_url, tmp_path) as home:
        await home.until("job lost")
        assert "done" in home.line("job lost")
    del server.known["lost"]
    async with desk(odd.base_url, tmp_path) as home:
        await home.until(lambda: " gone " in home.line("job lost"))
        assert "done" in home.line("job kept")
