"""How fast an input file is validated and split, beside `wc -l`, `split` and the plainest loop that checks anything.

    python tests/bench/bench_validate.py [requests]

Makes its own files (50,000 requests, 200 MB each, unless told otherwise) in a temporary folder. The yardstick is a loop
of `json.loads` with five checks: custom_id is a string, method, url, body is an object, custom_id is unique. Each
figure is the best of five runs, in a process of its own, taken in turns; processor time beside the clock's, which on a
busy machine says more. Needs Linux (/proc) and coreutils.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# So that it runs from a checkout without an installation.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tui.files.source import Digest, Source
from tui.requests.checker import Checker
from tui.requests.limits import Limits
from tui.requests.split import split
from tui.requests.validate import _Validation, validate

CHAT = "/v1/chat/completions"


class NoDigest(Digest):
    """What the SHA-256 costs is the difference to this."""

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        pass


def plain_loop(path: Path) -> None:
    seen = set()
    with path.open("rb") as file:
        for raw in file:
            request = json.loads(raw)
            custom_id = request["custom_id"]
            if not (
                isinstance(custom_id, str)
                and request["method"] == "POST"
                and request["url"] == CHAT
                and isinstance(request["body"], dict)
                and custom_id not in seen
            ):
                raise ValueError(custom_id)
            seen.add(custom_id)


def without_sha256(path: Path) -> None:
    with Source(path) as source, NoDigest() as digest:
        _Validation(source, digest, Checker()).run()


def beside_a_loop(work_on: Callable[[], object]) -> float:
    """The longest that an event loop which wants to run each millisecond had to wait, in milliseconds."""

    async def main() -> float:
        work = asyncio.create_task(asyncio.to_thread(work_on))
        worst = 0.0
        while not work.done():
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - start - 0.001)
        return worst * 1000

    return asyncio.run(main())


RUNS: dict[str, Callable[[Path], Any]] = {
    "json.loads loop, 5 checks": plain_loop,
    "validate without SHA-256": without_sha256,
    "validate": validate,
}


def run_alone(name: str, path: Path) -> None:
    """Prints seconds, seconds of the processors, and by how many bytes the peak of memory rose."""
    before = peak_memory()
    start, cpu = time.perf_counter(), time.process_time()
    RUNS[name](path)
    print(time.perf_counter() - start, time.process_time() - cpu, peak_memory() - before)


def peak_memory() -> int:
    """Bytes; what getrusage says is inherited from the parent process."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def words(rng: random.Random, alphabet: str) -> list[str]:
    return ["".join(rng.choices(alphabet, k=rng.randint(2, 10))) for _ in range(2000)]


