"""Deleting files from the screen: the question, the sending, and what became of each."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tui.batches import display
from tui.batches.stored_files import KEPT, Standing
from tui.errors import LazybatchError
from tui.flows.files.delete import Deleted, Outcome, delete
from tui.flows.results.saved import unsaved
from tui.format.text import count, plural, size
from tui.ui.screens.base import Room
from tui.ui.screens.files.file_rows import Row, held

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp

_MANY: Final = 10  # files from which on `y` is not enough
_NAMED: Final = 3
_READABLE: Final = 20.0  # seconds for which a summary stays
_GONE: Final = frozenset({Outcome.DELETED, Outcome.ALREADY_GONE})


class Deleting:
    """The deletes of one run of the screen; `left` is how many are still to be sent."""

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self.left = 0

    def ask(self, room: Room, chosen: Sequence[Row], say: Callable[[str], None], gone: Callable[[str], None]) -> None:
        """Ask on `room`, then delete; what is in use is left out.

        `say` shows beside the question what would go, and an empty text after it; `gone` hears of each file that the
        server no longer has.
        """
        going = [row for row in chosen if row.standing not in KEPT]
        if going:
            room.work(self._ask(room, going, len(chosen) - len(going), say, gone), "delete")
        elif chosen:
            self._app.notify(f"Nothing was deleted: {_why_kept(chosen)}.", markup=False)

    async def _ask(
        self, room: Room, going: Sequence[Row], kept: int, say: Callable[[str], None], gone: Callable[[str], None]
    ) -> None:
        results = {row.batch.id: row.batch for row in going if row.standing is Standing.RESULTS and row.batch}
        lost = await asyncio.to_thread(unsaved, results.values(), self._app.session.folder_of)
        host = self._app.session.profile.host
        # What has been told before would stand over what is told now.
        self._app.clear_notifications()
        say(belonging(going, self._app.name_of, kept, len(lost)))
        try:
            number = len(going) if len(going) > _MANY else None
            agreed = await room.bottom.ask(lambda cells: question(going, host, cells), number=number)
        finally:
            say("")
        if agreed:
            # The app's worker, in company: neither leaving the screen nor a further delete may break it off.
            self._app.run_worker(
                self._delete(going, gone), name="delete", group="delete", description="delete", exit_on_error=True
            )

    async def _delete(self, going: Sequence[Row], gone: Callable[[str], None]) -> None:
        ends: list[Deleted] = []
        self.left += len(going)
        try:
            session = self._app.session
            files = [row.file for row in going]
            async for end in delete(files, wire=session.wire, journal=session.journal, queue=session.queue):
                self.left -= 1
                ends.append(end)
                if end.outcome in _GONE:
                    self._app.file_deleted(end.file.id)
                    gone(end.file.id)
        except LazybatchError as error:
            self._app.notify(error.sentence, severity="error", markup=False, timeout=_READABLE)
        finally:
            self.left -= len(going) - len(ends)
        if ends:
            good = all(end.outcome in _GONE for end in ends)
            self._app.notify(
                summary(ends, {row.file.id: row.name for row in going}),
                severity="information" if good else "warning", markup=False, timeout=None if good else _READABLE,
            )  # fmt: skip


def question(going: Sequence[Row], host: str, cells: int) -> str:
    """The question in so many cells: how many files, how much they hold, of which kinds, and whose they are."""
    short = f"{plural(len(going), 'file')} ({held(going)})"
    if len(going) > 1:
        about = f"{plural(len(going), 'file')} ({held(going)}: {_kinds(going)})"
    elif going[0].standing is Standing.RESULTS and going[0].batch:
        about = f"the {going[0].kind} of {going[0].used_by} ({held(going)})"
    else:
        about = f"{going[0].name} ({held(going)})"
    for asked in (f"Delete {about} at {host} for good?", f"Delete {about} at {host}?", f"Delete {about}?"):
        if len(asked) <= cells:
            return asked
    return f"Delete {short}?"


def belonging(going: Sequence[Row], name_of: Callable[..., str], kept: int, lost: int) -> str:
    """What the files belong to, and what the user should know before the answer."""
    names = list(
        dict.fromkeys(f"{name_of(row.batch)} ({display.word(row.batch.status)})" for row in going if row.batch)
    )
    told = []
    if lost:
        told.append(f"{plural(lost, 'result')} not saved on this machine")
    if kept:
        told.append(f"{count(kept)} in use left out")
    if names:
        more = f" and {count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
        told.append(f"of {', '.join(names[:_NAMED])}{more}")
    else:
        told.append("of no batch")
    return "; ".join(told)


def summary(ends: Sequence[Deleted], names: dict[str, str]) -> str:
    """What became of deletes: `97 deleted (1.2 GB), 1 was gone already. 1 kept: …`."""
    deleted = [end.file for end in ends if end.outcome is Outcome.DELETED]
    told = []
    if deleted:
        freed = size(sum(file.bytes or 0 for file in deleted))
        what = f"{names[deleted[0].id]} is" if len(ends) == 1 else count(len(deleted))
        told.append(f"{what} deleted ({freed})")
    if gone := sum(end.outcome is Outcome.ALREADY_GONE for end in ends):
        told.append(f"{names[ends[0].file.id] if len(ends) == 1 else count(gone)} was gone already")
    sentences = [f"{', '.join(told)}."] if told else []
    kept = [end for end in ends if end.outcome not in _GONE]
    reasons = Counter(end.message or end.outcome.value for end in kept).most_common(_NAMED)
    if kept:
        lead = names[kept[0].file.id] if len(kept) == 1 else f"{count(len(kept))} not deleted"
        sentences.append(f"{lead}: {' '.join(reason for reason, _ in reasons)}")
    return " ".join(sentences)


def _kinds(going: Sequence[Row]) -> str:
    """`8 inputs, 3 results, 1 orphan`."""
    numbers = Counter(_sort(row) for row in going)
    return ", ".join(plural(number, sort) for sort, number in numbers.most_common())


def _sort(row: Row) -> str:
    return {
        Standing.ORPHAN: "orphan", Standing.RESULTS: "result", Standing.INPUT: "input", Standing.NEW: "new upload",
    }.get(row.standing, "other file")  # fmt: skip


def _why_kept(chosen: Sequence[Row]) -> str:
    if all(row.standing is Standing.UNKNOWN for row in chosen):
        return "not all batches are known, and one may use it"
    return "a batch that runs, or a submission that is not over, uses it"
