"""The screen of what was spent."""

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.ui import api
from tests.ui.desk import columns_of, desk, request
from tui.batches.spending import Budget, month_start
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.listing.coverage import HORIZON, Reach

USAGE = {"input_tokens": 10_000_000, "output_tokens": 10_000_000, "total_tokens": 20_000_000}  # $3.75


def told(server: DemoServer, **merge: Any) -> None:
    """What the server says of each batch from now on."""
    server.faults.clear()
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


async def test_sums_beside_the_budget(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1))
    counts = {"total": 100, "completed": 100, "failed": 0}
    told(server, status="completed", model="gpt-4o-mini", usage=USAGE, request_counts=counts)
    async with desk(server, tmp_path, budget=Budget(day=3, month=100, batch=5)) as home:
        await home.until("$3.75")
        await home.press("M")
        await home.until("$3.75 of $3.00")
        assert "125%" in home.line("today") and "1 batch" in home.line("today")
        assert "$3.75 of $100" in home.line("this month") and "3.8%" in home.line("this month")
        row = home.line("gpt-4o-mini")
        assert row.split() == ["gpt-4o-mini", "1", "100", "$37.50", "$3.75"]
        assert "~" not in row
        assert "$5.00 a batch at most" in home.text
        assert "at OpenAI's batch price (127.0.0.1:" in home.text
        header = home.line("MODEL")
        ends = [where + len(title) for title, where in columns_of(header, ("REQUESTS ", "1,000 REQUESTS")).items()]
        assert row[ends[0] - 2] == "0" and row[ends[1] - 1] == "0", "figures stand under the ends of their titles"
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_sums_that_are_old_say_so(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        await home.press("M")
        await home.until("each batch on the day it was made")
        server.faults.add(Fault("*", "drop_before", times=None))
        await home.press("r")
        await home.until("next try in")
        await home.press("escape", "p", "M")
        await home.until("paused")
        server.faults.clear()


def test_a_month_is_asked_for_to_its_first_day() -> None:
    last = datetime(2026, 1, 31, 23, 59, 59).timestamp()
    assert last - month_start(last) < HORIZON


async def test_it_follows_the_account_and_marks_estimates(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        await home.press("M")
        await home.until("Nothing was spent in the last 30 days.")
        assert "$0.00" in home.line("today") and " of " not in home.line("today")
        api.create(server, request(1))
        counts = {"total": 100, "completed": 100, "failed": 0}
        told(server, status="completed", model="gpt-4o-mini", usage=USAGE, request_counts=counts)
        await home.press("r")
        await home.until("gpt-4o-mini")
        # From now on the server tells no tokens any more.
        api.create(server, request(2))
        counts = {"total": 100, "completed": 50, "failed": 0}
        told(server, status="in_progress", model="gpt-4o-mini", usage=None, request_counts=counts)
        await home.press("r")
        await home.until("~$")
        assert "~" in home.line("today")


async def test_what_has_no_price_is_in_no_sum(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1))
    counts = {"total": 100, "completed": 100, "failed": 0}
    told(server, status="completed", model="a-model-of-our-own", usage=USAGE, request_counts=counts)
    async with desk(server, tmp_path) as home:
        await home.until("✓ 1 done")
        await home.press("M")
        await home.until("a-model-of-our-own")
        assert home.line("a-model-of-our-own").split() == ["a-model-of-our-own", "1", "100", "–", "–"]
        assert "1 batch, 1 of unknown cost" in home.line("today")
        assert "$" not in home.line("today")


async def test_a_list_that_does_not_go_on_is_told(server: DemoServer, tmp_path: Path) -> None:
    for number in range(3):
        api.create(server, request(number))
    server.faults.add(Fault("batches.list", "stuck_page", times=None))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: home.app.session.reach is Reach.STUCK)
        await home.press("M")
        await home.until("Batches may be missing here: the server repeats a page.")
