"""From the start of the process to the first frame, over the bare import of Textual.

Run it: `python -m tests.bench.bench_start [ROUNDS]`. Figures are printed, none is asserted. On a machine that has other
work to do the processor's time says more than the clock's.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.terminal import Terminal

_COMMAND = (sys.executable, "-m", "tui")
_YARDSTICK = (sys.executable, "-c", "import textual.app")
_CACHED = (0, 10_000)
# As where it is installed: compiled once, then read as bytecode, Textual's and ours alike.
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


class Taken(NamedTuple):
    """Seconds that a start took by the clock, and those that processors worked for it."""

    clock: float
    work: float


def closed_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def environment(state: Path) -> dict[str, str]:
    """A process's environment with a state folder of its own and a server that is not there."""
    return {
        "LAZYBATCH_STATE": str(state),
        "LAZYBATCH_CONFIG": str(state / "none.toml"),
        "OPENAI_BASE_URL": f"http://127.0.0.1:{closed_port()}/v1",
        "OPENAI_API_KEY": "test-key",
        "OPENAI_ORG_ID": "",
        "OPENAI_PROJECT_ID": "",
        **_COMPILED,
    }


def fill(env: Mapping[str, str], rows: int) -> None:
    """Put `rows` batches into the cache of the account that `env` leads to."""
    from tui.settings.profiles import profile
    from tui.store.cache import Cache
    from tui.store.database import connect

    connection = connect(Path(env["LAZYBATCH_STATE"]))
    now = int(time.time())
    # Old enough that what a row says stays for a minute.
    times = ((row, now - 7200 - row * 60) for row in range(rows))
    answers = ((f"batch_{row:06d}", created, _answer(row, created)) for row, created in times)
    Cache(connection, profile(environ=env).view).save(answers, time.time())
    connection.close()


def _answer(row: int, created: int) -> dict[str, object]:
    return {
        "id": f"batch_{row:06d}",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": f"file-{row:06d}",
        "completion_window": "24h",
        "status": "in_progress" if row % 100 == 0 else ("completed", "failed", "expired")[row % 3],
        "created_at": created,
        "in_progress_at": created + 20,
        "expires_at": created + 86_400,
        "request_counts": {"total": 50_000, "completed": 30_000 + row % 20_000, "failed": row % 7},
        "metadata": {"description": f"nightly-eval-{row:05d}"},
    }


def yardstick() -> Taken:
    """An interpreter that imports Textual's app and ends."""
    start = time.perf_counter()
    work = _work_of(subprocess.Popen(_YARDSTICK, env=os.environ | _COMPILED))
    return Taken(time.perf_counter() - start, work)


def first_frame(env: Mapping[str, str]) -> Taken:
    """From the start of the process until the header and the table's titles are on screen."""
    with Terminal(_COMMAND, env=env) as terminal:
        clock = terminal.wait_for(lambda seen: b"lazybatch" in seen.log and b"STATUS" in seen.log)
        terminal.process.kill()
        return Taken(clock, _work_of(terminal.process))


def _work_of(process: subprocess.Popen[bytes]) -> float:
    """The processors' seconds of a process, all threads and the system's part included; waits for its end."""
    usage = os.wait4(process.pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def main(rounds: int = 9) -> None:
    """Take turns, so that what else the machine does falls on all alike; print the best and the middle of each."""
    with tempfile.TemporaryDirectory() as folder:
        environments = {rows: environment(Path(folder) / str(rows)) for rows in _CACHED}
        for rows, env in environments.items():
            fill(env, rows)
            # Whoever is first compiles.
            first_frame(env)
        yardstick()
        bare, frames = [], {rows: list[Taken]() for rows in _CACHED}
        for _ in range(rounds):
            bare.append(yardstick())
            for rows, env in environments.items():
                frames[rows].append(first_frame(env))
    print(f"best (middle) of {rounds}{'by the clock':>46}{'processor':>30}")
    print(f"{'import textual.app':<42}{_told(bare, bare)}")
    for rows in _CACHED:
        print(f"{f'first frame with {rows:,} cached batches':<42}{_told(frames[rows], bare)}")
    print(json.dumps({rows: [round(ratio, 3) for ratio in _ratios(frames[rows], bare)] for rows in _CACHED}))


def _ratios(taken: Sequence[Taken], bare: Sequence[Taken]) -> list[float]:
    """Best over best: by the clock, and of processors' work."""
    return [min(times) / min(own) for times, own in zip(zip(*taken, strict=True), zip(*bare, strict=True), strict=True)]


def _told(taken: Sequence[Taken], bare: Sequence[Taken]) -> str:
    times = zip(zip(*taken, strict=True), _ratios(taken, bare), strict=True)
    return "".join(f"{min(each) * 1000:8.0f} ({median(each) * 1000:.0f}) ms = {ratio:.2f} x" for each, ratio in times)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
