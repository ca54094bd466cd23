"""Sends a queue as processes of their own, to be killed: driver.py BASE_URL STATE, one JSON task a line on stdin.

A task is `{"die": "before sent" or null, "after": seconds or null}`: a process sends what waits and dies of SIGKILL
just before or after it notes that, or when so much time has passed; without either it ends when all has been taken in.
Each is forked from this process, which has imported everything. What it sent is answered as a JSON list of paths.
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

from tui.flows.account import Session
from tui.flows.queue.sender import Sender
from tui.flows.queue.steps import Looked, Went
from tui.settings.profiles import Profile
from tui.store.journal import Journal
from tui.store.queue import Queue, State

LOOKS = (0.02, 0.05, 0.1)


def mortal(kind: type, name: str, die: str, told: Any) -> None:
    """Have the method `name` kill its process before or after it does its work, where that is when to `die`."""
    work = getattr(kind, name)

    def dying(self: Any, *arguments: Any, **more: Any) -> Any:
        noted = told(*arguments)
        if die == f"before {noted}":
            os.kill(os.getpid(), signal.SIGKILL)
        done = work(self, *arguments, **more)
        if die == f"after {noted}":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(kind, name, dying)


def profile(base_url: str, limits: dict[str, int]) -> Profile:
    return Profile("test", "test", base_url=base_url, key=os.environ["OPENAI_API_KEY"], enqueued_tokens=limits)


async def main(base_url: str, state: Path, limits: dict[str, int], die: str, writing: int) -> None:
    for kind, name, told in (
        (Queue, "begin", lambda *_: "begin"), (Queue, "sent", lambda *_: "sent"),
        (Journal, "delete_told", lambda *_: "told"),
        (Journal, "open", lambda submission: submission.stage), (Journal, "advance", lambda _id, stage, *_: stage),
    ):  # fmt: skip
        mortal(kind, name, die, told)
    session = Session(profile(base_url, limits), state)
    await session.connect()
    async for step in Sender(session, LOOKS).run("the driver", interval=0.05):
        if isinstance(step, Went):
            os.write(writing, f"{step.entry.path.name}\n".encode())
        # What was sent last may be refused yet.
        if isinstance(step, Looked) and all(entry.state is State.SENT and entry.settled for entry in step.entries):
            break
    await session.close()


def child(base_url: str, state: Path, limits: dict[str, int], task: dict[str, Any]) -> list[str]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asyncio.run(main(base_url, state, limits, task["die"] or "", writing))
        os._exit(0)
    os.close(writing)
    if task["after"] is not None:
        time.sleep(task["after"])
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read().split()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(child(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]), json.loads(line))), flush=True)
