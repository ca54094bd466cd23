"""The results screen on a large file: `python -m tests.bench.bench_results_screen [gigabytes] [toolong]`.

Times are told as multiples of one plain read of the file, stalls of the UI's loop as multiples of the worst of the
same loop with nothing to do. The second argument is the program `tl` of toolong, wherever that is installed, as the
yardstick of the first line.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.terminal import Terminal
from tests.ui.desk import KEY, Desk, Stalls, desk
from tests.ui.screens.results.desk import raw
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer
from tui.ui.screens.results.screen import Results

_NAME = "labels-2026-11-18"


def make(path: Path, size: int, ids: list[str]) -> None:
    """Results of `ids` over and over, about 1.3 kB a line, until the file has `size` bytes."""
    body = {"choices": [{"message": {"content": "word " * 220}, "finish_reason": "stop"}]}
    lines = [{"custom_id": name, "response": {"status_code": 200, "body": body}, "error": None} for name in ids]
    block = b"".join(json.dumps(line).encode() + b"\n" for line in lines) * 40
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)


def plain_read(path: Path) -> float:
    """Seconds that reading the file takes, when it was read before."""
    for _ in range(2):
        began = time.perf_counter()
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass
    return time.perf_counter() - began


def toolong(program: str, path: Path) -> tuple[float, float]:
    """Seconds from the start of toolong to a line on its screen, and until it has scanned the file."""
    with Terminal([program, str(path)]) as terminal:
        terminal.wait_for(lambda seen: "custom_id" in seen.text, 120)
        first = time.perf_counter() - terminal.started
        terminal.wait_for(lambda seen: not {"Scanning", "Loading"} & set(seen.text.replace("…", " ").split()), 120)
        return first, time.perf_counter() - terminal.started


async def until(true: Callable[[], object]) -> None:
    """Wait without the pilot, which waits for an idle process and finds none."""
    while not true():  # noqa: ASYNC110 - what is waited for knows of no event
        await asyncio.sleep(0.002)


async def walk(home: Desk, size: int, read: float) -> None:
    """Open the results, move while they are read through, search them."""
    app, batch = home.app, home.batch(_NAME)
    async with Stalls() as stalls:
        await asyncio.sleep(2)
        idle = stalls.worst
    print(f"{size / 1e9:.2f} GB; one read 1.00 = {read:.2f} s; idle loop's worst 1.0 = {idle * 1e3:.1f} ms")

    async def told(what: str, work: Callable[[], object], seen: Callable[[], object]) -> None:
        async with Stalls() as stalls:
            began = time.perf_counter()
            work()
            await until(seen)
            took = time.perf_counter() - began
            await asyncio.sleep(0.1)
        print(
            f"{what:<28} {took / read:7.2f} reads {stalls.worst / idle:6.1f} idle stalls ({stalls.worst * 1e3:.0f} ms)"
        )

    screen = Results(batch)
    await told("first lines on screen", lambda: app.push_screen(screen), lambda: screen.pane.detail.text)
    table = screen.pane.table

    async def move() -> None:
        for step in range(200):
            (table.action_page if step % 5 == 0 else table.action_move)(1)
            await asyncio.sleep(0.01)

    moving = asyncio.create_task(move())
    await told("moving while it is read", lambda: None, moving.done)
    await told("verdict", lambda: None, lambda: screen.shelf.kept is not None)
    await told("the last line", table.action_last, lambda: f"{table.position[1]:,}" in home.text)
    screen.text = "no such words"
    await told("search through it twice", screen.action_next, lambda: "No line has" in screen.status.text)
    await told("what came back, grouped", screen.action_triage, lambda: app.screen is not screen)


async def main() -> None:
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 0.25
    with (
        tempfile.TemporaryDirectory() as folder,
        DemoServer(clock=Clock(frozen=True), api_key=KEY, seed=True) as server,
    ):
        async with desk(server, Path(folder)) as home:
            await home.until(lambda: any(found.description == _NAME for found in home.app.session.book))
            batch = home.batch(_NAME)
            ids = [json.loads(line)["custom_id"] for line in raw(server, batch.input_file_id)]
            path = home.app.session.results_folder / f"{batch.id}.output.jsonl"
            await asyncio.to_thread(make, path, int(gigabytes * 1e9), ids)
            if len(sys.argv) > 2:
                first, whole = await asyncio.to_thread(toolong, sys.argv[2], path)
                small = path.with_name("small.jsonl")
                await asyncio.to_thread(make, small, 1, ids)
                start, _ = await asyncio.to_thread(toolong, sys.argv[2], small)
                print(f"toolong: a line after {first:.2f} s, all scanned after {whole:.2f} s; its start {start:.2f} s")
            await walk(home, path.stat().st_size, await asyncio.to_thread(plain_read, path))


if __name__ == "__main__":
    asyncio.run(main())
