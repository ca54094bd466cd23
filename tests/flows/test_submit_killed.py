"""Processes that die of SIGKILL while they submit, or submit the same file at once: one batch, whatever happens."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ACCOUNT, KEY, MakeInput
from tui.demo.faults import Fault
from tui.demo.server import DemoServer
from tui.state.journal import Journal, Stage, Submission
from tui.state.store import connect

ROOT = Path(__file__).parents[2]
BUSY = "Another lazybatch is submitting this very file right now."

Driver = Callable[..., str]


@pytest.fixture
def start_driver(demo: DemoServer, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that submits what it is told to."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("driver.py")), demo.base_url, str(tmp_path / "state")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OPENAI_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate(timeout=30)


def ask(driver: subprocess.Popen[str], path: Path, die: str | None = None, after: float | None = None) -> None:
    assert driver.stdin is not None
    driver.stdin.write(json.dumps({"path": str(path), "die": die, "after": after}) + "\n")
    driver.stdin.flush()


def told(driver: subprocess.Popen[str]) -> str:
    assert driver.stdout is not None
    said: str = json.loads(driver.stdout.readline())
    return said


def submissions(tmp_path: Path) -> list[Submission]:
    with closing(connect(tmp_path / "state")) as connection:
        return Journal(connection, ACCOUNT, tmp_path / "state").recent(1000)


def batches(demo: DemoServer) -> list[dict[str, Any]]:
    """All there are, by the server's own list."""
    import httpx2

    answer = httpx2.get(f"{demo.base_url}/batches?limit=100", headers={"Authorization": f"Bearer {KEY}"})
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_killed_at_each_stage(
    demo: DemoServer,
    start_driver: Callable[[], subprocess.Popen[str]],
    make_input: MakeInput,
    tmp_path: Path,
) -> None:
    driver = start_driver()
    stages = [
        f"{when} {stage}" for stage in ("uploading", "uploaded", "creating", "created") for when in ("before", "after")
    ]
    for number, die in enumerate(stages):
        path = make_input(3, f"in{number}.jsonl", user=die)
        ask(driver, path, die=die)
        assert told(driver) == "", die
        # Twice the same death, where it can be died twice.
        ask(driver, path, die=die)
        told(driver)
        ask(driver, path)
        batch_id = told(driver)
        assert batch_id.startswith("batch_"), (die, batch_id)
        assert len(batches(demo)) == number + 1, die
    found = submissions(tmp_path)
    assert [submission.stage for submission in found] == [Stage.CREATED] * len(stages)
    assert {submission.batch_id for submission in found} == {batch["id"] for batch in batches(demo)}


def test_killed_at_any_moment(
    demo: DemoServer,
    start_driver: Callable[[], subprocess.Popen[str]],
    make_input: MakeInput,
    tmp_path: Path,
) -> None:
    driver = start_driver()
    # Slow enough for a kill to fall into each call, too.
    demo.faults.add(Fault("files.create", "slow", delay_s=0.05, times=None))
    demo.faults.add(Fault("batches.create", "slow", delay_s=0.05, times=None))
    ask(driver, make_input(3, "first.jsonl", user="first"))
    assert told(driver).startswith("batch_")
    begun = time.monotonic()
    ask(driver, make_input(3, "second.jsonl", user="second"))
    assert told(driver).startswith("batch_")
    whole = time.monotonic() - begun
    chance = random.Random(8)
    deaths, made = 0, 2
    for number in range(20):
        path = make_input(3, f"in{number}.jsonl", user=str(number))
        for _ in range(chance.choice((1, 1, 2))):
            ask(driver, path, after=whole * chance.uniform(0.2, 1.1))
            deaths += told(driver) == ""
        ask(driver, path)
        batch_id = told(driver)
        assert batch_id.startswith("batch_"), batch_id
        made += 1
        assert len(batches(demo)) == made, number
    assert deaths >= 10
    assert len({batch["input_file_id"] for batch in batches(demo)}) == made
    assert [submission.stage for submission in submissions(tmp_path)] == [Stage.CREATED] * made


def test_two_processes_at_once(
    demo: DemoServer,
    start_driver: Callable[[], subprocess.Popen[str]],
    make_input: MakeInput,
    tmp_path: Path,
) -> None:
    drivers = [start_driver() for _ in range(2)]
    for number, driver in enumerate(drivers):
        ask(driver, make_input(1, f"warm{number}.jsonl", user=str(number)))
    for driver in drivers:
        assert told(driver).startswith("batch_")
    demo.faults.add(Fault("*.create", "slow", delay_s=0.3, times=None))
    path = make_input(5)
    for driver in drivers:
        ask(driver, path)
    said = {told(driver) for driver in drivers}
    assert BUSY in said
    assert len(said) == 2
    assert len(batches(demo)) == 3
    assert demo.calls["batches.create"] == 3
    ask(drivers[0], path)
    assert {told(drivers[0]), BUSY} == said
    assert [submission.stage for submission in submissions(tmp_path)] == [Stage.CREATED] * 3
