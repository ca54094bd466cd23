"""From the start of the process to the first frame, over the bare import of Textual.

Run it: `python -m tests.bench.bench_start [ROUNDS]`. Figures are printed, none is asserted.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.terminal import Terminal

_COMMAND = (sys.executable, "-m", "tui")
_YARDSTICK = (sys.executable, "-c", "import textual.app")
_CACHED = (0, 10_000)


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
    }


def fill(env: Mapping[str, str], rows: int) -> None:
    """Put `rows` batches into the cache of the account that `env` leads to."""
    from tui.settings import profile
    from tui.state.cache import Cache
    from tui.state.store import connect

    connection = connect(Path(env["LAZYBATCH_STATE"]))
    now = int(time.time())
    answers = ((f"batch_{row:06d}", now - row * 60, _answer(row, now - row * 60)) for row in range(rows))
    Cache(connection, profile(environ=env).view).save(answers, time.time())
    connection.close()


def _answer(row: int, created: int) -> dict[str, object]:
    return {
        "id": f"batch_{row:06d}",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": f"file-{row:06d}",
        "completion_window": "24h",
        "status": ("in_progress", "completed", "failed", "expired")[row % 4],
        "created_at": created,
        "in_progress_at": created + 20,
        "expires_at": created + 86_400,
        "request_counts": {"total": 50_000, "completed": row % 50_000, "failed": row % 7},
        "metadata": {"description": f"nightly-eval-{row:05d}"},
    }


def yardstick() -> float:
    """Seconds that an interpreter takes to import Textual's app and end."""
    start = time.perf_counter()
    subprocess.run(_YARDSTICK, check=True)
    return time.perf_counter() - start


def first_frame(env: Mapping[str, str]) -> float:
    """Seconds from the start of the process until the header and the table's titles are on screen."""
    with Terminal(_COMMAND, env=env) as terminal:
        return terminal.wait_for(lambda seen: b"lazybatch" in seen.log and b"STATUS" in seen.log)


def main(rounds: int = 9) -> None:
    """Take turns, so that what else the machine does falls on all alike; print the best of each."""
    with tempfile.TemporaryDirectory() as folder:
        environments = {rows: environment(Path(folder) / str(rows)) for rows in _CACHED}
        for rows, env in environments.items():
            fill(env, rows)
        bare, frames = [], {rows: list[float]() for rows in _CACHED}
        for _ in range(rounds):
            bare.append(yardstick())
            for rows, env in environments.items():
                frames[rows].append(first_frame(env))
    best = min(bare)
    figures = {f"first frame with {rows:,} cached batches": min(frames[rows]) for rows in _CACHED}
    print(f"import textual.app: {best * 1000:.0f} ms (best of {rounds})")
    for name, seconds in figures.items():
        print(f"{name}: {seconds * 1000:.0f} ms = {seconds / best:.2f} × import textual.app")
    print(json.dumps({name: round(seconds / best, 3) for name, seconds in figures.items()}))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
