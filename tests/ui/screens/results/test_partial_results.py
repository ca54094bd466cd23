"""Results on their way: read before they are whole, cut off, gone, stopped."""

from pathlib import Path

from tests.ui import api
from tests.ui.desk import desk, request
from tests.ui.screens.results.desk import files_in, opened
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FAILING = "prompt A/B 🅱"
LABELS = "labels-2026-11-18"  # 600 good answers, 459 kB


async def test_the_first_lines_are_read_while_the_rest_comes(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.content", "slow", times=None, bytes_per_s=150_000))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(LABELS)
        await home.press("o")
        await home.until(lambda: "answer  review-" in home.text)
        assert "downloading output:" in home.text and "+ lines" in home.head
        first = home.line(" 200 ")
        await home.press("j", "j")
        before = home.cursor_row
        await home.until("✓ 600 ok", 30)
        # Where the reader was, and what was read there, stayed.
        assert home.cursor_row == before and home.line(" 200 ") == first
        assert "output: 600 lines" in home.head
        assert not list(home.app.session.results_folder.glob("*.part"))


async def test_a_download_that_begins_again_does_not_confuse(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(LABELS)
        seeded.faults.add(Fault("files.content", "truncate", times=3, after_bytes=60_000))
        await home.press("o")
        await home.until("✓ 600 ok · ✗ 0 failed · 0 missing · agrees with the counts", 30)
        assert "output: 600 lines" in home.head
        await home.press("G")
        await home.until(lambda: home.cursor_row.split()[0] == "600")


async def test_a_running_batch_shows_what_it_offers(server: DemoServer, tmp_path: Path) -> None:
    offered = (
        b'{"custom_id":"early","response":{"status_code":200,"body":{"choices":[{"message":{"content":"Hi."}}]}}}\n'
    )
    head = api.upload(server, offered * 3 + b'{"custom_id":"half')
    api.create(server, b"".join(map(request, range(500))), description="runs")
    server.clock.jump(20)
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge={"output_file_id": head}))
    async with desk(server, tmp_path) as home:
        await home.cursor_to("runs")
        await home.until(lambda: "▶ running" in home.cursor_row)
        await home.press("o")
        await home.until("The batch is running: these are the first lines that there are.")
        assert "output: 3+ lines" in home.head and "Hi." in home.cursor_row
        assert "R run again" not in home.bottom and "t why" not in home.bottom
        await home.press("R", "t", "E")
        assert home.room == "Results" and "run again to" not in home.text
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        # Nothing that could be taken for the whole result later.
        await home.until(lambda: files_in(home.app.session.results_folder) == [])


async def test_what_is_here_is_shown_where_the_rest_is_gone(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(FAILING)
        api.call(seeded, f"/files/{home.batch(FAILING).error_file_id}", method="DELETE")
        await home.press("o")
        await home.until("The errors file is no longer on the server: it expired or was deleted.")
        assert "output: 205 lines" in home.head
        assert "t why" not in home.bottom and "R run again" not in home.bottom
        await home.press("e")
        await home.until("The errors file is not here.")
        await home.press("e")
        await home.until("answer  q")


async def test_a_search_of_what_is_there_works_while_more_comes(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("files.content", "slow", times=None, bytes_per_s=100_000))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(LABELS)
        await home.press("o")
        await home.until(lambda: "answer  review-" in home.text and home.table.position[1] > 40)
        await home.press(*"/positive", "enter")
        await home.until(lambda: "positive" in home.cursor_row and home.table.position[0] > 1)
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_x_stops_the_reading_and_the_next_look_takes_it_up(seeded: DemoServer, tmp_path: Path) -> None:
    # The output comes at once, the input slowly: the verdict waits for it.
    seeded.faults.add(Fault("files.content", "slow", times=1, skip=2, bytes_per_s=20_000))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(FAILING)
        await home.press("o")
        await home.until("reading the input file")
        assert "x stop" in home.bottom and "x stops it" in home.text
        await home.press("x")
        await home.until(lambda: "reading the input file" not in home.text)
        assert "x stop" not in home.bottom and "t reads them to the end." in home.text
        await home.press("R")
        await home.until("requests to run again to", 30)
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        await opened(home, FAILING)
