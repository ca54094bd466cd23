"""What a file will cost, on the form: with what earlier batches tell, from every line, and against the budget."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request, write
from tui.batches.spending import Budget
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.screens.submit.form import Form

# $3.75 for 100 requests, $3.00 of it for what was written.
USAGE = {"input_tokens": 10_000_000, "output_tokens": 10_000_000, "total_tokens": 20_000_000}


@pytest.fixture
def past(server: DemoServer) -> DemoServer:
    """An account with a batch that has ended today, and told what it used."""
    api.create(server, request(1), description="earlier")
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=told()))
    return server


def told(**more: Any) -> dict[str, Any]:
    counts = {"total": 100, "completed": 100, "failed": 0}
    return {"status": "completed", "model": "gpt-4o-mini-2024-07-18", "request_counts": counts, "usage": USAGE} | more


async def learnt(home: Desk) -> None:
    await home.until("earlier")
    await home.until(lambda: "$3.75" in home.line("earlier"))


async def test_earlier_batches_tell_what_to_expect(past: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 200)
    async with desk(past, tmp_path, samples=samples) as home:
        await learnt(home)
        await home.pick("many.jsonl")
        # The input is next to nothing.
        await home.until("cost          about $6.0")
        await home.until("output tokens as in earlier batches")
        await home.press("ctrl+s")
        await home.until("Submit 200 requests (gpt-4o-mini, about $6.0")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        # It is kept, for the time in which the server tells nothing.
        kept = list(home.app.session.journal.expected().values())
        assert [(expected.requests, expected.output_tokens) for expected in kept] == [(200, 20_000_000)]


async def test_the_estimate_is_told_while_nothing_better_is_known(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    line = json.loads(request(1))
    line["body"]["max_tokens"] = 1_000_000
    (samples / "one.jsonl").write_text(json.dumps(line))
    async with desk(server, tmp_path, samples=samples) as home:
        # No batch of this account has ended yet, and the server never tells what is used.
        server.faults.add(Fault("batches.*", "rewrite", times=None, merge={"usage": None, "status": "in_progress"}))
        await home.submit("one.jsonl")
        await home.press("enter")
        await home.until("cost  up to $0.30 expected when it was submitted")


async def test_every_line_is_counted_in_the_end(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than is counted whole at once.
    write(samples / "many.jsonl", 4000, "Count these words, please: " + "one two three " * 50)
    said: list[str] = []
    say_cost = Form.say_cost

    def note(form: Form, text: str, basis: str = "", warnings: Sequence[str] = ()) -> None:
        said.append(f"{text} {basis}")
        say_cost(form, text, basis, warnings)

    monkeypatch.setattr(Form, "say_cost", note)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("many.jsonl")
        await home.until("from all lines")
        assert said[0].startswith("working it out")
        assert "from a sample of" in said[1] and "counting" not in said[1]
        assert "cost          at least $" in home.text and "counting" not in home.text


async def test_a_file_that_changes_while_it_is_counted_is_told(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    path = write(samples / "many.jsonl", 300)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("many.jsonl")
        await home.until("from all lines")
        path.write_bytes(request(1))
        home.app.screen.estimate_cost()  # type: ignore[attr-defined]
        await home.told("changed")


async def test_the_budget_is_held_against_it(past: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "many.jsonl", 200)
    budget = Budget(day=8, month=100, batch=5)
    async with desk(past, tmp_path, samples=samples, budget=budget, size=(100, 30)) as home:
        await learnt(home)
        assert "of $8.00" not in home.text, "nothing is passed yet"
        await home.pick("many.jsonl")
        await home.until("More than a batch may cost: $5.00.")
        assert "More than is left today: $4.25 of $8.00." in home.text
        assert "this month" not in home.text
        await home.press("ctrl+s")
        await home.until("Over budget! Submit 200 requests")
        await home.press("n")
        await home.settle()
        assert past.calls.get("files.create", 0) == 1, "only the earlier batch's"


async def test_home_says_when_it_is_passed(past: DemoServer, tmp_path: Path) -> None:
    async with desk(past, tmp_path, budget=Budget(day=3.5)) as home:
        await home.until("$3.75 of $3.50 today")
