"""The results of a batch: its lines one under another, the one under the cursor in full, and the verdict on all."""

import asyncio
from collections.abc import Sequence

from textual.widget import Widget
from textual.worker import Worker

from tui.batches import display
from tui.errors import LazybatchError
from tui.flows.results.download import Downloading, Part
from tui.flows.results.file_reader import FileReader
from tui.flows.results.joined_reader import RowReader
from tui.flows.results.result_set import Step
from tui.format.cell import Cell
from tui.format.text import count, plural, size
from tui.results.join import Judgement
from tui.results.selection import Choice
from tui.ui.actions import Action
from tui.ui.screens.results.export import Taking
from tui.ui.screens.results.find import Moving
from tui.ui.screens.results.summary import doubt_cells, family_cells, verdict_cells
from tui.ui.widgets.text_line import Rule

_WIDE = 120  # cells
_NEEDS_LINE = frozenset({"copy_id", "copy_text", "save", "pager", "go_to", "search", "view", "detail"})
_NEEDS_VERDICT = frozenset({"triage", "filter"})
_NEEDS_ALL = frozenset({"export", "remainder"})


class Results(Moving, Taking):
    """Downloads what is not here yet, readable from its first lines on, then holds the files against each other."""

    _remark = ""  # why there is no verdict
    _verdict: Worker[None] | None = None
    _group: Choice | None = None  # the one that was chosen among the groups last
    # Beside each other where there is room for both to be read.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - Textual declares it on the instance

    def body(self) -> Sequence[Widget]:
        # Before Textual does, which would style all of it a second time once it knows how wide it is.
        self.add_class("-wide" if self.app.size.width >= _WIDE else "-narrow", update=False)
        return self.pane, Rule(), self.kin, self.status, self.doubt, self.prompt

    def on_mount(self) -> None:
        self.title_line(self.called, "results")
        self.pane.table.focus()
        self.work(self._open(), "open results")

    def on_unmount(self) -> None:
        self.shelf.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the files that are here allow; no key but the line's own works while one is typed."""
        if self.prompt.asking:
            return False
        shelf = self.shelf
        if (
            (action in _NEEDS_LINE and self.pane.key is None)
            or (action in _NEEDS_VERDICT and (not shelf.complete or (shelf.kept is None and self._judging)))
            or (action in _NEEDS_ALL and not shelf.complete)
            or (action in {"next", "previous"} and not self.text)
            or (action == "stop" and not self.busy and not self._judging)
        ):
            return False
        return super().check_action(action, parameters)

    def why_not(self, action: Action) -> str:
        if action.name in _NEEDS_VERDICT | _NEEDS_ALL:
            return "the results are still being read" if self.shelf.complete else "not all of the results are here"
        if action.name == "stop":
            return "nothing is under way"
        return "search for a text first" if action.name in {"next", "previous"} else super().why_not(action)

    # Bringing it here

    async def _open(self) -> None:
        if self._batch.active:
            status = display.word(self._batch.status)
            self._remark = f"The batch is {status}: these are the first lines that there are."
        try:
            async for step in self.shelf.fetch():
                self._came(step)
        except LazybatchError as error:
            self._remark = error.sentence
        if not (self._batch.output_file_id or self._batch.error_file_id) and not self._batch.active:
            status = "no longer known to its server" if self._batch.gone else self._batch.status
            self._remark = f"The batch is {status}, and left no results."
        if not self._has_lines(Part.OUTPUT) and self._has_lines(Part.ERRORS):
            self.part = Part.ERRORS
        self.show_lines()
        for part, reader in self.shelf.readers.items():
            self.run_worker(self._index(reader), name=f"index {part}", group=f"index {part}", description="index")
        if self.shelf.complete:
            self._verdict = self.work(self._judge(), "verdict")

    def _came(self, step: Step) -> None:
        """More of a file is here."""
        if isinstance(step, Downloading):
            of = f" of {size(step.total)}" if step.total else ""
            self.status.say([Cell(f"downloading {step.part}: {size(step.done)}{of}", "running")])
        reader = self.shelf.readers.get(step.part)
        if reader is None:
            return
        if self.pane.reader is None or (step.part is self.part and self.pane.reader is not reader):
            self.part = step.part
            self.pane.show(reader, "Downloading …")
        elif step.part is self.part:
            self.pane.more()
        self.show_title()

    async def _index(self, reader: FileReader) -> None:
        """Count the lines behind the first MiB, telling as it goes."""
        try:
            while await asyncio.to_thread(reader.step):
                self._indexed(reader)
        except LazybatchError as error:
            self.complain(error)
        self._indexed(reader)

    def _indexed(self, reader: FileReader) -> None:
        if reader is self.pane.reader:
            self.pane.more()
            self.show_title()

    async def _judge(self) -> None:
        """Find the requests, then the verdict; without the input file it is one on the results alone."""
        await self.shelf.meet()
        if self.shelf.joined:
            try:
                await self.shelf.fetch_others(self.teller("downloading what is read with it", beside=True))
            finally:
                self.done(beside=True)
        self.kin.say(kin := family_cells(self.shelf.family, self.shelf.left_out, self.lazybatch.name_of))
        self.kin.display = bool(kin)
        await self.find_requests(beside=True)
        self.pane.look()
        try:
            await self.shelf.verdict(self.teller("reading the results", beside=True))
        finally:
            self.done(beside=True)
        await self._fetch_anew()
        if self.shelf.joined:
            try:
                whole = await self.shelf.judged(self.teller("reading the results", beside=True))
            finally:
                self.done(beside=True)
            await self._show_whole(whole)

    async def _fetch_anew(self) -> None:
        """Fetch again what an earlier time may have kept as whole, where the counts speak against it."""
        try:
            async for step in self.shelf.fetch_anew(self.teller("downloading it again", beside=True)):
                self._came(step)
                if step.part in self.shelf.readers:
                    reader = self.shelf.readers[step.part]
                    reader.requests = self.shelf.requests
                    self.run_worker(self._index(reader), name=f"index {step.part}", group=f"index {step.part}")
        finally:
            self.done(beside=True)
        if self.shelf.kept is None:
            await self.judged()

    async def _show_whole(self, judgement: Judgement) -> None:
        """Show the requests of all batches that are read as one, with the cursor on the request where it was."""
        self.whole = RowReader(judgement, range(len(judgement)))
        if self.choice is not None:
            return
        custom_id = None
        if self.line is not None:
            custom_id = await asyncio.to_thread(self.line[0].custom_id, self.line[1])
        ids = None if judgement.requests is None else judgement.requests.ids
        self.part = None
        self.show_lines()
        self.pane.go(max(0, ids.first(custom_id)) if ids is not None and custom_id is not None else 0)

    def _has_lines(self, part: Part) -> bool:
        return part in self.shelf.readers and bool(self.shelf.readers[part].keys)

    # What is drawn

    def show_lines(self) -> None:
        """Show the file that `part` names, all of it."""
        reader = self.reader
        none = "There is no output file." if self.part is Part.OUTPUT else "No request failed: there is no error file."
        if self._remark:
            none = f"The {self.part} file is not here."
        if isinstance(reader, FileReader):
            came = f"{size(reader.size)} of the {self.part} file came, and no whole line."
            none = came if reader.size else f"The {self.part} file is empty."
        self.pane.show(reader, none)
        self.show_title()
        if not self.busy and not self._judging:
            self.done()

    def show_title(self) -> None:
        """Tell in the head what is shown."""
        if self.choice is not None:
            self.title_line(self.called, f"{self.choice.name}: {plural(len(self.pane.table.keys), 'request')}")
            return
        if self.part is None:
            whole = (
                f"as one: {plural(len(self.pane.table.keys), 'request')} of {len(self.shelf.family.batches)} batches"
            )
            self.title_line(self.called, whole)
            return
        reader = self.shelf.readers.get(self.part)
        if reader is None:
            self.title_line(self.called, self.part)
            return
        lines = f"{count(len(reader.keys))}{'' if reader.final else '+'} lines"
        self.title_line(self.called, f"{self.part}: {lines}, {size(reader.size)}")

    def say_verdict(self) -> None:
        kept = self.shelf.kept
        told = verdict_cells(kept) if kept else [Cell(self._remark, "warn")]
        lacking = [] if kept is None or not self._remark else [Cell(f" · {self._remark}", "warn")]
        told = [*told, *lacking]
        back = "esc back to the groups" if self.choice == self._group else "esc shows all"
        self.status.say(told, [Cell(back, "dim")] if self.choice else [])
        doubts, more = doubt_cells(kept) if kept else ((), ())
        if self.shelf.doubts:
            doubts = [Cell(f"⚠ {self.shelf.doubts[0]}", "warn")]
        if not doubts and self.shelf.requests is None and self.without:
            doubts = [Cell(self.without, "warn")]
        self.doubt.display = bool(doubts)
        self.doubt.say(doubts, more)

    # What the user does

    def action_back(self) -> None:
        """From chosen requests back to the groups that they were chosen in, or to all lines; from those back."""
        if self.choice is None or self.writing:
            super().action_back()
            return
        from_groups = self.choice == self._group
        self.choice = None
        self.show_lines()
        self.pane.go(self.came_from)
        if from_groups:
            self._show_groups()

    def action_other_file(self) -> None:
        self.choice = None
        parts: list[Part | None] = [Part.OUTPUT, Part.ERRORS]
        if self.whole is not None:
            parts.append(None)
        self.part = parts[(parts.index(self.part) + 1) % len(parts)]
        self.show_lines()

    def action_view(self) -> None:
        self.pane.turn()

    def action_detail(self) -> None:
        (self.pane.table if self.pane.detail.has_focus else self.pane.detail).focus()

    def action_triage(self) -> None:
        if self.shelf.kept is None:
            self.begin("reading the results", self._read_for_groups)
        else:
            self._show_groups()

    async def _read_for_groups(self) -> None:
        await self.read_on()
        self._show_groups()

    async def read_on(self) -> None:
        self._remark = ""
        try:
            await self._judge()
        finally:
            self.done()

    def _show_groups(self) -> None:
        from tui.ui.screens.results.outcomes import Triage

        if self.shelf.kept is not None and self.app.screen is self:
            self.app.push_screen(Triage(self.called, self.shelf.kept, self._picked, self._group))

    def _picked(self, choice: Choice, *, again: bool) -> None:
        """What the user wants of the failures: to see them, or to run them again."""
        if again:
            self.begin("preparing the retry", lambda: self.run_again(choice), writes=True)
        elif self.begin("choosing the requests", lambda: self.choose(choice)):
            self._group = choice

    @property
    def _judging(self) -> bool:
        """Whether the results are being read for what is known of all of them."""
        return self._verdict is not None and not self._verdict.is_finished

    def action_stop(self) -> None:
        """Stop what a key has started, else the reading that goes on beside the keys."""
        if not self.stop_long_work() and self._judging and self._verdict is not None:
            self._verdict.cancel()
            self._verdict = None
            self._remark = "Reading the results was stopped. t reads them to the end."
            self.done()
            self.notify("Stopped reading the results.", markup=False)
