"""Long work on files, in a thread that ends when nobody waits for it any more."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_TICK = 0.1  # seconds between two steps of progress: faster than that nobody reads

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


async def worked(work: Callable[[Progress, Cancelled], _T], tell: Progress) -> _T:
    """What `work` returns; `tell` hears in the event loop how far it has come (done, in all).

    `work` is given where to tell, and whom to ask whether to stop: yes, once this coroutine is cancelled.
    """
    progress = [0, 0]
    given_up = threading.Event()

    def note(done: int, total: int) -> None:
        progress[:] = done, total

    task = asyncio.ensure_future(asyncio.to_thread(work, note, given_up.is_set))
    # What it raises after it was given up is nobody's concern.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        while not (await asyncio.wait({task}, timeout=_TICK))[0]:
            tell(*progress)
        return task.result()
    finally:
        given_up.set()
