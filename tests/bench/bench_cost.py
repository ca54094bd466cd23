"""What an estimate costs, beside validation and a plain loop of json.loads, and how near it is to the exact count.

    python tests/bench/bench_cost.py [--megabytes 200] [--runs 3] [--samples 40]

Makes its own files in a temporary folder. The yardstick is the loop of `json.loads` with five checks of
bench_validate.py. Each figure is the best of the runs, in a process of its own, taken in turns. Loading the vocabulary
is part of it, on a thread beside the validation as in the commands, and so is the price list the first time; after that
its answer is in the state. The whole command, the start of its process among it, is held against the loop as a process.
Asserts no time.
"""

import argparse
import asyncio
import inspect
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

# So that it runs from a checkout without an installation.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.bench_validate import plain_loop
from tui.flows.costs import Costs
from tui.flows.estimate import prepare, price
from tui.requests.cost import estimate
from tui.requests.validate import validate

CHAT = "/v1/chat/completions"
CHINESE = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
PROSE = Path(random.__file__).read_text().split()


def estimated(path: Path, folder: Path | None) -> None:
    """As the command does it; with a state in `folder`, where the price may have been kept by an earlier run."""
    costs = Costs(folder, "bench", "https://api.openai.com/v1")
    preparing = threading.Thread(target=prepare, args=(path, costs))
    preparing.start()
    report = validate(path)
    preparing.join()
    asyncio.run(price(report, costs))
    costs.close()


def first_time(path: Path) -> None:
    estimated(path, None)


def again(path: Path) -> None:
    estimated(path, path.parent / "state")


def command(path: Path) -> None:
    """`lazybatch validate`, with a state as `again`."""
    settings = path.parent / "config.toml"
    settings.write_text("[profiles.bench.limits]\nmax_requests = 10_000_000\nmax_bytes = 10_000_000_000\n")
    environment = os.environ | {
        "LAZYBATCH_STATE": str(path.parent / "state"),
        "LAZYBATCH_CONFIG": str(settings),
        # As where it is installed: compiled once, then read as bytecode.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    subprocess.run(
        [sys.executable, "-m", "tui", "validate", str(path)],
        check=True, env=environment, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL,
    )  # fmt: skip


def loop_command(path: Path) -> None:
    """The loop alone in a process."""
    head = f"import json, sys\nfrom pathlib import Path\nCHAT = {CHAT!r}\n"
    program = f"{head}{inspect.getsource(plain_loop)}plain_loop(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)


def exact(path: Path) -> None:
    estimate.estimate(validate(path), exact=True)


RUNS: dict[str, Callable[[Path], Any]] = {
    "json.loads loop, 5 checks": plain_loop,
    "validate": validate,
    "validate, estimate, first": first_time,
    "validate, estimate, again": again,
    "validate and count all": exact,
    "the loop as a process": loop_command,
    "lazybatch validate": command,
}
# Each is held against its own yardstick.
PROCESSES = ("the loop as a process", "lazybatch validate")


def english(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(PROSE, k=words))


def chinese(rng: random.Random, words: int) -> str:
    return "".join(rng.choices(CHINESE, k=2 * words))


def either(rng: random.Random, words: int) -> str:
    return rng.choice((english, chinese))(rng, words)


