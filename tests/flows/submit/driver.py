"""Submits files as processes of their own, to be killed: driver.py STATE, one JSON task a line on stdin.

A task is a `Task`: a process submits `path`, and dies of SIGKILL just before or after the journal notes the stage of
`die`, or what became of the delete of its file. What it printed is answered as a JSON string. Each is forked from this
process, which has imported everything: hundreds of them cost little. Its pid is in STATE.pid, for who wants to kill it.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, TypedDict

from tui.batches.batch import Batch
from tui.client.address import Address
from tui.client.api import Wire
from tui.errors import LazybatchError
from tui.flows.submit import multipart
from tui.flows.submit.parts import PartsOrder, cut, submit_parts
from tui.flows.submit.reconcile import reconcile
from tui.flows.submit.steps import Already, Created, Order
from tui.flows.submit.submit import submit
from tui.requests.limits import Limits
from tui.requests.validate import validate
from tui.store.database import connect
from tui.store.journal import Journal, Submission

ACCOUNT = "https://api.example/v1|||"
CHAT = "/v1/chat/completions"
LOOKS = (0, 0.02, 0.1)


class Task(TypedDict):
    """One process. `most` requests a part, if it is to be split; `settle` first, as a start of the screen does.

    With `piece`, a file of more bytes than that is uploaded in pieces of so many.
    """

    base_url: str
    path: str
    die: str | None
    most: int | None
    piece: int | None
    settle: bool


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

    def renew(self, submission_id: str) -> None:
        self._at("before", "renewed")
        super().renew(submission_id)
        self._at("after", "renewed")

    def delete_told(self, number: int, outcome: str, message: str | None) -> None:
        self._at("before", "told")
        super().delete_told(number, outcome, message)

    def _at(self, when: str, stage: str) -> None:
        if self.die == f"{when} {stage}":
            os.kill(os.getpid(), signal.SIGKILL)


async def main(task: Task, state: Path) -> str:
    """The batches that there are at the end, by their ids, or a sentence."""
    journal = MortalJournal(connect(state), ACCOUNT, state)
    journal.die = task["die"] or ""
    if task["piece"]:
        multipart.LARGE = multipart.PART_BYTES = task["piece"]
    wire = await Wire.connect(Address(task["base_url"], os.environ["OPENAI_API_KEY"]))
    try:
        if task["settle"]:
            async for _ in reconcile(wire=wire, journal=journal):
                pass
        found = await (_parts if task["most"] else _whole)(task, state, wire, journal)
        return " ".join(batch.id for batch in found)
    except LazybatchError as error:
        return error.sentence
    finally:
        await wire.close()


async def _whole(task: Task, _state: Path, wire: Wire, journal: Journal) -> list[Batch]:
    order = Order(validate(Path(task["path"])), CHAT, {"description": Path(task["path"]).stem})
    return [
        step.batch
        async for step in submit(order, wire=wire, journal=journal, looks=LOOKS)
        if isinstance(step, Created | Already)
    ]


async def _parts(task: Task, state: Path, wire: Wire, journal: Journal) -> list[Batch]:
    limits = Limits(max_requests=task["most"] or 1)
    report = validate(Path(task["path"]), limits=limits)
    parts = cut(report, limits, state, lambda _done, _total: None)
    order = PartsOrder(report, parts, CHAT, {"description": Path(task["path"]).stem})
    return [
        told.step.batch
        async for told in submit_parts(order, wire=wire, journal=journal, looks=LOOKS)
        if isinstance(told.step, Created | Already)
    ]


def child(state: Path, task: Task) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        state.with_suffix(".pid").write_text(str(os.getpid()))
        said = asyncio.run(main(task, state))
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


async def _warm_up() -> None:
    """Import all that a call needs, once for all: nobody listens there."""
    wire = await Wire.connect(Address("http://127.0.0.1:1/v1", "nobody"))
    with contextlib.suppress(LazybatchError):
        await wire.list_batches()
    await wire.close()


if __name__ == "__main__":
    asyncio.run(_warm_up())
    for line in sys.stdin:
        print(json.dumps(child(Path(sys.argv[1]), json.loads(line))), flush=True)
