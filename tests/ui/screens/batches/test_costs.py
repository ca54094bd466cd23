"""What batches cost, on home and on the batch's screen: never a guess that reads like a fact."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.ui import api
from tests.ui.desk import desk, request
from tests.ui.screens.results.desk import opened
from tui.batches.batch import Usage
from tui.batches.guard import Rules
from tui.batches.spending import Budget
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

USAGE = {"input_tokens": 10_000_000, "output_tokens": 10_000_000, "total_tokens": 20_000_000}  # $3.75


def told(server: DemoServer, **merge: Any) -> None:
    """What the server says of each batch from now on."""
    server.faults.clear()
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


def running(server: DemoServer, **more: Any) -> None:
    counts = {"total": 100, "completed": 25, "failed": 0}
    told(server, status="in_progress", model="gpt-4o-mini", request_counts=counts, usage=USAGE, **more)


async def test_what_was_counted_and_what_is_to_come(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="paid for")
    running(server)
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("$3.75")
        assert "~" not in home.line("paid for")
        # A quarter is over: four times as much in the end.
        await home.until("est. $15.00")
        assert "$3.75 so far, about $15.00 in the end" in home.lines[-3]
        await home.press("enter")
        await home.until("cost  $3.75 so far, about $15.00 in the end")
        assert "at OpenAI's batch price (127.0.0.1:" in home.text


async def test_an_estimate_says_that_it_is_one(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="first")
    told(server, status="completed", model="gpt-4o-mini", usage=USAGE, request_counts={"total": 100, "completed": 100})
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("$3.75")
        assert "est." not in home.text, "nothing is running"
    # At the next start the server tells no tokens any more.
    running(server)
    server.faults.clear()
    counts = {"total": 200, "completed": 100, "failed": 0}
    told(server, status="in_progress", model="gpt-4o-mini", usage=None, request_counts=counts)
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("~$3.75")
        await home.until("est. $7.50")
        assert "about $3.75 so far, about $7.50 in the end" in home.lines[-3]


async def test_what_nobody_knows_is_not_guessed(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="unpriced")
    running(server)
    server.faults.clear()
    told(server, status="in_progress", model="a-model-of-our-own", usage=USAGE, request_counts={"total": 9})
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("a-model-of-our-own")
        await home.settle()
        assert "$" not in home.text
        await home.press("enter")
        await home.until("tokens")
        assert "cost" not in home.text


async def test_it_can_be_sorted_and_filtered_by(server: DemoServer, tmp_path: Path) -> None:
    names = ("cheap", "dear", "unknown")
    for name in names:
        api.create(server, request(1), description=name)
    server.clock.jump(1000)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: all(name in home.text for name in names))
        await home.until(lambda: home.app.session.cost_of(home.batch("dear")) is not None)
        tokens = {"cheap": Usage(1_000_000, 0), "dear": Usage(90_000_000, 0), "unknown": None}
        await home.press("p")
        for name in names:
            home.app.take_in(replace(home.batch(name), usage=tokens[name]))
        await home.until("$6.75")
        while home.app.screen._order.column != "cost":  # type: ignore[attr-defined]
            await home.press("s")
        await home.until("COST▾")
        await home.settle()
        order = [home.text.index(name) for name in ("dear", "cheap", "unknown")]
        assert order == sorted(order)
        await home.press("slash")
        await home.type("cost:>5")
        await home.until("1 of 3")
        assert "dear" in home.text and "cheap" not in home.text


async def test_a_batch_over_its_budget_is_an_alarm(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="dear")
    running(server, in_progress_at=int(server.clock.now()))
    async with desk(server, tmp_path, size=(120, 30), budget=Budget(batch=3), guard=Rules(budget=3.0)) as home:
        await home.until("! dear")
        assert "over the budget of $3.00" in home.lines[-3]


async def test_results_that_were_read_tell_what_nobody_counted(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="uncounted")
    server.clock.jump(1000)
    zeros = {"total": 0, "completed": 0, "failed": 0}
    told(server, model="gpt-4o-mini", usage=None, request_counts=zeros)
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("uncounted")
        await home.settle()
        assert "$" not in home.line("uncounted")
        await opened(home, "uncounted")
        await home.press("escape")
        await home.until(lambda: home.room == "Home" and "$" in home.line("uncounted"))
        assert "~" not in home.line("uncounted")
