"""Submits files as processes of their own, to be killed: driver.py BASE_URL STATE, one JSON task a line on stdin.

A task is `{"path", "die": "before created" or null, "after": seconds or null}`: a process submits `path`, and dies of
SIGKILL just before or after the journal notes that stage, or when so much time has passed. What it printed is answered
as a JSON string. Each is forked from this process, which has imported everything: twenty of them cost little.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx2  # noqa: F401  (imported once, for all)
import openai.resources.batches
import openai.resources.files  # noqa: F401

from tui.errors import LazybatchError
from tui.flows.steps import Already, Created, Order
from tui.flows.submit import submit
from tui.requests.validate import validate
from tui.state.journal import Journal, Submission
from tui.state.store import connect
from tui.wire.address import Address
from tui.wire.client import Wire

ACCOUNT = "https://api.example/v1|||"


class MortalJournal(Journal):
    """Kills its process just before or after it writes a stage down."""

    die = ""

    def open(self, submission: Submission) -> None:
        self._at("before", submission.stage)
        super().open(submission)
        self._at("after", submission.stage)

    def advance(self, submission_id: str, stage: Any, **more: Any) -> None:
        self._at("before", stage)
        super().advance(submission_id, stage, **more)
        self._at("after", stage)

    def _at(self, when: str, stage: str) -> None:
        if self.die == f"{when} {stage}":
            os.kill(os.getpid(), signal.SIGKILL)


async def main(base_url: str, path: Path, state: Path, die: str | None) -> str:
    journal = MortalJournal(connect(state), ACCOUNT, state)
    journal.die = die or ""
    wire = await Wire.connect(Address(base_url, os.environ["OPENAI_API_KEY"]))
    said = "nothing"
    try:
        order = Order(validate(path), "/v1/chat/completions", {})
        async for step in submit(order, wire=wire, journal=journal, looks=(0.05, 0.1, 0.2)):
            if isinstance(step, Created | Already):
                said = step.batch.id
    except LazybatchError as error:
        said = error.sentence
    await wire.close()
    return said


def child(base_url: str, state: Path, task: dict[str, Any]) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = asyncio.run(main(base_url, Path(task["path"]), state, task["die"]))
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    if task["after"] is not None:
        time.sleep(task["after"])
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(child(sys.argv[1], Path(sys.argv[2]), json.loads(line))), flush=True)
