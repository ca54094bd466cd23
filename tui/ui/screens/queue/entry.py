"""One entry of the queue, with all that was said yes to."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.batches.batch import OWN_KEYS
from tui.flows.queue.steps import Looked
from tui.format.cell import Cell
from tui.format.text import clean_line, count, size
from tui.store.queue import Entry, State
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.widgets.text_view import TextView

_LABEL = 13  # cells


class QueueDetail(Room):
    """An entry as it was when the room was entered."""

    ROOM: ClassVar[str] = actions.EVERYWHERE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, entry: Entry, looked: Looked | None) -> None:
        super().__init__()
        self._entry = entry
        self._looked = looked
        self.view = TextView(id="batch")

    def body(self) -> Sequence[Widget]:
        return (self.view,)

    def on_mount(self) -> None:
        self.title_line("queue", self._entry.name)
        self.view.read(list(_told(self._entry, self._looked)))
        self.view.focus()


def _told(entry: Entry, looked: Looked | None) -> Iterator[Sequence[Cell]]:
    state = looked.state(entry) if looked else entry.state
    why = looked.why(entry) if looked else entry.reason or ""
    yield []
    yield _row("state", state.value, "warn" if state is State.HELD else "accent")
    if why:
        yield _row("", why)
    if room := looked.room_of(entry) if looked else None:
        yield _row("room", room.text)
    yield []
    yield _row("file", clean_line(str(entry.path)))
    yield _row("", f"{size(entry.bytes)} · sha256 {entry.sha256[:16]}…")
    if entry.file_id:
        yield _row("uploaded", f"{clean_line(entry.file_id)}, which is used if it is still there")
    yield _row("endpoint", " · ".join((entry.endpoint, *map(clean_line, entry.models))))
    yield _row("requests", count(entry.requests))
    if entry.expected is not None:
        tokens = entry.expected.input_tokens
        yield _row("input", "tokens not counted" if tokens is None else f"about {count(tokens)} tokens")
        yield _row("cost", entry.expected.cost_text)
    for place, (key, value) in enumerate(entry.metadata.items()):
        if key not in OWN_KEYS:
            yield _row("" if place else "metadata", f"{clean_line(key)} = {clean_line(value)}")


def _row(label: str, value: str, role: str = "") -> Sequence[Cell]:
    return [Cell(label.rjust(_LABEL) + "  ", "dim"), Cell(value, role)]
