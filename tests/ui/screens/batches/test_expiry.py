"""Results that the server will not keep much longer are shown as such, as far as that is known."""

from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.results import expiry
from tui.ui.screens.batches import expiry as expiry_watch

DAY = 86_400


def finished(server: DemoServer, name: str, kept_for: int | None) -> str:
    """A batch that is over, whose results are kept for so many seconds, or for ever."""
    order = {
        "input_file_id": api.upload(server, b"".join(map(request, range(3)))), "endpoint": "/v1/chat/completions",
        "completion_window": "24h", "metadata": {"description": name},
    }  # fmt: skip
    if kept_for is not None:
        order["output_expires_after"] = {"anchor": "created_at", "seconds": kept_for}
    batch_id: str = api.call(server, "/batches", order)["id"]
    server.clock.jump(2000)
    return batch_id


async def test_what_expires_soon_needs_attention_until_it_is_saved(server: DemoServer, tmp_path: Path) -> None:
    for name, days in (("soon gone", 2), ("kept longer", 4), ("kept for ever", None)):
        finished(server, name, None if days is None else days * DAY)
    async with desk(server, tmp_path) as home:
        await home.until("⚠ 1 to save")
        assert " save " in home.line("soon gone")
        for name in ("kept longer", "kept for ever"):
            assert " save " not in home.line(name)
        await home.cursor_to("soon gone")
        await home.until("results expire in 1d22h: d saves them")
        await home.press("3")
        await home.until("needs attention  1 of 3")
        await home.press("d")
        await home.told("soon gone is downloaded")
        await home.until("Nothing needs attention.")
        await home.press("1")
        await home.until(lambda: " save " not in home.line("soon gone"))
        assert "to save" not in home.text
    # Nor at the next start.
    async with desk(server, tmp_path) as home:
        await home.until(lambda: server.calls["files.list"] == 2)
        await home.until("soon gone")
        await home.settle()
        assert not home.app.home.expiring  # type: ignore[attr-defined]  # it is the home screen
        assert "to save" not in home.text


async def test_reading_them_saves_them(server: DemoServer, tmp_path: Path) -> None:
    finished(server, "soon gone", 2 * DAY)
    async with desk(server, tmp_path) as home:
        await home.until(" save ")
        await home.press("o")
        await home.until(lambda: home.room == "Results" and len(home.table.keys) == 3)
        await home.press("escape")
        await home.until(lambda: home.room == "Home" and " save " not in home.line("soon gone"))


async def test_what_was_deleted_on_purpose_is_not_to_be_saved(server: DemoServer, tmp_path: Path) -> None:
    finished(server, "soon gone", 2 * DAY)
    async with desk(server, tmp_path) as home:
        await home.until(" save ")
        await home.press("F")
        await home.until(lambda: home.room == "Files" and "output" in home.text)
        await home.press("2")
        await home.until(lambda: len(home.table.keys) == 1)
        assert "1d2" in home.line("output")
        await home.press("x")
        await home.until("1 result not saved on this machine")
        await home.press("y")
        await home.until("There are no results.")
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home" and " save " not in home.line("soon gone"))


async def test_what_is_gone_already_is_no_matter_of_saving(server: DemoServer, tmp_path: Path) -> None:
    finished(server, "gone", 3600)
    server.clock.jump(DAY)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: server.calls.get("files.list"))
        await home.until("gone")
        await home.settle()
        assert " save " not in home.text


async def test_a_list_that_fails_or_lags_is_asked_for_again(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "_FIRST", 0.1)
    monkeypatch.setattr(expiry_watch, "_EVERY", 0.1)
    finished(server, "soon gone", 2 * DAY)
    server.faults.add(Fault("files.list", "server_error"))
    server.faults.add(Fault("files.list", "rewrite", omit=["id"]))
    async with desk(server, tmp_path) as home:
        await home.until("⚠ 1 to save")
        assert server.calls["files.list"] == 3
        # All is known now: nothing is asked for any more until there is something new.
        finished(server, "another", 2 * DAY)
        await home.until(lambda: server.calls["files.list"] == 4)


@pytest.mark.parametrize("status", [404, 400, 500])
async def test_nothing_is_guessed(server: DemoServer, tmp_path: Path, status: int) -> None:
    """Without the server's word of it nothing is said to expire."""
    finished(server, "soon gone", 2 * DAY)
    server.faults.add(Fault("files.list", "status", status=status, times=None))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: server.calls.get("files.list"))
        await home.until("live")
        await home.settle()
        assert " save " not in home.text and "to save" not in home.text
