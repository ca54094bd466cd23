"""Processes that die of SIGKILL while they send a queue: each part once, in order, none before there is room."""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.conftest import CHAT, KEY, MakeInput, chat_line
from tui.batches.cost import Expected
from tui.demo.faults.faults import Fault
from tui.demo.faults.knobs import Knobs
from tui.demo.server import DemoServer
from tui.requests.validate import validate
from tui.settings.profiles import Profile
from tui.store.database import connect
from tui.store.journal import Journal, Stage
from tui.store.queue import Queue, State

MODEL = "gpt-4o-mini"
# As the demo server counts a request of `make_input`.
TOKENS = 10


@pytest.fixture
def quick() -> Iterator[DemoServer]:
    """A server whose batches are over in a second or less."""
    knobs = Knobs(pace=100.0, shortest_run_s=8.0, validating_s=1.0, finalizing_s=1.0)
    with DemoServer(api_key=KEY, knobs=knobs) as running:
        running.clock.set_speed(30)
        yield running


class Driver:
    """The process that sends the queue in processes of its own."""

    def __init__(self, server: DemoServer, state: Path, limits: dict[str, int]) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, str(Path(__file__).with_name("driver.py")), server.base_url, str(state),
                json.dumps(limits),
            ],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OPENAI_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def run(self, die: str | None = None, after: float | None = None) -> list[str]:
        """What was sent until the process died, or until nothing waited any more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"die": die, "after": after}) + "\n")
        self._process.stdin.flush()
        told: list[str] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture
def start(quick: DemoServer, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    started: list[Driver] = []

    def begin(**limits: int) -> Driver:
        started.append(Driver(quick, tmp_path / "state", limits))
        return started[-1]

    yield begin
    for each in started:
        each.close()


@pytest.fixture
def fill(quick: DemoServer, tmp_path: Path, make_input: MakeInput) -> Callable[[int], list[str]]:
    """Puts so many parts of one request into the queue; their names, in order."""
    account = Profile("test", "test", base_url=quick.base_url).account

    def put(parts: int) -> list[str]:
        with closing(connect(tmp_path / "state")) as connection:
            queue = Queue(connection, account)
            for number in range(parts):
                report = validate(make_input(1, f"part-{number:02}.jsonl", user=str(number)))
                queue.add(report, CHAT, {"description": report.path.stem}, expected=Expected(1, TOKENS))
        return [f"part-{number:02}" for number in range(parts)]

    return put


def batches(server: DemoServer) -> list[dict[str, Any]]:
    """All there are, by the server's own list, oldest first."""
    import httpx2

    answer = httpx2.get(f"{server.base_url}/batches?limit=100", headers={"Authorization": f"Bearer {KEY}"})
    found: list[dict[str, Any]] = answer.json()["data"]
    return found[::-1]


def kept(tmp_path: Path, server: DemoServer) -> tuple[set[State], set[Stage], set[str]]:
    """The states of the queue, the stages of the journal, and the batches that it names."""
    account = Profile("test", "test", base_url=server.base_url).account
    with closing(connect(tmp_path / "state")) as connection:
        entries = Queue(connection, account).entries()
        submissions = Journal(connection, account, tmp_path / "state").recent(1000)
    named = {entry.batch_id for entry in entries} | {found.batch_id for found in submissions}
    return {entry.state for entry in entries}, {found.stage for found in submissions}, {key for key in named if key}


def test_the_server_counts_as_the_test_does() -> None:
    from tui.demo.model.model import prompt_usage

    assert prompt_usage(CHAT, json.loads(chat_line(0))["body"]) == TOKENS


def test_forty_parts_three_at_a_time_and_a_sender_that_is_killed(
    quick: DemoServer, start: Callable[..., Driver], fill: Callable[[int], list[str]], tmp_path: Path
) -> None:
    parts = fill(40)
    quick.knobs.token_limits = {MODEL: 3 * TOKENS}
    most = watch_the_most(quick)
    driver = start(**{MODEL: 3 * TOKENS})
    chance = random.Random(6)
    deaths = [
        f"{when} {what}"
        for what in ("begin", "uploading", "uploaded", "creating", "created", "sent")
        for when in ("before", "after")
    ]
    for die in deaths:
        driver.run(die=die)
    for _ in range(5):
        driver.run(after=chance.uniform(0.1, 0.6))
    driver.run()
    there = batches(quick)
    assert [batch["metadata"]["description"] for batch in there] == parts
    # None was early: an early one would have been refused.
    assert "failed" not in {batch["status"] for batch in there}
    assert most() <= 3
    assert kept(tmp_path, quick) == ({State.SENT}, {Stage.CREATED}, {batch["id"] for batch in there})


@pytest.mark.parametrize("until", ["files.delete", "batches.create"])
def test_killed_while_it_withdraws_a_file(
    quick: DemoServer, start: Callable[..., Driver], fill: Callable[[int], list[str]], tmp_path: Path, until: str
) -> None:
    """The create that nobody answered is carried out just before its file is deleted, or after the next was sent."""
    parts = fill(3)
    driver = start(**{MODEL: 100 * TOKENS})
    for die in ("before withdrawing", "after withdrawing", "before told"):
        quick.faults.add(Fault("batches.create", "late", until=until))
        driver.run(die=die)
    driver.run()
    there = [batch for batch in batches(quick) if batch["status"] != "failed"]
    assert sorted(batch["metadata"]["description"] for batch in there) == parts
    assert kept(tmp_path, quick) == ({State.SENT}, {Stage.CREATED}, {batch["id"] for batch in there})


def watch_the_most(server: DemoServer) -> Callable[[], int]:
    """How many batches there were at most at one time, as the server enqueues them."""
    seen, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            states = [batch["status"] for batch in batches(server)]
            seen.append(len([state for state in states if state not in {"completed", "failed"}]))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()

    def told() -> int:
        over.set()
        thread.join()
        return max(seen)

    return told


def test_a_limit_that_nobody_told_is_found_out_once(
    quick: DemoServer, start: Callable[..., Driver], fill: Callable[[int], list[str]], tmp_path: Path
) -> None:
    parts = fill(9)
    quick.knobs.token_limits = {MODEL: 2 * TOKENS}
    driver = start()
    for after in (0.5, 0.7, 0.9):
        driver.run(after=after)
    driver.run()
    there = batches(quick)
    assert [batch["metadata"]["description"] for batch in there if batch["status"] != "failed"] == parts
    assert len([batch for batch in there if batch["status"] == "failed"]) <= 1
    assert len({batch["input_file_id"] for batch in there}) == len(parts)
