"""How fast a large file goes up to the local server, beside curl, and how little memory that takes.

    python tests/bench/bench_upload.py [MB] [runs]

The file is 200 MB unless told otherwise; × is times as long as curl takes, best of the runs, taken in turns, each in a
process of its own. Whole and in parts. Memory is the growth of the peak while it is sent; the wait is the longest that
an event loop which wants to run each millisecond had to, meanwhile. Needs Linux (/proc) and curl.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# So that it runs from a checkout without an installation.
sys.path.insert(0, str(Path(__file__).parents[2]))

KEY = "bench"


def nothing(_done: int, _total: int) -> None:
    """Nobody is told how far it has come."""


async def whole(base_url: str, path: Path) -> None:
    from tui.client.address import Address
    from tui.client.api import Wire

    wire = await Wire.connect(Address(base_url, KEY))
    # What a first call costs belongs to no upload.
    await wire.list_files(limit=1)
    await measured(wire.upload(path, path.name, nothing))
    await wire.close()


async def parts(base_url: str, path: Path) -> None:
    from tui.client.address import Address
    from tui.client.api import Wire
    from tui.flows.submit.multipart import PART_BYTES

    wire = await Wire.connect(Address(base_url, KEY))
    size = await asyncio.to_thread(lambda: path.stat().st_size)

    async def send() -> None:
        upload_id, _ = await wire.begin_upload(path.name, size)
        ids = [
            await wire.upload_part(path, upload_id, range(start, min(size, start + PART_BYTES)), nothing)
            for start in range(0, size, PART_BYTES)
        ]
        await wire.complete_upload(upload_id, ids)

    await wire.list_files(limit=1)
    await measured(send())
    await wire.close()


async def measured(call: Coroutine[Any, Any, object]) -> None:
    """Prints seconds, seconds of this process's processors, growth of its memory, and the loop's longest wait."""
    await asyncio.to_thread(forget_peak)
    before, cpu, start, worst = peak_memory(), time.process_time(), time.perf_counter(), 0.0
    work = asyncio.ensure_future(call)
    while not work.done():
        since = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - since - 0.001)
    await work
    seconds = time.perf_counter() - start
    print(seconds, time.process_time() - cpu, peak_memory() - before, worst)


def forget_peak() -> None:
    """The peak of memory is that from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """Bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


WAYS = {"whole": whole, "parts": parts}


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A local server in a process of its own: its base URL."""
    command = [sys.executable, "-m", "tui", "serve", "--state", str(folder / "server")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        try:
            yield line[line.index("http") :].split()[0]
        finally:
            running.terminate()


def curl(base_url: str, path: Path) -> tuple[float, float, float, float]:
    command = [
        "curl", "-sS", "-o", os.devnull, "-f", "-H", f"Authorization: Bearer {KEY}",
        "-F", "purpose=batch", "-F", f"file=@{path}", f"{base_url}/files",
    ]  # fmt: skip
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, cpu, 0.0, 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("megabytes", nargs="?", type=int, default=200)
    parser.add_argument("runs", nargs="?", type=int, default=5)
    parser.add_argument("--alone", nargs=3, metavar=("WAY", "URL", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        way, base_url, path = arguments.alone
        asyncio.run(WAYS[way](base_url, Path(path)))
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "requests.jsonl")
        line = b'{"custom_id": "' + b"x" * 3_980 + b'"}\n'
        path.write_bytes(line * (arguments.megabytes * 1_000_000 // len(line)))
        figures: dict[str, list[tuple[float, ...]]] = {}
        with server(Path(name)) as base_url:
            curl(base_url, path)
            for _ in range(arguments.runs):
                figures.setdefault("curl", []).append(curl(base_url, path))
                for way in WAYS:
                    command = [sys.executable, __file__, "--alone", way, base_url, str(path)]
                    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                    figures.setdefault(way, []).append(tuple(map(float, printed.split())))
        report(path.stat().st_size, figures)


def report(size: int, figures: dict[str, list[tuple[float, ...]]]) -> None:
    print(f"{size / 1e6:.0f} MB to the local server, {os.cpu_count()} processors")
    yardstick = min(seconds for seconds, *_ in figures["curl"])
    for way, runs in figures.items():
        seconds, cpu, growth, wait = (sorted(column) for column in zip(*runs, strict=True))
        more = f"   memory +{growth[-1] / 1e6:4.1f} MB   loop waits {wait[-1] * 1000:5.1f} ms" if way != "curl" else ""
        print(
            f"  {way:8}{seconds[0]:7.3f} s  {size / 1e6 / seconds[0]:6.0f} MB/s {seconds[0] / yardstick:6.2f} ×"
            f"   processor {cpu[0]:6.3f} s{more}"
        )


if __name__ == "__main__":
    main()
