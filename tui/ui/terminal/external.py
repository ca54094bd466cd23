"""The terminal lent to another program: an editor, a pager."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from textual.app import App


async def lend(app: App[Any], program: Callable[[], None]) -> None:
    """Run `program` in a thread with the terminal to itself; whatever the app does meanwhile goes on behind it.

    Raises what `program` raises, and `SuspendNotSupported` where the terminal cannot be given away.
    """

    def nothing(_number: int, _frame: FrameType | None) -> None:
        """An interrupt typed into the program is the program's own."""

    before = signal.getsignal(signal.SIGINT)
    try:
        # Without the second of them, what wants to be drawn meanwhile would hang.
        with app.suspend(), app.batch_update():
            signal.signal(signal.SIGINT, nothing)
            # Only a block that ends well gets the terminal back.
            [failure] = await asyncio.gather(asyncio.to_thread(program), return_exceptions=True)
    finally:
        signal.signal(signal.SIGINT, before)
    if failure is not None:
        raise failure