def write(
    path: Path, requests: int, size: int, *, alphabet: str, ascii_only: bool, bad: bool = False, broken: int = 0
) -> None:
    """Chat requests of `size` bytes each, the text made of random words.

    With `bad` every one is wrong; one in so many is `broken`: it has NaN, with which a line is no JSON.
    """
    rng = random.Random(7)
    stock = words(rng, alphabet)
    with path.open("wb") as file:
        for number in range(requests):
            content = ""
            while len(json.dumps(content, ensure_ascii=ascii_only).encode()) < size - 220:
                content += " ".join(rng.choices(stock, k=max(1, size // 40))) + '\n"'
            messages = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": content}]
            temperature = float("nan") if broken and number % broken == 0 else 0.2
            body = {"model": "gpt-4o-mini", "messages": messages, "max_tokens": 256, "temperature": temperature}
            custom_id = f"request-{number:07d}"
            request = {"custom_id": custom_id, "method": "POST", "url": CHAT, "body": body | {"stream": bad}}
            file.write(json.dumps(request, ensure_ascii=ascii_only).encode() + b"\n")


def measure(title: str, path: Path, names: list[str]) -> None:
    size = path.stat().st_size
    figures: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(5):
        figures.setdefault("wc -l", []).append((*timed(["wc", "-l", str(path)]), 0))
        for name in names:
            command = [sys.executable, __file__, "--alone", name, str(path)]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            seconds, cpu, growth = map(float, printed)
            figures.setdefault(name, []).append((seconds, cpu, growth))
    print(f"\n{title}: {size / 1e6:.0f} MB")
    clock, work, _ = map(min, zip(*figures[names[0]], strict=True))
    for name, runs in figures.items():
        best, least, _ = map(min, zip(*runs, strict=True))
        growth = max(run[2] for run in runs)
        print(
            f"  {name:27}{best:7.3f} s  {size / 1e6 / best:6.0f} MB/s  {clock / best:5.2f} ×   "
            f"processor {least:6.3f} s {work / least:5.2f} ×   memory +{growth / 1e6:.1f} MB"
        )
    stalls = sorted(beside_a_loop(lambda: validate(path)) for _ in range(3))
    idle = sorted(beside_a_loop(lambda: time.sleep(best)) for _ in range(3))
    print("  worst wait of an event loop beside it:", ", ".join(f"{stall:.1f}" for stall in stalls), end=" ms; ")
    print("beside nothing:", ", ".join(f"{stall:.1f}" for stall in idle), "ms")


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processors."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, max(cpu, 0.01)


def measure_split(path: Path, requests: int) -> None:
    """Five parts, which the disk has at the end; `split` alone would leave them in memory."""
    per_part = requests // 5
    script = f'split -l {per_part} "$0" "$1"/part- && sync "$1"/part-*'
    best: dict[str, tuple[float, float]] = {}
    for _ in range(5):
        for name in ("split -l, sync", "split", "split with SHA-256"):
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                if name == "split -l, sync":
                    seconds = timed(["sh", "-c", script, str(path), folder])
                else:
                    start, cpu = time.perf_counter(), time.process_time()
                    split(path, Path(folder), limits=Limits(max_requests=per_part), digests="SHA-256" in name)
                    seconds = time.perf_counter() - start, time.process_time() - cpu
            clock, work = best.get(name, seconds)
            best[name] = min(clock, seconds[0]), min(work, seconds[1])
    print(f"\n{path.stat().st_size / 1e6:.0f} MB into five parts; × is times as long as coreutils takes")
    yardstick = best["split -l, sync"]
    for name, (clock, work) in best.items():
        ratios = clock / yardstick[0], work / yardstick[1]
        print(f"  {name:27}{clock:7.3f} s {ratios[0]:5.2f} ×   processor {work:6.3f} s {ratios[1]:5.2f} ×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("requests", nargs="?", type=int, default=50_000)
    parser.add_argument("--alone", nargs=2, metavar=("RUN", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        run_alone(arguments.alone[0], Path(arguments.alone[1]))
        return
    number = arguments.requests
    latin, mixed, cjk = "etaoinshrdlu", "etaoinshrdluéüß", "日本語中文字符集合体验"
    print(f"{number:,} requests a file, {os.cpu_count()} processors; × is how many times as fast as the loop")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "requests.jsonl")
        everything = list(RUNS)
        for title, size, options in (
            ("ASCII, 4 kB a request", 4000, {"alphabet": latin, "ascii_only": True}),
            ("accented text in UTF-8", 4000, {"alphabet": mixed, "ascii_only": False}),
            ("Chinese in UTF-8", 4000, {"alphabet": cjk, "ascii_only": False}),
            ("the same in \\u escapes", 4000, {"alphabet": cjk, "ascii_only": True}),
            ("300 bytes a request", 300, {"alphabet": latin, "ascii_only": True}),
            ("every request wrong", 4000, {"alphabet": latin, "ascii_only": True, "bad": True}),
            ("one request in fifty broken", 4000, {"alphabet": latin, "ascii_only": True, "broken": 50}),
        ):
            write(path, number, size, **options)  # type: ignore[arg-type]  # a table of keyword arguments
            measure(title, path, everything)
            if size == 300:
                measure_split(path, number)
            if title.startswith("ASCII"):
                with path.open("rb") as once, Path(folder, "five times").open("wb") as five:
                    for _ in range(5):
                        once.seek(0)
                        shutil.copyfileobj(once, five, 1 << 20)
                measure_split(Path(five.name), 5 * number)
                Path(five.name).unlink()


if __name__ == "__main__":
    main()
