"""What the tests of "once" share: a driver of mortal processes, and the count of what they have made."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.conftest import ACCOUNT, KEY, chat_line
from tests.flows.submit.cutting import Strike, Way
from tui.batches.batch import CONTENT_KEY
from tui.demo.server import DemoServer
from tui.store.database import connect
from tui.store.journal import Journal, Stage, Submission


class Driver:
    """Runs processes that submit, each on the server at the end of `way`."""

    def __init__(self, process: "subprocess.Popen[str]", base_url: str) -> None:
        self._process = process
        self._base_url = base_url

    def ask(self, path: Path, **how: object) -> None:
        """Begin to submit `path`, in a way that `Task` has; `told` has to follow."""
        assert self._process.stdin is not None
        usual = {"die": None, "most": None, "piece": None, "settle": False}
        task = usual | {"base_url": self._base_url, "path": str(path)} | how
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()

    def told(self) -> str:
        """What the process said at its end; nothing if it was killed."""
        assert self._process.stdout is not None
        said: str = json.loads(self._process.stdout.readline())
        return said


@contextmanager
def driver(base_url: str, state: Path) -> Iterator[Driver]:
    """A process that forks those to be killed; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.submit.driver", str(state)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OPENAI_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield Driver(process, base_url)
    finally:
        process.communicate(timeout=60)


def make(folder: Path, name: str, requests: int = 3, size: int = 10) -> Path:
    """An input file that no other has the content of."""
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(chat_line(number, user=name, note="x" * size) for number in range(requests)))
    return path


def submissions(state: Path) -> list[Submission]:
    with closing(connect(state)) as connection:
        return Journal(connection, ACCOUNT, state).recent(100_000)


def listed(demo: DemoServer, kind: str) -> list[dict[str, Any]]:
    """All files or batches there are, by the server's own list."""
    import httpx2

    found, after = list[dict[str, Any]](), ""
    while True:
        query = f"?limit=100{after}{'&purpose=batch' if kind == 'files' else ''}"
        answer = httpx2.get(f"{demo.base_url}/{kind}{query}", headers={"Authorization": f"Bearer {KEY}"}).json()
        found += answer["data"]
        if not answer["has_more"]:
            return found
        after = f"&after={answer['last_id']}"


def check_once(demo: DemoServer, state: Path, names: list[str], parts: int = 1) -> None:
    """Each of `names` came to exactly `parts` batches, each of another content, and left nothing else anywhere.

    Such as failed for want of their input cost nothing, and are not counted.
    """
    batches = [batch for batch in listed(demo, "batches") if not _without_input(batch)]
    metadata = [dict(batch["metadata"]) for batch in batches]
    made = Counter(one["description"].rpartition(" ")[0] if parts > 1 else one["description"] for one in metadata)
    assert made == dict.fromkeys(names, parts), made
    assert len({one[CONTENT_KEY] for one in metadata}) == len(metadata)
    # No upload that is not some batch's input: none is there twice, none was forgotten.
    assert {str(file["id"]) for file in listed(demo, "files")} <= {str(batch["input_file_id"]) for batch in batches}
    found = submissions(state)
    assert [submission.stage for submission in found] == [Stage.CREATED] * len(metadata)
    assert {submission.batch_id for submission in found} == {batch["id"] for batch in batches}


def _without_input(batch: dict[str, Any]) -> bool:
    errors = batch["errors"] or {"data": []}
    return [error["code"] for error in errors["data"]] == ["invalid_input_file"]


def suffer(way: Way, mortal: Driver, path: Path, strikes: list[Strike], **how: object) -> str:
    """Submit `path` under strikes until none is left that it can meet, then under none: what the last one said."""
    way.arm(strikes)
    for _ in strikes:
        mortal.ask(path, **how)
        if mortal.told().startswith("batch_"):
            break
    way.arm()
    mortal.ask(path, **how)
    return mortal.told()
