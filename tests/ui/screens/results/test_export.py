"""What is taken out of the results: remainders, exports, single lines; and what cannot be."""

import csv
import json
import os
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk, request
from tests.ui.screens.results.desk import answer, content, files_in, ids, left_behind, opened, raw
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FAILING = "prompt A/B 🅱"


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files go whose input is only on the server."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when a file is to be made to last; the server's own is not."""
    monkeypatch.setattr("tui.files.atomic.os", _Full())


class _Full:
    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def fsync(self, _descriptor: int) -> None:
        raise OSError(28, "No space left on device")


async def test_the_remainder_is_written_and_submitted(seeded: DemoServer, tmp_path: Path, working_folder: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        parent = home.batch(FAILING)
        bad = set(ids(content(seeded, parent.error_file_id)))
        wanted = [line for line in raw(seeded, parent.input_file_id) if json.loads(line)["custom_id"] in bad]
        await home.press("R")
        await home.until(f"write {len(wanted)} requests to run again to")
        await home.press("enter")
        await home.until(lambda: home.room == "Submit" and "Ready to submit." in home.text)
        out = working_folder / "prompt-A-B.remainder.jsonl"
        assert out.read_bytes() == b"".join(wanted)
        assert f"✓ {len(wanted)} requests" in home.lines[1]
        await home.press("ctrl+s")
        await home.until("y yes")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        made = api.batches(seeded)[0]
        assert made["metadata"]["lazybatch_parent"] == parent.id and made["metadata"]["arm"] == "b"
        assert made["metadata"]["description"] == FAILING
        assert raw(seeded, made["input_file_id"]) == wanted


async def test_a_batch_without_any_result_file_is_retried_whole(server: DemoServer, tmp_path: Path) -> None:
    """One that was cancelled before its first request: all is missing, and nothing of it was paid."""
    parent = api.create(server, b"".join(map(request, range(3))), description="stopped early", team="red")
    api.call(server, f"/batches/{parent}/cancel", method="POST")
    server.clock.jump(60)
    async with desk(server, tmp_path) as home:
        await home.until("cancelled")
        await home.press("o")
        await home.until(lambda: home.room == "Results" and "3 missing" in home.text)
        await home.press("R")
        await home.until("write 3 requests to run again to")
        await home.press("enter")
        await home.until(lambda: home.room == "Submit" and "Ready to submit." in home.text)
        await home.press("ctrl+s")
        await home.until("y yes")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        made = api.batches(server)[0]
        assert made["id"] != parent
        assert made["metadata"]["lazybatch_parent"] == parent
        assert (made["metadata"]["description"], made["metadata"]["team"]) == ("stopped early", "red")
        old = api.batch(server, parent)
        assert raw(server, made["input_file_id"]) == raw(server, old["input_file_id"])
        assert len(api.batches(server)) == 2


async def test_results_that_disagree_with_the_counts_are_retried_after_a_question_alone(
    seeded: DemoServer, tmp_path: Path, working_folder: Path
) -> None:
    """What seems to be missing may have been answered and paid."""
    counts = {"request_counts": {"total": 250, "completed": 250, "failed": 0}}
    seeded.faults.add(Fault("batches.*", "rewrite", times=None, merge=counts))
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.press("R")
        await home.until("write 45 requests to run again to")
        await home.press("enter")
        await home.until("The results do not match the counts. Retry all the same?")
        await home.press("n")
        await home.settle()
        assert home.room == "Results" and not files_in(working_folder)


async def test_the_remainder_goes_beside_an_input_that_is_here(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    server.knobs.failure_rate = 0.1
    async with desk(server, tmp_path, samples=samples) as home:
        await home.submit("reviews-200.jsonl")
        server.clock.jump(600)
        await home.press("r")
        await home.until(lambda: "✓ done" in home.cursor_row)
        name = home.app.session.book.get(str(home.table.cursor_key)).description  # type: ignore[union-attr]  # it is there
        screen = await opened(home, str(name))
        await home.press("R")
        await home.until(lambda: screen.prompt.asking)
        goal = samples / "reviews-200.remainder.jsonl"
        assert screen.prompt.input.value == str(goal)
        goal.write_text("precious")
        await home.press("enter")
        await home.until("reviews-200.remainder.jsonl is there already. Replace it?")
        await home.press("n")
        await home.until(lambda: not screen.bottom.asking)
        assert goal.read_text() == "precious" and home.room == "Results"


async def test_one_failure_alone_is_run_again(seeded: DemoServer, tmp_path: Path, working_folder: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.press("t")
        await home.until(lambda: home.room == "Triage")
        number = int(home.cursor_row.split()[0])
        await home.press("R")
        await home.until(f"write {number} requests to run again to")
        await answer(home, "some.jsonl")
        await home.until(lambda: home.room == "Submit")
        assert len((working_folder / "some.jsonl").read_bytes().splitlines()) == number
        assert number < len(content(seeded, home.batch(FAILING).error_file_id))


async def test_results_of_another_batch_are_not_run_again(seeded: DemoServer, tmp_path: Path) -> None:
    other = next(
        batch for batch in api.batches(seeded) if (batch["metadata"] or {}).get("description") == "labels-2026-11-18"
    )
    merge = {"output_file_id": other["output_file_id"], "error_file_id": None}
    seeded.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(FAILING)
        await home.press("o")
        await home.until("⚠ None of the 600 results answers a request of this input file")
        await home.press("R")
        await home.until("write 250 requests to run again to")
        await home.press("enter")
        await home.told("they belong to another batch")
        assert home.room == "Results"


async def test_without_an_input_file_it_is_asked_for(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to(FAILING)
        batch = home.batch(FAILING)
        kept = tmp_path / "kept.jsonl"
        kept.write_bytes(api.download(seeded, str(batch.input_file_id)))
        api.call(seeded, f"/files/{batch.input_file_id}", method="DELETE")
        await opened(home, FAILING)
        assert "without the input file" in home.text and "missing" not in home.line(" ok · ")
        await home.press("R")
        await answer(home, str(tmp_path / "nowhere.jsonl"))
        await home.told("Cannot read nowhere.jsonl: No such file or directory.")
        await home.press("R")
        await answer(home, str(kept))
        await home.until("requests to run again to")
        await home.press("escape")
        await home.until("0 missing · agrees with the counts")


async def test_a_batch_without_failures_leaves_nothing_to_run(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, "labels-2026-11-18")
        await home.press("R")
        await home.until("Every request has an answer: there is nothing to run again.")


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
async def test_all_results_are_exported(seeded: DemoServer, tmp_path: Path, working_folder: Path, suffix: str) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.press("E")
        await home.until("export as")
        await answer(home, suffix)
        await home.until("export to")
        await answer(home, f"all.{suffix}")
        await home.until("Wrote 250 requests with their results to")
        out = working_folder / f"all.{suffix}"
        asked = ids(raw(seeded, home.batch(FAILING).input_file_id))
        if suffix == "csv":
            with out.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            assert [row["custom_id"] for row in rows] == asked
            failed = home.batch(FAILING).counts.failed  # type: ignore[union-attr]  # it has some
            assert sum(row["state"] == "failed" for row in rows) == failed
        else:
            assert ids(out.read_bytes().splitlines()) == asked
        assert "output: " in home.head


async def test_the_columns_of_a_table_are_chosen_and_remembered(
    seeded: DemoServer, tmp_path: Path, working_folder: Path
) -> None:
    async with desk(seeded, tmp_path) as home:
        screen = await opened(home, FAILING)
        await home.press("E")
        for wrong, told in (
            ("tsv", "There is no format 'tsv': it is jsonl, or csv and names of columns."),
            ("csv id,nonsense", "There is no column 'nonsense'. There are id, status,"),
        ):
            await home.until(lambda: screen.prompt.asking)
            screen.prompt.input.value = wrong
            await home.press("enter")
            await home.until(told)
        await home.until(lambda: screen.prompt.asking and screen.prompt.input.value == "csv id,nonsense")
        await answer(home, "csv id, status,text,answer.label")
        await home.until("export to")
        await home.until(lambda: screen.prompt.input.value.endswith("/prompt-A-B.results.csv"))
        await home.press("enter")
        await home.until("Wrote 250 requests")
        with (working_folder / "prompt-A-B.results.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["id", "status", "text", "answer.label"] and len(rows) == 250
        assert {"200", "429"} <= {row["status"] for row in rows}
    async with desk(seeded, tmp_path) as home:
        screen = await opened(home, FAILING)
        await home.press("E")
        await home.until(lambda: screen.prompt.input.value == "csv id, status,text,answer.label")
        await home.until(lambda: "⏎ go  esc leave it" in home.bottom)
        await home.press("escape")
        await home.until(lambda: "e errors" in home.bottom)
        await home.until(lambda: not screen.prompt.asking and "export" not in home.lines[-2])
        assert files_in(working_folder) == ["prompt-A-B.results.csv"]


@pytest.mark.parametrize("keys", ["R", "E", "w"])
async def test_a_full_disk_is_told_and_leaves_nothing(
    seeded: DemoServer, tmp_path: Path, working_folder: Path, full: None, keys: str
) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)

        async def write_to(path: str) -> None:
            await home.press(keys)
            if keys == "E":
                await home.until("export as")
                await home.press("enter")
                await home.until("export to")
            await answer(home, path)

        await write_to("out.jsonl")
        await home.told("Cannot write out.jsonl: No space left on device.")
        assert not files_in(working_folder) and not left_behind(tmp_path)
        assert home.room == "Results" and "✓" in home.line(" ok · ")
        await write_to(str(tmp_path / "nowhere" / "out.jsonl"))
        await home.told("Cannot write out.jsonl: No such file or directory.")


async def test_a_line_is_written_and_copied_as_it_is_shown(
    seeded: DemoServer, tmp_path: Path, working_folder: Path
) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        [first, *_] = raw(seeded, home.batch(FAILING).output_file_id)
        custom_id = json.loads(first)["custom_id"]
        await home.press("y")
        await home.until("The custom_id is in the clipboard")
        assert home.app.clipboard == custom_id
        said = json.loads(first)["response"]["body"]["output"][0]["content"][0]["text"]
        await home.press("Y")
        await home.until("The answer is in the clipboard")
        assert home.app.clipboard == said
        for view, suffix in (("answer", ".txt"), ("json", ".result.jsonl"), ("request", ".request.jsonl")):
            await home.until(f"{view}  {custom_id}")
            await home.press("w")
            await home.until(f"write the {view} to")
            await home.press("enter")
            await home.until("Wrote ")
            await home.until(lambda suffix=suffix: (working_folder / f"{custom_id}{suffix}").exists())  # type: ignore[misc]
            await home.press("v")
        assert (working_folder / f"{custom_id}.txt").read_text() == said
        assert (working_folder / f"{custom_id}.result.jsonl").read_bytes() == first
        asked = next(line for line in raw(seeded, home.batch(FAILING).input_file_id) if ids([line]) == [custom_id])
        assert (working_folder / f"{custom_id}.request.jsonl").read_bytes() == asked


async def test_what_is_too_long_for_a_clipboard_is_not_cut(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("labels-2026-11-18")
        batch = home.batch("labels-2026-11-18")
        folder = home.app.session.results_folder
        folder.mkdir(parents=True)
        body = {"choices": [{"message": {"content": "long " * 20_000}, "finish_reason": "stop"}]}
        line = {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}
        kept = json.dumps(line) + "\n"
        (folder / f"{batch.id}.output.jsonl").write_text(kept)
        # Else it would be fetched again, as the counts speak against it.
        seeded.faults.add(Fault("files.retrieve", "rewrite", times=None, merge={"bytes": len(kept)}))
        await home.press("o")
        await home.until("answer  a")
        home.app.copy_to_clipboard("before")
        await home.press("Y")
        await home.until("The answer has 100 kB, too much for a clipboard: w writes it to a file.")
        assert home.app.clipboard == "before"
        # Nor can this terminal, which is none, be given away.
        await home.press("P")
        await home.until("This terminal cannot be given to a pager")