def both(rng: random.Random, words: int) -> str:
    return english(rng, words // 2) + chinese(rng, words // 2)


def mixed(rng: random.Random, words: int) -> str:
    kind = rng.random()
    if kind < 0.4:
        return english(rng, words)
    return chinese(rng, words) if kind < 0.7 else str([rng.random() for _ in range(words // 8)])


def letters(rng: random.Random, words: int) -> str:
    """What a line is made of does not tell its tokens: words, or as many letters at random."""
    text = english(rng, words).lower()
    if rng.random() < 0.5:
        return text
    return "".join(rng.choice("aeinrst") if letter.isalpha() else letter for letter in text)


class Kind:
    """A kind of file: what its texts are, whether they are sorted and non-ASCII characters escaped."""

    def __init__(
        self, make: Callable[[random.Random, int], str], *, in_order: bool = False, escapes: bool = True
    ) -> None:
        self.make, self.in_order, self.escapes = make, in_order, escapes

    def write(self, path: Path, size: int) -> None:
        rng = random.Random(7)
        stock = [self.make(rng, min(4000, int(rng.lognormvariate(6, 0.8)))) for _ in range(3000)]
        texts = stock * max(1, size // sum(len(json.dumps(text, ensure_ascii=self.escapes).encode()) for text in stock))
        rng.shuffle(texts)
        with path.open("w") as file:
            for number, text in enumerate(sorted(texts) if self.in_order else texts):
                messages = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": text}]
                body = {"model": "gpt-4o-mini", "messages": messages, "max_tokens": 256}
                line = {"custom_id": f"request-{number:07d}", "method": "POST", "url": CHAT, "body": body}
                file.write(json.dumps(line, ensure_ascii=self.escapes) + "\n")


KINDS = {
    "English": Kind(english),
    "half Chinese, in escapes": Kind(either),
    "half Chinese, in UTF-8": Kind(either, escapes=False),
    "half Chinese, sorted": Kind(either, in_order=True),
    "both in each request": Kind(both),
    "English, Chinese and numbers, in escapes": Kind(mixed),
    "English, Chinese and numbers, sorted": Kind(mixed, in_order=True),
    "English, and letters at random": Kind(letters),
}


def run_alone(name: str, path: Path) -> None:
    """Prints seconds of wall and of processor."""
    start, busy = time.perf_counter(), sum(os.times()[:4])
    RUNS[name](path)
    print(time.perf_counter() - start, sum(os.times()[:4]) - busy)


def speed(path: Path, runs: int) -> None:
    size = path.stat().st_size
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in RUNS}
    for number in range(runs):
        for name, taken in figures.items():
            if number and name == "validate and count all":
                continue
            command = [sys.executable, __file__, "--alone", name, str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            taken.append((float(done[0]), float(done[1])))
    for name, taken in figures.items():
        loop = PROCESSES[0] if name in PROCESSES else "json.loads loop, 5 checks"
        yardstick = min(wall for wall, _ in figures[loop])
        wall, busy = min(wall for wall, _ in taken), min(busy for _, busy in taken)
        print(
            f"  {name:27}{wall:7.3f} s {size / 1e6 / wall:6.0f} MB/s {yardstick / wall:5.2f} ×   processor {busy:.3f} s"
        )


def accuracy(path: Path, samples: int) -> None:
    """Other samples of the same file: the seed is the file's SHA-256."""
    report = validate(path)
    true = estimate.estimate(report, exact=True).input_tokens
    errors, seconds, kept = [], [], 0
    for number in range(samples):
        start = time.perf_counter()
        found = estimate.estimate(replace(report, sha256=f"{number:064x}"))
        seconds.append(time.perf_counter() - start)
        errors.append(abs(found.input_tokens / true - 1))
        kept += errors[-1] <= found.input_error
    errors.sort()
    middle, p95 = errors[samples // 2], errors[int(0.95 * samples) - 1]
    basis = found.basis.partition("sample of ")[2].partition(";")[0]
    print(
        f"  off by {middle:.2%} at p50, {p95:.2%} at p95; within the stated error {kept / samples:.0%}; "
        f"{basis}, {min(seconds) * 1000:.0f} ms"
    )


def longest_wait(path: Path) -> None:
    """How long an event loop that wants to run each millisecond had to wait while all lines were counted."""
    report = validate(path)

    async def main() -> float:
        stop = threading.Event()
        work = asyncio.create_task(asyncio.to_thread(estimate.estimate, report, exact=True, cancelled=stop.is_set))
        worst, end = 0.0, time.perf_counter() + 3
        while not work.done() and time.perf_counter() < end:
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - start - 0.001)
        stop.set()
        await asyncio.gather(work, return_exceptions=True)
        return worst * 1000

    print(f"  worst wait of an event loop beside an exact count: {asyncio.run(main()):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--alone", nargs=2, metavar=("RUN", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        run_alone(arguments.alone[0], Path(arguments.alone[1]))
        return
    print(f"{os.cpu_count()} processors; × is how many times as fast as the loop")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "requests.jsonl")
        for title, kind in KINDS.items():
            kind.write(path, arguments.megabytes * 1_000_000)
            print(f"\n{title}: {path.stat().st_size / 1e6:.0f} MB")
            speed(path, arguments.runs)
            accuracy(path, arguments.samples)
            longest_wait(path)


if __name__ == "__main__":
    main()
