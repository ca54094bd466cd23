"""Long work on files, in a thread, with a progress bar and an end when nobody waits any more."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

from tui.cli.progress import Progress
from tui.format.text import size

__all__ = ["Cancelled", "Told", "worked"]

Told = Callable[[int, int], None]
Cancelled = Callable[[], bool]

_T = TypeVar("_T")


def worked(title: str, work: Callable[[Told, Cancelled], _T], unit: Callable[[int], str] = size) -> _T:
    """What `work` returns. It is given where to tell (done, in all), and whom to ask whether to stop.

    An interrupt falls into the waiting, never into the work, which is then asked to stop. No event loop: to import that
    takes as long as to validate 20 MB.
    """
    given_up = Event()
    with Progress(title, unit) as bar:
        thread = _Work(lambda: work(bar.update, given_up.is_set))
        try:
            thread.start()
            # Not `join`, which takes a thread that it did not wait for to its end for ended (CPython 3.11).
            thread.ended.wait()
        finally:
            given_up.set()
            # An interrupt can come before it runs.
            if thread.is_alive():
                thread.ended.wait()
    return thread.result()


class _Work(Thread, Generic[_T]):
    """A thread whose work returns something."""

    def __init__(self, work: Callable[[], _T]) -> None:
        super().__init__()
        self.ended = Event()
        self._work = work
        self._values: list[_T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._values.append(self._work())
        except BaseException as error:  # noqa: BLE001  # it is raised where the work is waited for
            self._error = error
        finally:
            self.ended.set()

    def result(self) -> _T:
        """What the work returned or raised, once the thread has ended."""
        if self._error is not None:
            raise self._error
        return self._values[0]
