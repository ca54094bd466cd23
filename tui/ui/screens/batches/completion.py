"""Batches that have ended: those whose end somebody waits for, and all while nobody looks."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.batches import display
from tui.batches.batch import Batch
from tui.format.text import count, plural

if TYPE_CHECKING:
    from tui.ui.screens.batches.monitor import Account

_READABLE: Final = 15.0


class Notices:
    """Tells of the end of batches, each once.

    Those in `awaited` are told of in any case, also if they ended while lazybatch did not run; the others if the
    terminal says that it has not got the focus.
    """

    def __init__(self, home: "Account", awaited: set[str]) -> None:
        self._home = home
        self.awaited = awaited
        self._running: frozenset[str] = frozenset()

    def toggle(self, batches: Sequence[Batch]) -> None:
        """Have the end of `batches` told, or no more if that was asked for of all of them."""
        running = {batch.id: batch for batch in batches if batch.active}
        if not running:
            self._home.notify("Nothing to wait for: it has ended.", markup=False)
            return
        kept, (first, *others) = self._home.session.alarms, running.values()
        what = f"{count(len(running))} batches" if others else self._home.name_of(first)
        ids = frozenset(running)
        if ids <= self.awaited:
            self.awaited -= ids
            self._keep(asyncio.to_thread(kept.wait_no_more, ids))
            told = f"You will not be called when {what} {'end' if others else 'ends'}."
        else:
            self.awaited |= ids
            self._keep(asyncio.to_thread(kept.wait_for, ids))
            told = f"You will be called when {what} {'end' if others else 'ends'}."
        self._home.notify(told, markup=False)

    def look(self) -> None:
        """Tell of what has ended since the last time."""
        book = self._home.session.book
        looked_away = not self._home.app.app_focus
        waited = self.awaited | (self._running if looked_away else frozenset())
        ended = [batch for key in waited if (batch := book.get(key)) is not None and not batch.active]
        self._running = frozenset(batch.id for batch in book.active())
        if not ended:
            return
        # Those that were asked for come first.
        ended.sort(key=lambda batch: (batch.id not in self.awaited, batch.ended_at or 0, batch.id))
        told = self._words(ended)
        self._home.lazybatch.ring(told)
        asked = self.awaited.intersection(batch.id for batch in ended)
        if asked:
            self.awaited -= asked
            self._keep(asyncio.to_thread(self._home.session.alarms.wait_no_more, asked))
            self._home.notify(told, markup=False, timeout=_READABLE)

    def _words(self, ended: Sequence[Batch]) -> str:
        batch, counts = ended[0], ended[0].counts
        how = "the server no longer knows it" if batch.gone else display.word(batch.status)
        told = f"{self._home.name_of(batch)}: {how}"
        if counts is not None and counts.total and counts.ended is not None:
            told += f", {count(counts.ended)} of {plural(counts.total, 'request')}"
            told += f", {count(counts.failed)} failed" if counts.failed else ""
        others = len(ended) - 1
        return f"{told}." + (f" {plural(others, 'other has', 'others have')} ended too." if others else "")

    def _keep(self, saving: Coroutine[Any, Any, None]) -> None:
        self._home.run_worker(saving, name="awaited", group="awaited", description="awaited")
