"""What the parts of the results screen share: the files, the panes, one piece of long work at a time."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.results.download import Part
from tui.flows.results.joined_reader import RowReader
from tui.flows.results.reader import Reader
from tui.flows.results.result_set import Shelf
from tui.flows.worker import Cancelled, Progress, worked
from tui.format.bar import bar
from tui.format.cell import Cell
from tui.format.text import clean_line, percent, size
from tui.results.join import Judgement
from tui.results.selection import Choice
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.screens.results.lines import LinesPane
from tui.ui.widgets.prompt import Prompt
from tui.ui.widgets.text_line import Line

_T = TypeVar("_T")
_BAR = 20  # cells


class ResultsRoom(Room):
    """The results of one batch: `shelf` has its files, `pane` shows the lines of the one that `part` names.

    Where several batches are read as one, `whole` has all of their requests, and `part` is None for it. `choice` says
    which requests are shown.
    """

    ROOM: ClassVar[str] = actions.RESULTS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self._batch = batch
        self.pane = LinesPane()
        self.prompt = Prompt()
        self.status = Line(id="verdict")
        self.doubt = Line(id="doubt")
        self.kin = Line(id="kin")
        self.doubt.display = self.kin.display = False
        self.part: Part | None = Part.OUTPUT
        self.whole: RowReader | None = None
        self.choice: Choice | None = None
        self.without = ""  # why there are no requests
        self._shelf: Shelf | None = None

    @property
    def shelf(self) -> Shelf:
        """Made on first use, as the session is the app's."""
        if self._shelf is None:
            self._shelf = Shelf(self._batch, self.session)
        return self._shelf

    @property
    def reader(self) -> Reader | None:
        """What `part` names."""
        return self.whole if self.part is None else self.shelf.readers.get(self.part)

    @property
    def readers(self) -> dict[Part | None, Reader]:
        """All that can be shown, in the order in which it is gone through."""
        return ({None: self.whole} if self.whole else {}) | dict(self.shelf.readers)

    @property
    def called(self) -> str:
        """What its user knows the batch by."""
        return self.lazybatch.name_of(self._batch)

    async def read_on(self) -> None:
        """Read the results to their end after that was stopped, for what is known of all of them."""
        raise NotImplementedError

    def say_verdict(self) -> None:
        """Show on the status line what came back."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Tell in the head what is shown."""
        raise NotImplementedError

    def show_lines(self) -> None:
        """Show the lines that `part` and `choice` mean."""
        raise NotImplementedError

    async def ask(
        self, label: str, value: str = "", hint: str = "", *, path: bool = False, problem: str = ""
    ) -> str | None:
        """A line that the user types below the verdict, or below what the `problem` with it was; None if given up."""
        self.say_verdict()
        if problem:
            self.status.say([Cell(problem, "warn")])
        keys = [Cell("⏎", "accent"), Cell(" go  "), Cell("esc", "accent"), Cell(" leave it  ")]
        self.bottom.announce([*keys, Cell("tab", "accent"), Cell(" complete")] if path else keys)
        try:
            # A path is gone on from, and what had a problem is put right; a word is another one.
            return await self.prompt.ask(label, value, hint, path=path, anew=not path and not problem)
        finally:
            if self.is_attached and not self.prompt.asking:
                self.say_verdict()
                self.bottom.announce()

    def teller(self, verb: str, unit: Callable[[int], str] = size, *, beside: bool = False) -> Progress:
        """Tells on the status line how far something has come, in bytes or in another unit.

        What goes on `beside` the keys leaves the line to the work that a key has started.
        """

        def tell(done: int, total: int) -> None:
            if beside and self.busy and self.done_share is not None:
                return
            share = done / total if total else 0.0
            if not (beside and self.busy):
                self.doing, self.done_share = verb, share
            told = [Cell(f"{verb} ", "running"), Cell(bar(share, _BAR), "running")]
            self.status.say([*told, Cell(f" {percent(share)} of {unit(total)}  ")], [Cell("x stops it", "dim")])
            self.bottom.show_keys()

        return tell

    async def job(self, verb: str, work: Callable[[Progress, Cancelled], _T], unit: Callable[[int], str] = size) -> _T:
        """What `work` returns, done in a thread; x stops it."""
        try:
            return await worked(work, self.teller(verb, unit))
        finally:
            self.done()

    async def find_requests(self, *, beside: bool = False) -> None:
        """Make the requests known, if they can be; `without` says why not."""
        try:
            await self.shelf.find_requests(self.teller("reading the input file", beside=beside))
        except LazybatchError as error:
            self.without = error.sentence
        finally:
            self.done(beside=beside)

    async def judged(self) -> Judgement:
        """The files held against the requests, worked out if that has not been done since the screen was opened."""
        try:
            return await self.shelf.judged(self.teller("reading the results"))
        finally:
            self.done()

    def done(self, *, beside: bool = False) -> None:
        """Give the status line back to the verdict, unless what ran `beside` other work has ended before that."""
        if beside and self.busy:
            return
        self.done_share = None
        if not self.busy:
            self.doing = ""
        if self.is_attached:
            self.say_verdict()
            self.bottom.show_keys()

    def tell(self, sentence: str) -> None:
        """Say that something has been done."""
        self.notify(sentence, markup=False)

    def warn(self, sentence: str) -> None:
        """Say that something could not be done, which needs no more than a glance."""
        self.lazybatch.notices.add(sentence, "warning", passing=True)

    @property
    def line(self) -> tuple[Reader, int] | None:
        """The line under the cursor, with who can read it."""
        reader, key = self.pane.reader, self.pane.key
        return None if reader is None or key is None else (reader, key)

    async def path_for(self, label: str, default: Path) -> Path | None:
        """A path to write to, asked for; None where it was given up, or is there and shall stay."""
        typed = await self.ask(label, str(default), path=True)
        if typed is None:
            return None
        path, there = await asyncio.to_thread(_aim, typed, default.name)
        if there and not await self.bottom.ask(f"{clean_line(path.name)} is there already. Replace it?"):
            return None
        return path


def typed_path(text: str) -> Path:
    """A path as a person types it; raises `LazybatchError` for the home of a user that there is not."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise LazybatchError(f"{clean_line(text)}: {error}") from None


def shown_path(path: Path) -> str:
    """A path short enough for a line, its name at least."""
    text = clean_line(str(path))
    return text if len(text) <= 45 else f"…/{clean_line(path.name)}"


def _aim(text: str, name: str) -> tuple[Path, bool]:
    """Where to write, under `name` in a folder, and whether there is a file already."""
    path = typed_path(text)
    if path.is_dir():
        path /= name
    return path, path.exists()
