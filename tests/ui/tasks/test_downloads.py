"""`d` at home: results come in the background, each batch with its outcome, whatever screen its user is on."""

from pathlib import Path

import pytest

from tests.ui.desk import Desk, desk
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.tasks.downloads import DownloadLine

NAMES = ("moderate-comments", "all rows refused", "prompt A/B 🅱")


def saved(folder: Path) -> list[str]:
    """The files that have their names."""
    return sorted(path.name for path in folder.rglob("*.jsonl") if not path.name.startswith("."))


def partial_sizes(folder: Path) -> list[int]:
    """The bytes of what is half here."""
    return [path.stat().st_size for path in folder.rglob("*.part")]


async def mark(home: Desk, *names: str) -> None:
    for name in names:
        await home.cursor_to(name)
        await home.press("space")


async def test_the_one_under_the_cursor(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("moderate-comments")
        await home.press("d")
        await home.told("moderate-comments is downloaded (641 kB), in ")
        batch = home.batch("moderate-comments")
        assert saved(tmp_path) == [f"{batch.id}.output.jsonl"]
        assert (home.app.session.results_folder / f"{batch.id}.output.jsonl").exists()
        await home.until(lambda: not home.app.screen.query(DownloadLine))
        calls = seeded.calls["files.content"]
        await home.press("d")
        await home.told("moderate-comments was here already, in ")
        # Reading it fetches nothing any more but the input.
        await home.press("o")
        await home.until(lambda: home.room == "Results" and len(home.table.keys) == 500)
        assert seeded.calls["files.content"] <= calls + 1


async def test_marked_ones_and_what_is_left_out(seeded: DemoServer, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    async with desk(seeded, tmp_path, downloads=chosen, name="prod/eu") as home:
        await mark(home, *NAMES, "nightly-eval", "empty export")
        await home.press("d")
        await home.told("3 downloaded (")
        await home.told("Left out: 1 not ended yet, 1 without results.")
        ids = {name: home.batch(name).id for name in NAMES}
        assert saved(chosen / "prod-eu" / ids["moderate-comments"]) == [f"{ids['moderate-comments']}.output.jsonl"]
        assert saved(chosen / "prod-eu" / ids["all rows refused"]) == [f"{ids['all rows refused']}.errors.jsonl"]
        assert len(saved(chosen / "prod-eu" / ids["prompt A/B 🅱"])) == 2
        # What is here is done with; the others are still to be seen to.
        assert home.table.marks == {home.batch("nightly-eval").id, home.batch("empty export").id}
        calls = seeded.calls["files.content"]
        await home.cursor_to("moderate-comments")
        await home.press("o")
        await home.until(lambda: home.room == "Results" and len(home.table.keys) == 500)
        assert seeded.calls["files.content"] <= calls + 1


async def test_from_the_screen_of_one_batch(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("moderate-comments")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        seeded.faults.add(Fault("files.content", "slow", bytes_per_s=400_000))
        await home.press("d")
        await home.until("downloading 1 of 1")
        await home.told("moderate-comments is downloaded (641 kB), in ")
        await home.until(lambda: not home.app.screen.query(DownloadLine))


@pytest.mark.parametrize(("name", "why"), [("nightly-eval", "it is running"), ("empty export", "it has no results")])
async def test_nothing_to_download(seeded: DemoServer, tmp_path: Path, name: str, why: str) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until(lambda: any(batch.description == name for batch in home.app.session.book))
        found = [batch for batch in home.app.session.book if batch.description == name]
        home.table.move_to(next(batch.id for batch in found if batch.status.active or name != "nightly-eval"))
        await home.press("d")
        await home.told(f"Nothing to download: {why}.")
        assert not home.app.downloading


async def test_failures_are_told_and_stay_marked(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(NAMES[0])
        seeded.faults.add(Fault("files.content", "status", status=410))
        await mark(home, *NAMES)
        await home.press("d")
        await home.told("2 downloaded (")
        await home.told("1 failure: ")
        await home.told("file is no longer on the server: it expired or was deleted.")
        # It would not come back.
        assert "tries again" not in home.notice
        assert len(home.table.marks) == 1
        await home.press("d")
        await home.told(" is downloaded (")
        assert not home.table.marks


async def test_it_goes_on_behind_other_screens_and_is_asked_about_on_quit(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.content", "slow", bytes_per_s=300_000))
    async with desk(seeded, tmp_path) as home:
        await mark(home, "moderate-comments", "labels-2026-11-18")
        await home.press("d")
        await home.until("downloading 1 of 2")
        # Asked again, they do not come twice.
        await home.press("d")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.press("q")
        await home.until("Results are being downloaded. Stop and quit?")
        await home.press("n")
        seeded.faults.clear()
        await home.told("2 downloaded (")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        assert not home.app.screen.query(DownloadLine)
        assert len(saved(tmp_path)) == 2


async def test_what_was_broken_off_by_quitting_is_gone_on_with(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.content", "slow", bytes_per_s=100_000))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("moderate-comments")
        await home.press("d")
        await home.until(lambda: any(partial_sizes(tmp_path)))
        await home.press("q")
        await home.until("Stop and quit?")
        await home.press("y")
        await home.until(lambda: not home.app.is_running)
    assert 0 < sum(partial_sizes(tmp_path)) < 600_000
    assert saved(tmp_path) == []
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("moderate-comments")
        await home.press("d")
        await home.told("moderate-comments is downloaded (641 kB), in ")
    assert len(saved(tmp_path)) == 1
    assert partial_sizes(tmp_path) == []


async def test_a_folder_that_cannot_be_written(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, downloads=Path("/proc/lazybatch")) as home:
        await mark(home, *NAMES)
        await home.press("d")
        await home.told("3 failures: ")
        await home.told("Cannot write /proc/lazybatch/test/batch_")
        await home.told("d tries again.")
        assert "files.content" not in seeded.calls


async def test_before_there_is_a_connection(tmp_path: Path, seeded: DemoServer) -> None:
    """What the cache has shown may be asked for at once."""
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("moderate-comments")
    seeded.stop()
    async with desk(seeded.base_url, tmp_path) as home:
        await home.cursor_to("moderate-comments")
        await home.press("d")
        await home.until(lambda: "Still connecting" in home.notice or "Cannot reach" in home.notice)
