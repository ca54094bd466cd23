"""The whole job, as a person does it: from a file to its answers."""

from pathlib import Path

from tests.ui import api
from tests.ui.desk import KEY, Desk, desk, request
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer


async def open_results(home: Desk) -> None:
    await home.press("o")
    await home.until(lambda: home.room == "Results" and "lines," in home.head)


async def test_from_a_file_to_its_answers(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.knobs.failure_rate = 0.1
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until("No batches yet.")
        await home.press("n")
        await home.until("reviews-200.jsonl")
        assert home.head.startswith("lazybatch › new batch › choose a file")
        await home.press("escape")
        await home.until(lambda: home.room == "Home")
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        assert "✓ 200 requests" in home.lines[1] and "gpt-4o-mini · /v1/chat/completions" in home.lines[1]
        await home.type("mine")
        await home.press("ctrl+s")
        await home.until("Submit 200 requests (gpt-4o-mini, under $0.01) to 127.0.0.1")
        assert "y yes  n no" in home.bottom
        assert server.calls.get("files.create", 0) == 0
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        assert "mine" in home.cursor_row and "◇ validating" in home.cursor_row
        [made] = api.batches(server)
        assert made["metadata"]["description"] == "mine"
        # It runs, then it is done.
        server.clock.jump(15)
        await home.press("r")
        await home.until(lambda: "▶ running" in home.cursor_row)
        server.clock.jump(600)
        await home.press("r")
        await home.until(lambda: "✓ done" in home.cursor_row)
        await read_it(home, server)


async def read_it(home: Desk, server: DemoServer) -> None:
    counts = api.batches(server)[0]["request_counts"]
    assert counts["failed"] > 5
    await open_results(home)
    assert f"output: {counts['completed']} lines" in home.head
    await home.until("› Classify")
    row = home.cursor_row.split()
    assert (row[0], row[2], row[3]) == ("1", "200", "stop")
    # The question under the table is that of the row's own request.
    await home.until(lambda: row[1] in home.line("answer  "))
    await home.press("v")
    await home.until("json  ")
    assert f'"custom_id": "{row[1]}"' in home.text
    await home.press("v")
    await home.until("request  ")
    assert f'"custom_id": "{row[1]}"' in home.text and '"method": "POST"' in home.text
    await home.press("v", "j")
    await home.until(lambda: home.cursor_row.split()[0] == "2" and "› " in home.text)
    assert home.cursor_row.split()[1] in home.line("answer  ")
    await home.press("e")
    await home.until(f"errors: {counts['failed']} lines")
    assert home.cursor_row.split()[2] != "200"
    await home.press("e", "G")
    await home.until(lambda: home.cursor_row.split()[0] == str(counts["completed"]))
    await home.press("tab", "j", "tab", "escape")
    await home.until(lambda: home.room == "Home")


async def test_results_are_read_again_without_the_server(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.submit("translate-ja-120.jsonl")
        server.clock.jump(900)
        await home.press("r")
        await home.until(lambda: "✓ done" in home.cursor_row)
        await open_results(home)
        await home.press("escape")
        read = server.calls["files.content"]
        await open_results(home)
        await home.until("› ")
        assert server.calls["files.content"] == read
        await home.press("e")
        await home.until("No request failed: there is no error file.")


async def test_one_batch_tells_its_life_and_follows_it(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.submit("questions-responses-150.jsonl")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.until("◇ validating")
        assert "/v1/responses" in home.line("endpoint")
        assert "output file  none" in home.text
        server.clock.jump(16)
        await home.press("r")
        await home.until("▶ running")
        assert "of 150" in home.line("requests")
        server.clock.jump(900)
        await home.press("r")
        await home.until("✓ done")
        assert "150 of 150" in home.line("requests")
        assert "file-" in home.line("output file") and "none" in home.line("error file")
        assert home.line("tokens") and home.line("cost")
        timeline = [line.split()[-4:] for line in home.lines if " ago" in line]
        assert len(timeline) == 4
        await home.press("G")
        await home.until("description = questions-responses-150")
        await home.press("o")
        await home.until(lambda: home.room == "Results")
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")


async def test_what_has_no_results_says_why(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("nightly-eval")
        await home.press("o")
        await home.told("No results to read yet. The batch is running.")
        assert home.room == "Home"


async def test_all_refused_opens_on_the_errors(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("all rows refused")
        await open_results(home)
        assert "errors: 60 lines" in home.head
        await home.press("e")
        await home.until("There is no output file.")


async def test_an_input_file_that_is_gone_leaves_the_answers(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("labels-2026-11-18")
        api.call(seeded, f"/files/{home.batch('labels-2026-11-18').input_file_id}", method="DELETE")
        await open_results(home)
        await home.until("answer  ")
        await home.press("v", "v")
        await home.until("no longer on the server")
        await home.press("j")
        await home.until(lambda: home.cursor_row.split()[0] == "2")


async def test_a_result_file_that_changes_while_it_is_open_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("labels-2026-11-18")
        await open_results(home)
        await home.until("› ")
        [output] = home.app.session.results_folder.glob("*.output.jsonl")
        output.write_bytes(b"")
        await home.press("pagedown", "G")
        await home.until("became shorter while it was open")
        await home.press("v", "g", "e", "e", "escape", "escape")
        await home.until(lambda: home.room == "Home")


async def test_a_download_that_breaks_off_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    from tui.demo.faults.faults import Fault

    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("labels-2026-11-18")
        batch = home.batch("labels-2026-11-18")
        api.call(seeded, f"/files/{batch.output_file_id}", method="DELETE")
        await home.press("o")
        await home.until("no longer on the server: it expired or was deleted")
        await home.press("escape")
        seeded.faults.add(Fault("files.content", "truncate", after_bytes=5_000))
        await home.cursor_to("labels-2026-11-22")
        await open_results(home)
        assert "output: 89" in home.head or "output: 90" in home.head


async def test_a_batch_says_how_old_it_is_while_the_server_is_away(tmp_path: Path) -> None:
    with DemoServer(clock=Clock(frozen=True), api_key=KEY) as server:
        api.create(server, request(1), description="endless")
        async with desk(server, tmp_path) as home:
            await home.until("endless")
            await home.press("enter")
            await home.until(lambda: home.room == "BatchScreen" and home.app.session.profile.host in home.head)
            server.stop()
            home.app.session.refresh()
            await home.until(lambda: "✗ updated" in home.head and "next try in" in home.head)
