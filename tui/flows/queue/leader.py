"""One process at a time sends what waits in the queue."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tui.errors import LazybatchError
from tui.format.text import clean_line, duration
from tui.store.lock import Taken, held, locked

# Seconds before each try: who only asks has the lock for an instant.
_TRIES = (0.0, 0.05, 0.1)


class AtWork(LazybatchError):  # noqa: N818  # what it says of the queue; the base is an Error by name
    """Another process sends what waits; the sentence says which."""


@asynccontextmanager
async def sole_sender(folder: Path, account: str, who: str) -> AsyncIterator[None]:
    """Be the one that sends what waits on `account`; `who` is said to those who come second.

    Raises `AtWork` where another is at it; its lock goes with its process, however that ends.
    """
    note = json.dumps({"pid": os.getpid(), "who": who, "since": time.time()})
    with ExitStack() as stack:
        for wait in _TRIES:
            await asyncio.sleep(wait)
            try:
                stack.enter_context(locked(_path(folder, account), note))
            except Taken as taken:
                last = taken.note
            else:
                break
        else:
            raise AtWork(_sentence(last), 1)
        yield


def sender(folder: Path, account: str) -> str | None:
    """Who sends what waits now, in a sentence; None where nobody does."""
    note = held(_path(folder, account))
    return None if note is None else _sentence(note)


def _path(folder: Path, account: str) -> Path:
    return folder / f"queue-{hashlib.sha256(account.encode()).hexdigest()[:12]}.lock"


def _sentence(note: str) -> str:
    try:
        told = json.loads(note)
        process = f"process {int(told['pid'])}, for {duration(time.time() - float(told['since']))}"
        who = clean_line(str(told["who"]))
    except (ValueError, KeyError, TypeError):
        return "Another lazybatch sends what waits."
    return f"{who} sends what waits ({process})."
