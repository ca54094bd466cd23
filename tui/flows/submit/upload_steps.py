"""What a file needs on its way to the server, whole or in parts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tui.client.api import Wire
from tui.client.errors import WireError
from tui.errors import LazybatchError
from tui.flows.submit.find import find_upload
from tui.flows.submit.steps import PATIENCE, TRIES, Uploading, passing
from tui.requests.validate import Identity, Report
from tui.store.journal import Journal, Submission

_T = TypeVar("_T")
_TICK = 0.1  # seconds between two steps of progress
Note = Callable[[int, int], None]


class Sending:
    """One call that sends bytes, with what came of it in `result` once `steps` are over."""

    result: Any

    def __init__(self, call: Callable[[Note], Coroutine[Any, Any, Any]], before: int, total: int) -> None:
        """`call` is given where to note the bytes it has sent; `before` it there were others, of `total` in all."""
        self._call = call
        self._done = self._before = before
        self._total = total

    def _note(self, done: int, _of: int) -> None:
        self._done = self._before + done

    async def steps(self) -> AsyncIterator[Uploading]:
        """How far it has come, until it has; raises what it raises."""
        work = asyncio.ensure_future(self._call(self._note))
        try:
            while not (await asyncio.wait({work}, timeout=_TICK))[0]:
                yield Uploading(self._done, self._total)
            self.result = work.result()
        finally:
            work.cancel()


async def wait_after(error: WireError, attempt: int, least: float = 0) -> None:
    """Wait as long as the server asks before the call is made again; raise `error` if that is too often, or too long.

    `attempt` counts from 1; `least` is in seconds.
    """
    if attempt == TRIES or (error.retry_after or 0) > PATIENCE:
        raise error
    await asyncio.sleep(max(least, error.retry_after or 0))


async def looked_for_upload(submission: Submission, wire: Wire, journal: Journal, looks: Sequence[float]) -> str | None:
    """The submission's file, if one of a few looks finds it."""
    for wait in looks[:3]:  # a file that is there twice costs nothing: three looks are enough
        await asyncio.sleep(wait)
        try:
            if found := await find_upload(submission, wire, journal):
                return found
        except WireError as error:
            if not passing(error):
                raise
    return None


async def check_unchanged(report: Report) -> None:
    """Raise where the file is no longer the one that was validated."""
    if not await asyncio.to_thread(_is_unchanged, report):
        raise LazybatchError(f"{report.path} has changed or gone since it was validated: validate it again.", 1)


def _is_unchanged(report: Report) -> bool:
    try:
        return Identity.of(report.path.stat()) == report.identity
    except OSError:
        return False


def broken_off() -> LazybatchError:
    return LazybatchError(
        f"The upload broke off {TRIES} times; no batch was created. Submit the file again to go on with it.", 3
    )
