"""Validating an input file, with progress."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tui.requests.validate import Limits, Report, validate

_TICK = 0.1  # seconds between two steps of progress: faster than that nobody reads


@dataclass(frozen=True, slots=True)
class Validating:
    """Bytes read so far, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Validated:
    """The file has been read to its end."""

    report: Report


async def check(path: Path, *, endpoint: str | None = None, limits: Limits) -> AsyncIterator[Validating | Validated]:
    """Validate `path` in a thread; when the iteration is given up, the thread stops at its next chunk.

    Raises `LazybatchError` where the file cannot be read, or changes while it is read.
    """
    progress = [0, 0]
    given_up = threading.Event()

    def note(done: int, total: int) -> None:
        progress[:] = done, total

    work = asyncio.ensure_future(
        asyncio.to_thread(validate, path, endpoint=endpoint, limits=limits, progress=note, cancelled=given_up.is_set)
    )
    try:
        while not (await asyncio.wait({work}, timeout=_TICK))[0]:
            yield Validating(*progress)
        yield Validated(work.result())
    finally:
        given_up.set()
        # Nobody is left to hear that it stopped; unheard, asyncio would print it over the screen.
        work.add_done_callback(lambda stopped: stopped.cancelled() or stopped.exception())
