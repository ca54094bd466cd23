"""Every fault at every call of the monitor, ten minutes of each: in the end the book is what the server has."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.conftest import MakeInput
from tui.batches.book import Book
from tui.client.api import Wire
from tui.client.models import batch_from
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.listing import coverage
from tui.flows.monitor import Monitor, Offline, Seen
from tui.store.cache import Cache

CHAT = "/v1/chat/completions"
SPAN = 600.0  # seconds of the server's clock
ROUND = 5.0
FAULTS = (
    Fault("", "drop_before"),
    Fault("", "drop_after"),
    Fault("", "rate_limit", retry_after=20),
    Fault("", "server_error"),
    Fault("", "status", status=400),
    Fault("", "status", status=401),
    Fault("", "status", status=404),
    Fault("", "status", status=405),
    Fault("", "html"),
    Fault("", "html", status=200),
    Fault("", "slow", delay_s=0.01, bytes_per_s=400_000),
    Fault("", "truncate", after_bytes=40),
    Fault("", "empty_page"),
    Fault("", "stuck_page"),
    Fault("", "rewrite", merge={"status": "PRE_SCHEDULE", "created_at": "noon", "errors": 5}, omit=["request_counts"]),
)
OF_LISTS = {"empty_page", "stuck_page"}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three batches a page: most are beyond the first."""
    monkeypatch.setattr(coverage, "_PAGE", 3)


async def everything(demo: DemoServer, wire: Wire) -> dict[str, Any]:
    """All batches by the server's own word, in one page."""
    page = await wire.list_batches(limit=100)
    return {str(item["id"]): item for item in page.items}


async def run(monitor: Monitor, demo: DemoServer, steps: AsyncGenerator[Seen | Offline], seconds: float) -> int:
    """Rounds for so long on the server's clock, each when it is due; the number of those that failed."""
    until, failed = demo.clock.now() + seconds, 0
    while demo.clock.now() < until:
        step = await asyncio.wait_for(anext(steps), 20)
        failed += isinstance(step, Offline)
        demo.clock.jump(step.wait if isinstance(step, Offline) else ROUND)
        monitor.refresh()
    return failed


@pytest.mark.parametrize(
    ("route", "fault"),
    [(route, fault) for fault in FAULTS for route in ("batches.list", "batches.retrieve")
     if route == "batches.list" or fault.kind not in OF_LISTS],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind} {value.status or ''}".strip(),
)  # fmt: skip
async def test_in_the_end_the_book_is_what_the_server_has(  # noqa: PLR0917  (fixtures)
    demo: DemoServer, wire: Wire, make_input: MakeInput, cache: Cache, route: str, fault: Fault
) -> None:
    stored = await wire.upload(make_input(), "sums.jsonl", lambda _done, _total: None)

    async def create(runs: float) -> None:
        demo.knobs.shortest_run_s = runs
        await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={})
        demo.clock.jump(1)

    # Some end before the trouble, some in it, some after it.
    for runs in (5, 100, 200, 300, 400, 500, 900, 2000):
        await create(runs)
    book = Book()
    monitor = Monitor(wire, book, cache)
    async with aclosing(cast("AsyncGenerator[Seen | Offline]", monitor.steps())) as steps:
        await run(monitor, demo, steps, 60)
        # Two calls in three go wrong, so that it is met at every place of a round.
        struck = demo.calls.get(route, 0)
        demo.faults.add(replace(fault, route=route, times=None, probability=0.66, seed=7))
        await run(monitor, demo, steps, SPAN / 2)
        await create(250)
        await run(monitor, demo, steps, SPAN / 2)
        assert demo.calls[route] > struck
        demo.faults.clear()
        for _ in range(400):
            truth = {key: batch_from(item) for key, item in (await everything(demo, wire)).items()}
            if {batch.id: batch for batch in book} == truth:
                break
            await asyncio.wait_for(anext(steps), 20)
            monitor.refresh()
        assert {batch.id: batch for batch in book} == truth
        assert len(truth) == 9 and not all(batch and batch.status.active for batch in truth.values())
        # What the next start shows first is the same.
        remembered = {found.id: found for item in cache.load() if (found := batch_from(item)) is not None}
        assert remembered == truth
