"""Downloading a result file beside curl: `python -m tests.bench.bench_download [megabytes] [runs]`.

The server is a process of its own on loopback. Times are told as multiples of curl's, the best and the middle one of
each; ours has all on the disk at its end, curl's in the system's memory. Stalls of the event loop are watched in a
process of its own, and how much its memory grows over what it has when the first chunk has come. Nothing is asserted.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.bench_results import _resident as resident
from tests.ui.desk import Stalls
from tui.batches.batch import Batch, Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.flows.results.download import Downloading, Part, collect

KEY = "none-needed"


@contextmanager
def serving() -> Iterator[str]:
    """The base URL of a demo server."""
    with subprocess.Popen([sys.executable, "-m", "tui", "serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip().removeprefix("base_url=")
        finally:
            server.terminate()


async def upload(base_url: str, megabytes: int, folder: Path) -> str:
    """The id of a file of so many megabytes on the server."""
    path = folder / "content.jsonl"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(500_000) * 2)
    wire = await Wire.connect(Address(base_url, KEY))
    stored = await wire.upload(path, path.name, lambda _done, _total: None)
    await wire.close()
    path.unlink()
    return stored.id


def by_curl(base_url: str, file_id: str, goal: Path) -> float:
    """Seconds that curl takes."""
    began = time.perf_counter()
    subprocess.run(["curl", "-sSf", "-o", goal, f"{base_url}/files/{file_id}/content"], check=True)
    took = time.perf_counter() - began
    goal.unlink()
    return took


async def by_collect(base_url: str, file_id: str, folder: Path) -> float:
    """Seconds that `collect` takes."""
    wire = await Wire.connect(Address(base_url, KEY))
    # Whatever the first call of a client costs.
    await wire.list_files()
    began = time.perf_counter()
    async for _ in collect(batch_of(file_id), folder, wire=wire, parts=[Part.OUTPUT]):
        pass
    took = time.perf_counter() - began
    await wire.close()
    return took


async def watched(base_url: str, file_id: str, folder: Path) -> tuple[float, float]:
    """The worst stall in milliseconds and the growth in MB while `collect` downloads."""
    wire = await Wire.connect(Address(base_url, KEY))
    await wire.list_files()
    before = 0.0
    async with Stalls() as stalls:
        async for step in collect(batch_of(file_id), folder, wire=wire, parts=[Part.OUTPUT]):
            if not before and isinstance(step, Downloading):
                before = resident("VmRSS")
    await wire.close()
    return stalls.worst * 1000, resident("VmHWM") - before


def batch_of(file_id: str) -> Batch:
    return Batch("batch_1", Status.COMPLETED, "completed", output_file_id=file_id)


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as name, serving() as base_url:
        folder = Path(name)
        file_id = asyncio.run(upload(base_url, megabytes, folder))
        curl, ours = [], []
        for run in range(runs):
            # In turns, so that other work on the machine meets both.
            curl.append(by_curl(base_url, file_id, folder / "curl"))
            ours.append(asyncio.run(by_collect(base_url, file_id, folder / f"run{run}")))
            shutil.rmtree(folder / f"run{run}")
        print(f"{megabytes} MB; curl 1.00 = {min(curl):.2f} s, best of {runs}; middle {median(curl):.2f} s")
        print(f"collect {min(ours) / min(curl):.2f} of curl; middle {median(ours) / median(curl):.2f}")
        command = [sys.executable, "-m", "tests.bench.bench_download", base_url, file_id, str(folder / "watched")]
        stall, grown = map(float, subprocess.run(command, capture_output=True, check=True).stdout.split())
        print(f"worst stall {stall:.0f} ms, memory grew by {grown:.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(*asyncio.run(watched(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
