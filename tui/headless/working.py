"""Long work on files, in a thread, with a progress bar and an end when nobody waits any more."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from tui.headless.progress import Progress

_T = TypeVar("_T")
_TICK = 0.1  # seconds between two looks at how far it has come

Told = Callable[[int, int], None]
Cancelled = Callable[[], bool]


async def worked(title: str, work: Callable[[Told, Cancelled], _T]) -> _T:
    """What `work` returns. It is given where to tell (done, in all), and whom to ask whether to stop."""
    progress = [0, 0]
    given_up = threading.Event()

    def note(done: int, total: int) -> None:
        progress[:] = done, total

    task = asyncio.ensure_future(asyncio.to_thread(work, note, given_up.is_set))
    with Progress(title) as bar:
        try:
            while not (await asyncio.wait({task}, timeout=_TICK))[0]:
                bar.update(*progress)
            return task.result()
        finally:
            given_up.set()
