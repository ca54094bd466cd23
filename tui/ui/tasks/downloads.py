"""Downloading from the screen: what waits, how far it is, and what became of each batch."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.batches import display
from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.results.download_many import Failed, Fetched, Fetching, Step, collect_each
from tui.format.cell import Cell
from tui.format.text import clean_line, count, plural, size
from tui.ui.screens.base import Room
from tui.ui.widgets.text_line import Line

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp

_PAUSE: Final = 0.5  # seconds between two drawings
_BAR: Final = 12  # cells
_NAMED: Final = 3
_READABLE: Final = 20.0  # seconds for which a summary stays


class DownloadLine(Line):
    """How far the downloads are, on the screens that they can be asked for on."""


class Downloads:
    """The downloads of one run of the screen, one batch after another, whatever screen its user goes to."""

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self._waiting: deque[Batch] = deque()
        self._ends: list[Fetched | Failed] = []
        self._drawn_at = 0.0
        self._told: tuple[list[Cell], list[Cell]] = ([], [])
        self._at: Batch | None = None
        self._running = False
        self._left_out: list[str] = []

    @property
    def left(self) -> int:
        """How many batches are not here yet."""
        return len(self._waiting) + (self._at is not None)

    def add(self, room: Room, batches: Iterable[Batch]) -> None:
        """Download `batches` after those that wait already; how far it is shows on `room` too.

        Those that have no results, or none yet, are left out.
        """
        known = {batch.id for batch in self._waiting} | ({self._at.id} if self._at else set())
        chosen = list(batches)
        asked = [batch for batch in chosen if batch.id not in known]
        if chosen and not asked:
            what = "It is" if len(chosen) == 1 else "They are"
            self._app.notify(f"{what} being downloaded already.", markup=False)
        ready = [batch for batch in asked if not batch.active and (batch.output_file_id or batch.error_file_id)]
        left_out = _left_out([batch for batch in asked if batch not in ready])
        if asked and not ready:
            self._app.notify(f"Nothing to download: {left_out}.", markup=False)
        elif left_out:
            self._left_out.append(left_out)
        self._waiting += ready
        if self._waiting and not self._running:
            self._running = True
            # The app's worker: leaving the screen does not break it off.
            self._app.run_worker(
                self._fetch(), name="download", group="download", description="download", exit_on_error=True
            )
        self.show_on(room)

    def show_on(self, room: Room) -> None:
        """Have a line on `room` while something is under way."""
        if self._running and not room.query(DownloadLine):
            line = DownloadLine()
            room.mount(line, before=room.notice)
            line.say(*self._told)

    async def _fetch(self) -> None:
        try:
            session = self._app.session
            async for step in collect_each(self._waiting, wire=session.wire, folder_of=session.folder_of):
                self._take(step)
        except LazybatchError as error:
            self._app.notify(error.sentence, severity="error", markup=False, timeout=_READABLE)
        finally:
            ends, self._ends, self._at, self._running = self._ends, [], None, False
            self._waiting.clear()
            self._wipe()
            left_out, self._left_out = self._left_out, []
        if ends:
            self._tell(ends, left_out)

    def _take(self, step: Step) -> None:
        if isinstance(step, Fetching):
            first, self._at = self._at is not step.batch, step.batch
            if first or time.monotonic() - self._drawn_at >= _PAUSE:
                self._say(step)
            return
        self._at = None
        self._ends.append(step)
        if isinstance(step, Fetched):
            # What could not be had stays marked: the same key tries it again.
            self._app.downloaded(step.batch)

    def _say(self, step: Fetching) -> None:
        self._drawn_at = time.monotonic()
        over = len(self._ends)
        told = [Cell(f"downloading {count(over + 1)} of {count(over + self.left)}  ", "running")]
        if step.total:
            share = min(1.0, step.done / step.total)
            told.append(Cell(f"{display.bar_text(share, _BAR)}  ", "running"))
        sizes = f"{size(step.done)} of {size(step.total)}" if step.total else size(step.done)
        told.append(Cell(f"{self._app.name_of(step.batch)}, {step.part}, {sizes}"))
        failed = sum(isinstance(end, Failed) for end in self._ends)
        self._told = told, [Cell(f"{count(failed)} failed", "bad")] if failed else []
        for screen in self._app.screen_stack:
            for line in screen.query(DownloadLine):
                line.say(*self._told)

    def _wipe(self) -> None:
        for screen in self._app.screen_stack:
            screen.query(DownloadLine).remove()

    def _tell(self, ends: Sequence[Fetched | Failed], left_out: Sequence[str]) -> None:
        good = all(isinstance(end, Fetched) for end in ends)
        names = {end.batch.id: self._app.name_of(end.batch) for end in ends}
        self._app.notify(
            " ".join([summary(ends, names), *(f"Left out: {told}." for told in left_out)]),
            severity="information" if good else "warning",
            markup=False,
            timeout=_READABLE,
        )


def summary(ends: Sequence[Fetched | Failed], names: dict[str, str]) -> str:
    """What became of downloads: `3 downloaded (12 MB), 1 was here already, in ~/results. 1 failed: …`."""
    here = [end for end in ends if isinstance(end, Fetched)]
    failed = [end for end in ends if isinstance(end, Failed)]
    told = []
    if new := [end for end in here if end.new]:
        what = f"{names[new[0].batch.id]} is downloaded" if len(ends) == 1 else f"{count(len(new))} downloaded"
        told.append(f"{what} ({size(sum(end.bytes for end in new))})")
    if old := len(here) - len(new):
        told.append(f"{names[here[0].batch.id] if len(ends) == 1 else count(old)} was here already")
    sentences = [f"{', '.join(told)}, in {_where(here)}."] if here else []
    if failed:
        lead = "" if len(ends) == 1 else f"{plural(len(failed), 'failure')}: "
        again = " d tries again." if any(end.again for end in failed) else ""
        sentences.append(f"{lead}{_reasons(failed, names)}{again}")
    return " ".join(sentences)


def _left_out(batches: Sequence[Batch]) -> str:
    """Why these are not downloaded: `2 not ended yet, 1 without results`."""
    running = sum(batch.active for batch in batches)
    without = len(batches) - running
    if len(batches) == 1:
        return f"it is {display.word(batches[0].status)}" if running else "it has no results"
    told = [f"{count(running)} not ended yet"] if running else []
    return ", ".join([*told, f"{count(without)} without results"] if without else told)


def _where(here: Sequence[Fetched]) -> str:
    """The folder that has them all, as its user would type it."""
    folders = {end.folder for end in here}
    folder = folders.pop() if len(folders) == 1 else here[0].folder.parent
    home = Path.home()
    shown = f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
    return clean_line(shown)


def _reasons(failed: Sequence[Failed], names: dict[str, str]) -> str:
    """Each reason once, with a few of the batches that it is about."""
    by_reason: dict[str, list[str]] = {}
    for end in failed:
        by_reason.setdefault(end.error.sentence, []).append(names[end.batch.id])
    told = []
    for reason, about in list(by_reason.items())[:_NAMED]:
        more = f" and {count(len(about) - _NAMED)} more" if len(about) > _NAMED else ""
        told.append(f"{', '.join(about[:_NAMED])}{more}: {reason}")
    return " ".join([*told, "…"] if len(by_reason) > _NAMED else told)
