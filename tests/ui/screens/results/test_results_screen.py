"""What came back: the verdict, the failures in groups, the way to any line."""

import gc
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import ROOT
from tests.ui import api
from tests.ui.desk import desk, request, write
from tests.ui.screens.results.desk import answer, content, opened
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FAILING = "prompt A/B 🅱"  # as its name is shown: 250 requests, 18% failed


def codes(server: DemoServer, error_file_id: str | None) -> Counter[str]:
    """The failures by their status and code."""
    found: Counter[str] = Counter()
    for line in content(server, error_file_id):
        error = line["error"] or line["response"]["body"]["error"]
        status = line["response"]["status_code"] if line["response"] else "–"
        found[f"{status} {error['code'] or error.get('type')}"] += 1
    return found


async def test_no_key_waits_for_a_full_collection(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until(lambda: gc.get_freeze_count() > 10_000)


def test_no_key_waits_for_an_import() -> None:
    code = (
        "import sys; from tui.ui.startup import warm_up; before = set(sys.modules); warm_up(); "
        "late = set(sys.modules); import tui.ui.screens.batch.input_errors, tui.ui.screens.submit.file_picker; "
        "assert 'tui.ui.screens.results.screen' in late - before; print(len(set(sys.modules) - late))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 8


async def test_the_verdict_is_that_of_the_files(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        counts = api.batch(seeded, home.batch(FAILING).id)["request_counts"]
        said = home.line(" ok ")
        assert f"✓ {counts['completed']} ok · ✗ {counts['failed']} failed · 0 missing · agrees with the counts" in said
        assert counts["failed"] > 30
        await home.press("escape", "enter")
        await home.until(f"results  ✓ {counts['completed']} ok")


async def test_a_verdict_is_worked_out_once(
    seeded: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        before = home.line(" ok ")

    def never(*_: object) -> None:
        raise AssertionError("the files were read through again")

    monkeypatch.setattr("tui.flows.results.result_set.judge", never)
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        assert home.line(" ok ") == before


async def test_counts_that_are_not_those_of_the_files_are_told_everywhere(seeded: DemoServer, tmp_path: Path) -> None:
    lie = {"request_counts": {"total": 250, "completed": 250, "failed": 0}}
    seeded.faults.add(Fault("batches.*", "rewrite", times=None, merge=lie))
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        await home.until("⚠ The server reports 250 completed, 0 failed; the files have")
        assert "agrees" not in home.text
        await home.press("t")
        await home.until(lambda: home.room == "Triage")
        assert "⚠ The server reports 250 completed" in home.prose
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        assert "⚠0%" in home.cursor_row
        await home.press("enter")
        await home.until("⚠ The server reports 250 completed, 0 failed; the files have")
    async with desk(seeded, tmp_path) as home:
        # Another start knows it from the state.
        await home.cursor_to(FAILING)
        await home.until(lambda: "⚠0%" in home.cursor_row)


async def test_failures_are_grouped_and_shown_by_group(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        groups = codes(seeded, home.batch(FAILING).error_file_id)
        await home.press("j", "j", "t")
        await home.until(lambda: home.room == "Triage")
        rows = [line.split() for line in home.lines if "✗ failed" in line]
        assert sorted(int(row[0]) for row in rows) == sorted(groups.values())
        largest, number = groups.most_common(1)[0]
        assert rows[0][:4] == [str(number), "✗", "failed", largest.split()[0]]
        await home.press("enter")
        await home.until(lambda: home.room == "Results" and f"{largest}: {number} requests" in home.head)
        assert home.table.position == (1, number)
        # Back to the groups, on the one that was chosen; from there to all lines.
        await home.until("esc back to the groups")
        await home.press("escape")
        await home.until(lambda: home.room == "Triage" and largest.split()[1] in home.cursor_row)
        await home.press("escape")
        await home.until("output: ")
        # Back on the line where the user was.
        assert home.table.position == (3, home.batch(FAILING).counts.completed)  # type: ignore[union-attr]  # it has some
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_what_was_never_run_is_no_failure(server: DemoServer, tmp_path: Path) -> None:
    batch_id = api.create(server, b"".join(map(request, range(250))), description="stopped")
    while not 0 < api.batch(server, batch_id)["request_counts"]["completed"] < 250:
        server.clock.jump(1)
    api.call(server, f"/batches/{batch_id}/cancel", method="POST")
    server.clock.jump(2000)
    errors = [line["error"] for line in content(server, api.batch(server, batch_id)["error_file_id"])]
    left = sum(error is not None and error["code"] == "batch_cancelled" for error in errors)
    failed = len(errors) - left
    assert left
    async with desk(server, tmp_path) as home:
        await opened(home, "stopped")
        await home.until(f"✗ {failed} failed · {left} not run · 0 missing")
        await home.press("t")
        await home.until(lambda: home.room == "Triage")
        assert f"{left} ⊘ not run" in home.prose
        await home.press("escape", "R")
        # What is run again are both.
        await home.until(f"write {failed + left} requests to run again to")


async def test_a_filter_takes_states_codes_and_reasons(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await opened(home, FAILING)
        groups = codes(seeded, home.batch(FAILING).error_file_id)
        for word, number in (
            ("failed", groups.total()),
            ("bad", groups.total()),
            *((name.split()[1], sum(n for other, n in groups.items() if other.split()[1] == name.split()[1]))
              for name in groups if not name.startswith("–")),
        ):  # fmt: skip
            await home.press("f")
            await answer(home, word)
            await home.until(lambda word=word, number=number: f"{word}: {number} request" in home.head)  # type: ignore[misc]
        await home.press("f")
        await answer(home, "missing")
        await home.until("No request is missing.")
        await home.press("f")
        await answer(home, "nonsense")
        await home.until("Nothing here is called “nonsense”")
        await home.press("f", "escape")
        await home.until(lambda: "show only" not in home.text)
        # Escape left the question, not the filter.
        assert home.room == "Results" and "esc back" not in home.head


async def test_answers_cut_short_are_found(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    path = write(tmp_path / "in" / "long.jsonl", 40, "Explain in detail how tides are predicted.")
    body = path.read_bytes().replace(b'"gpt-4o-mini",', b'"gpt-4o-mini", "max_tokens": 3,', 10)
    path.write_bytes(body + request(99, "Write a long story.", "other"))
    async with desk(server, tmp_path, samples=path.parent) as home:
        await home.submit("long.jsonl")
        server.clock.jump(900)
        await home.press("r")
        await home.until(lambda: "✓ done" in home.cursor_row)
        await home.press("o")
        batch = api.batches(server)[0]
        cut = [
            line["custom_id"]
            for line in content(server, batch["output_file_id"])
            if line["response"]["body"]["choices"][0]["finish_reason"] == "length"
        ]
        assert 3 < len(cut) <= 10
        await home.until(f"{len(cut)} cut short")
        await home.press("f")
        await answer(home, "length")
        await home.until(f"finish length: {len(cut)} requests")
        shown = [line.split()[1] for line in home.lines if " length " in line and "request-" in line]
        assert sorted(shown) == sorted(cut)[: len(shown)] and shown


async def test_any_line_is_a_few_keys_away(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        screen = await opened(home, FAILING)
        batch = home.batch(FAILING)
        output, errors = content(seeded, batch.output_file_id), content(seeded, batch.error_file_id)

        async def at(part: str, number: int, custom_id: str) -> None:
            await home.until(lambda: home.head.split(" › ")[2].startswith(part) and home.table.position[0] == number)
            assert home.cursor_row.split()[1] == custom_id

        await home.press("G")
        await at("output", len(output), output[-1]["custom_id"])
        await home.press(*":17", "enter")
        await at("output", 17, output[16]["custom_id"])
        await home.press(*":99999", "enter")
        await at("output", len(output), output[-1]["custom_id"])
        await home.press("colon")
        await answer(home, output[4]["custom_id"])
        await at("output", 5, output[4]["custom_id"])
        await home.press("colon")
        await answer(home, errors[2]["custom_id"])
        await at("errors", 3, errors[2]["custom_id"])
        await home.press("colon")
        await answer(home, '"12"')
        await home.until("No line has the custom_id “12”.")
        await home.press("e")
        with_soil = [place for place, line in enumerate(output, 1) if "soil" in str(line).lower()]
        assert len(with_soil) > 2
        await home.press("g", *"/soil", "enter")
        place = with_soil[1] if with_soil[0] == 1 else with_soil[0]
        await at("output", place, output[place - 1]["custom_id"])
        following = with_soil[with_soil.index(place) + 1]
        await home.press("n")
        await at("output", following, output[following - 1]["custom_id"])
        await home.press("N")
        await at("output", place, output[place - 1]["custom_id"])
        await home.press("G", "n")
        await home.until("Went on from the top.") if with_soil[-1] != len(output) else None
        await home.press("slash")
        await answer(home, "no such words")
        await home.until("No line has “no such words”.")
        assert not screen.prompt.asking


async def test_what_failed_before_it_began_is_grouped_with_its_lines(server: DemoServer, tmp_path: Path) -> None:
    lines = [request(number) for number in range(8)]
    lines += [request(number, custom_id="twice") for number in range(6)]
    lines += [request(number + 20).replace(b"/v1/chat/completions", b"/v1/embeddings") for number in range(3)]
    api.create(server, b"".join(lines), description="refused")
    server.clock.jump(60)
    async with desk(server, tmp_path) as home:
        await home.cursor_to("refused")
        await home.until(lambda: "✗ failed" in home.cursor_row)
        await home.press("o")
        await home.until(lambda: home.room == "Refused" and "⏎ fetches it" in home.text)
        errors = home.batch("refused").errors
        assert Counter(error.code for error in errors) == {"duplicate_custom_id": 5, "invalid_url": 3}
        rows = [line.split() for line in home.lines if "duplicate_custom_id" in line or "invalid_url" in line]
        assert [row[:3] for row in rows] == [["5", "10", "duplicate_custom_id"], ["3", "15", "invalid_url"]]
        assert "lines 10, 11, 12, 13, 14" in home.text
        calls = server.calls.get("files.content", 0)
        await home.press("enter")
        await home.until('"custom_id": "twice"')
        assert server.calls["files.content"] == calls + 1 and "What is 1 + 1?" in home.text
        assert "line 10, 1 of 5" in home.text and "n next line" in home.bottom
        for key, place, asked in (("n", 2, 2), ("n", 3, 3), ("N", 2, 2), ("N", 1, 1), ("N", 5, 5)):
            await home.press(key)
            await home.until(f"line {place + 9}, {place} of 5")
            await home.until(f"What is {asked} + 1?")
        await home.press("j")
        await home.until('"custom_id": "request-20"')
        assert "lines 15, 16, 17" in home.text
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_the_lines_of_a_refused_file_cannot_be_shown_when_it_is_gone(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, b"no json\n", description="refused")
    server.clock.jump(60)
    async with desk(server, tmp_path) as home:
        await home.cursor_to("refused")
        await home.until(lambda: "✗ failed" in home.cursor_row)
        api.call(server, f"/files/{home.batch('refused').input_file_id}", method="DELETE")
        await home.press("o")
        await home.until("⏎ fetches it")
        await home.press("enter")
        await home.until("The input file is no longer on the server: it expired or was deleted.")
        assert "This line is not parseable as valid JSON." in home.prose and home.line("line 1")
