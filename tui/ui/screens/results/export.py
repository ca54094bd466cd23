"""Taking something out of the results: to the clipboard, to the pager, to a file, to a new batch."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.app import SuspendNotSupported

from tui.batches.metadata import retry_metadata
from tui.errors import LazybatchError
from tui.files.line_stream import Cancelled, Progress
from tui.flows.host.pager import page, plain_name, save
from tui.flows.results.reader import WHOLE
from tui.format.text import clean, clean_line, count, plural, size
from tui.results.export.columns import Column, columns_of
from tui.results.export.csv import export_csv
from tui.results.export.jsonl import export_jsonl
from tui.results.export.retry_file import Remainder, counted, write_remainder
from tui.results.selection import Choice
from tui.ui.screens.results.base import ResultsRoom, shown_path, typed_path
from tui.ui.terminal.clipboard import LIMIT
from tui.ui.terminal.external import lend

_CLIPBOARD = LIMIT * 3 // 4  # bytes of text, which base64 makes longer by a third


class Taking(ResultsRoom):
    """The keys that give out what is shown."""

    def action_copy_id(self) -> None:
        self.work(self._copy_id(), "copy")

    def action_copy_text(self) -> None:
        self.work(self._copy_text(), "copy")

    def action_save(self) -> None:
        self.begin("writing the line", self._save, writes=True)

    def action_pager(self) -> None:
        self.work(self._page(), "pager")

    def action_export(self) -> None:
        self.begin("exporting", self._export, writes=True)

    def action_remainder(self) -> None:
        self.begin("preparing the retry", lambda: self.run_again(self.choice), writes=True)

    async def _copy_id(self) -> None:
        if self.line is not None:
            reader, key = self.line
            custom_id = await asyncio.to_thread(reader.custom_id, key)
            self._copy(clean(custom_id or "").replace("\n", "␊"), "The custom_id")

    async def _copy_text(self) -> None:
        if self.line is not None:
            (reader, key), view = self.line, self.pane.view
            text = await asyncio.to_thread(reader.text, key, view, _CLIPBOARD * 4)
            self._copy(text, f"The {view}")

    def _copy(self, text: str, what: str) -> None:
        length = len(text.encode())
        if not text:
            self.warn(f"{what} is empty.")
        elif length > _CLIPBOARD:
            self.warn(f"{what} has {size(length)}, too much for a clipboard: w writes it to a file.")
        else:
            self.app.copy_to_clipboard(text)
            self.tell(f"{what} is in the clipboard, if this terminal lets programs write to it.")

    async def _save(self) -> None:
        if self.line is None:
            return
        (reader, key), view = self.line, self.pane.view
        custom_id = await asyncio.to_thread(reader.custom_id, key)
        path = await self.path_for(f"write the {view} to", Path.cwd() / plain_name(custom_id or "", view))
        if path is not None:
            written = await asyncio.to_thread(save, reader, key, view, path)
            self.tell(f"Wrote {size(written)} to {shown_path(path)}.")

    async def _page(self) -> None:
        """Give the terminal to the pager; downloads go on behind it."""
        if self.line is None:
            return
        (reader, key), view = self.line, self.pane.view
        text = await asyncio.to_thread(reader.text, key, view, WHOLE)
        try:
            await lend(self.app, lambda: page(text))
        except SuspendNotSupported:
            self.warn("This terminal cannot be given to a pager: w writes the text to a file.")

    async def _export(self) -> None:
        judgement = await self.judged()
        if (chosen := await self._format()) is None:
            return
        suffix, columns = chosen
        default = self._beside_input(f"{plain_name(self.called)}.results.{suffix}")
        path = await self.path_for("export to", default)
        if path is None:
            return

        def write(told: Progress, gone: Cancelled) -> int:
            if suffix == "csv":
                return export_csv(judgement, path, columns, None, told, gone)
            return export_jsonl(judgement, path, None, told, gone)

        lines = await self.job(f"writing {clean_line(path.name)}", write, count)
        self.tell(f"Wrote {plural(lines, 'request')} with their results to {shown_path(path)}.")

    async def _format(self) -> tuple[str, Sequence[Column]] | None:
        """What to export as, the suffix of its files first; kept for the next time. None where it was given up."""
        typed, problem = self.session.preferences.export, ""
        while True:
            hint = "jsonl, or csv with columns: csv id,status,text,answer.label"
            entered = await self.ask("export as jsonl or csv", typed, hint, problem=problem)
            if entered is None:
                return None
            typed, (suffix, _, columns) = entered, entered.partition(" ")
            try:
                chosen = suffix, columns_of(columns)
            except LazybatchError as error:
                problem = error.sentence
                continue
            if suffix not in {"jsonl", "csv"} or (suffix == "jsonl" and columns):
                problem = f"There is no format {clean_line(entered)[:30]!r}: it is jsonl, or csv and names of columns."
                continue
            self.session.prefer(self.session.preferences._replace(export=typed))
            await self.session.keep_preferences()
            return chosen

    async def run_again(self, choice: Choice | None) -> None:
        """Write the requests without a good result, or those of one failure, and go on to submit them."""
        if self.shelf.requests is None:
            if not self.without:
                await self.find_requests()
            if self.shelf.requests is None and not await self._take_input():
                return
            # Groups are numbered anew: what was chosen before says nothing of them.
            choice = None
        judgement = await self.judged()
        source = judgement.requests
        if source is None:
            return
        number = counted(judgement, source.path, choice).requests
        if not number:
            self.tell("Every request has an answer: there is nothing to run again.")
            return
        named = f"{plain_name(self.called)}" if self._is_ours(source.path) else source.path.stem
        path = await self.path_for(
            f"write {plural(number, 'request')} to run again to", self._beside_input(f"{named}.remainder.jsonl")
        )
        if path is None or not await self._may_run_again():
            return
        written = await self.job(
            f"writing {clean_line(path.name)}",
            lambda told, gone: write_remainder(judgement, path, told, gone, choice),
        )
        self._submit(written)

    async def _may_run_again(self) -> bool:
        """Whether the user wants it although results may be there that are not here, or are being made already."""
        if self.shelf.mismatch and not await self.bottom.ask(
            "The results do not match the counts. Retry all the same?"
        ):
            return False
        running = next((batch for batch, _ in self.shelf.left_out if batch.active and batch.parent), None)
        if running is None:
            return True
        name = self.lazybatch.name_of(running)
        return await self.bottom.ask(f"{name} is running some of them again. Write them all the same?")

    def _submit(self, remainder: Remainder) -> None:
        if remainder.out is None:
            return
        self.tell(f"Wrote {plural(remainder.requests, 'request')} to {shown_path(remainder.out)}.")
        if unreadable := remainder.unreadable + remainder.unnamed:
            lines = plural(unreadable, "result line")
            self.notify(
                f"{lines} cannot be read: as many may have been answered already.", severity="warning", markup=False
            )
        if self.session.profile.read_only:
            return
        from tui.ui.screens.submit.screen import Submit

        family = self.shelf.family
        read = {batch.id for batch in family.batches}
        self.app.push_screen(Submit(remainder.out, retry_metadata(family.roots[0]), read))

    async def _take_input(self) -> bool:
        """Whether the requests are known now, after asking for the input file."""
        typed = await self.ask("input file", hint="its path: the server no longer has it", path=True)
        if typed is None:
            return False
        try:
            await self.shelf.find_requests(self.teller("reading the input file"), typed_path(typed))
        finally:
            self.done()
        return self.shelf.requests is not None

    def _beside_input(self, name: str) -> Path:
        """A path beside the input file, or in the working folder where the input was fetched from the server."""
        found = next(iter(self.shelf.input_paths), None)
        return (Path.cwd() if found is None or self._is_ours(found) else found.parent) / name

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self.session.results_folder)
