"""Long work on files, in a thread, with a progress bar and an end when nobody waits any more."""

from collections.abc import Callable
from typing import TypeVar

from tui.flows import threads
from tui.flows.threads import Cancelled
from tui.flows.threads import Progress as Told
from tui.headless.progress import Progress
from tui.text import size

__all__ = ["Cancelled", "Told", "worked"]

_T = TypeVar("_T")


async def worked(title: str, work: Callable[[Told, Cancelled], _T], unit: Callable[[int], str] = size) -> _T:
    """What `work` returns. It is given where to tell (done, in all), and whom to ask whether to stop."""
    with Progress(title, unit) as bar:
        return await threads.worked(work, bar.update)
