"""Getting to a line: by its number, its custom_id, its text, or by what became of its request."""

import asyncio

from tui.flows.results.file_reader import FileReader
from tui.flows.results.find import find_id, find_text
from tui.flows.results.joined_reader import RowReader
from tui.format.text import clean_line, count, size
from tui.results.selection import Choice, choice_of, chosen
from tui.ui.screens.results.base import ResultsRoom


class Moving(ResultsRoom):
    """The keys that move through the lines and choose among them."""

    text = ""
    came_from: int | None = None  # the line that the cursor was on when all were shown

    def action_go_to(self) -> None:
        self.begin("looking for the line", self._go_to)

    def action_search(self) -> None:
        self.begin("searching", self._ask_search)

    def action_next(self) -> None:
        self.begin("searching", lambda: self._search(forward=True))

    def action_previous(self) -> None:
        self.begin("searching", lambda: self._search(forward=False))

    def action_filter(self) -> None:
        self.begin("choosing the requests", self._ask_filter)

    async def _go_to(self) -> None:
        wanted = await self.ask("go to", hint='a line number, or a custom_id (in "quotes" if it is a number)')
        if wanted is None or self.pane.reader is None:
            return
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 16:
            self.pane.go(self.pane.reader.nearest(int(wanted)))
            return
        quoted = len(wanted) > 2 and wanted[0] == wanted[-1] == '"'
        await self._go_to_id(wanted[1:-1] if quoted else wanted)

    async def _go_to_id(self, custom_id: str) -> None:
        """Look in what is shown, then in the files."""
        for reader in dict.fromkeys((self.pane.reader, *self.readers.values())):
            if reader is None:
                continue
            key = await self.job(
                f"looking for {_short(custom_id)}",
                lambda told, gone, reader=reader: find_id(reader, custom_id, told, gone),  # type: ignore[misc]  # as it is now
            )
            if key is None:
                continue
            if reader is not self.pane.reader:
                self.choice = None
                self.part = next(part for part, known in self.readers.items() if known is reader)
                self.show_lines()
            self.pane.go(key)
            return
        self.warn(f"No line has the custom_id {_short(custom_id)}.")

    async def _ask_search(self) -> None:
        text = await self.ask("search", self.text, "text anywhere in a line; in small letters it finds any")
        if text is not None:
            self.text = text
            await self._search(forward=True)

    async def _search(self, *, forward: bool) -> None:
        """Go to the next line that has the text; past the last one from the other end."""
        if self.line is None or not self.text:
            return
        (reader, key), text = self.line, self.text
        found = await self.job(
            f"searching {_short(text)}",
            lambda told, gone: find_text(reader, text, key, forward=forward, told=told, cancelled=gone),
            size if isinstance(reader, FileReader) else count,
        )
        if reader is not self.pane.reader:
            return
        if found is None:
            self.warn(f"No line has {_short(text)}.")
            return
        self.pane.go(found[0])
        if found[1]:
            self.tell("Went on from the top." if forward else "Went on from the bottom.")

    async def _ask_filter(self) -> None:
        if self.shelf.kept is None:
            await self.read_on()
        if (kept := self.shelf.kept) is None:
            return
        codes = (group.code or str(group.status_code or "") for group in kept.verdict.failures)
        verdict = kept.verdict
        found = {"refused": verdict.refused, "empty": verdict.empty, "unreadable": verdict.unreadable}
        states = ["ok", *(word for word, number in found.items() if number), "failed", "missing"]
        words = [*states, *kept.finishes, *dict.fromkeys(filter(None, codes))]
        word = await self.ask("show only", hint=" · ".join(words))
        if word is None:
            return
        choice = choice_of(word, kept.verdict, frozenset(kept.finishes))
        if choice is None:
            self.warn(f"Nothing here is called {_short(word)}. There is: {', '.join(words)}.")
            return
        await self.choose(choice)

    async def choose(self, choice: Choice) -> None:
        """Show only the requests that `choice` means."""
        found = await self.judged()
        rows = await asyncio.to_thread(chosen, found, choice)
        if not rows:
            self.warn(f"No request is {choice.name}.")
            return
        if self.choice is None:
            self.came_from = self.pane.key
        self.choice = choice
        self.pane.show(RowReader(found, rows), "")
        self.pane.go(rows[0])
        self.done()
        self.show_title()


def _short(text: str) -> str:
    text = clean_line(text)
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"
