"""An account of very many batches on the project's own server."""

from collections.abc import Iterator
from pathlib import Path

from tui.batches.batch import GROUP_KEY
from tui.demo.engine.clock import Clock
from tui.demo.engine.records import BatchRecord, Check, Plan, Result, Usage
from tui.demo.engine.store import Store
from tui.demo.server import DemoServer

_EVERY = 200.0  # seconds between two batches: 10,000 of them are three weeks
_USED = Usage(90_000, 0, 30_000, 0)


def many(folder: Path, key: str, *, ended: int, active: int, oldest_active: bool = False, parts: int = 0) -> DemoServer:
    """A server, not yet started, with so many batches that have `ended` and so many `active` ones.

    The active ones are the newest, or the oldest with `oldest_active`. Of the ended ones each `parts` in a row are the
    parts of a file. The clock stands still.
    """
    clock = Clock(frozen=True)
    store = Store(folder)
    try:
        store.save_batches(_records(clock.now(), ended, active, oldest_active, parts))
    finally:
        store.close()
    return DemoServer(state=folder, clock=clock, api_key=key)


def _records(now: float, ended: int, active: int, oldest_active: bool, parts: int) -> Iterator[BatchRecord]:
    # Oldest first, as they would have come.
    for place in range(ended + active):
        age = (ended + active - place) * _EVERY
        moving = place < active if oldest_active else place >= ended
        number = place - active if oldest_active else place
        metadata = {"description": f"nightly-eval {place % 300}"}
        if parts and not moving:
            of_file, part = divmod(number, parts)
            metadata = {"description": f"docs-{of_file} {part + 1}/{parts}", GROUP_KEY: f"file-{of_file}"}
        yield _record(place, now - age, now, moving, metadata)


def _record(place: int, made: float, now: float, moving: bool, metadata: dict[str, str]) -> BatchRecord:
    run = 40_000_000.0 if moving else 100.0
    result = None if moving else Result(made + 130, 1000, 0, _USED, f"file-out{place:05d}", None)
    return BatchRecord(
        f"batch_{place:032x}", "/v1/chat/completions", f"file-in{place:05d}", "24h", made,
        Plan(10.0, 1000 / run, run, 20.0, 10.0, window_s=50_000_000.0), place, metadata=metadata,
        check=Check(total=1000, requested="gpt-4o-mini", model="gpt-4o-mini-2024-07-18", usage=_USED),
        ready_at=made + 10, result=result,
    )  # fmt: skip
