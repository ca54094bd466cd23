"""The queue: what waits for room at the provider, in its user's order, and why."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.batches.quota import family
from tui.flows.queue.steps import Looked
from tui.format.cell import Cell
from tui.format.text import amount, clean_line, count, plural
from tui.store.queue import Entry, Move, State
from tui.ui import actions
from tui.ui.screens.base import Room, bindings
from tui.ui.widgets.table.column import Column
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line, Rule

_COLUMNS: Final = (
    Column("place", "", 2, align="right"),
    Column("state", "STATE", 9),
    Column("name", "NAME", 16, flex=2),
    Column("requests", "REQUESTS", 8, align="right", priority=2),
    Column("tokens", "TOKENS", 6, align="right"),
    Column("model", "MODEL", 12, priority=1, flex=1),
    Column("why", "WHY", 20, flex=4),
)
_LOOKS: Final = {State.WAITING: "", State.SENDING: "running", State.SENT: "dim", State.HELD: "warn"}
_TICK: Final = 1.0  # seconds between two looks at what the sender has found out


class QueueScreen(Room):
    """The entries that have not gone out, those that have behind them."""

    ROOM: ClassVar[str] = actions.QUEUE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self) -> None:
        super().__init__()
        self._looked: Looked | None = None
        self._entries: dict[int, Entry] = {}
        self._places: dict[int, int] = {}
        self.table = Table(_COLUMNS, self._cells, id="queue", empty="Reading the queue …")
        self.why = Line(id="why")
        self.room = Line(id="room")
        self.who = Line(id="who")

    def body(self) -> Sequence[Widget]:
        return self.table, Rule(), self.why, self.room, self.who

    def on_mount(self) -> None:
        self.title_line("queue")
        self.table.focus()
        self.work(self._begin(), "queue")

    async def _begin(self) -> None:
        await self.lazybatch.queueing.refresh()
        nothing = "" if self.session.profile.read_only else "\n^n on a new batch has it wait here."
        self.table.empty = f"Nothing waits.{nothing}"
        self._show()
        self.set_interval(_TICK, self._show)

    def on_screen_resume(self) -> None:
        if self._looked is not None:
            self.work(self._refresh(), "queue")

    async def _refresh(self) -> None:
        await self.lazybatch.queueing.refresh()
        self._show()

    def _show(self) -> None:
        """Take in what has been found out since the last time."""
        looked = self.lazybatch.queueing.looked
        if looked is not None and looked is not self._looked:
            self._looked = looked
            self._entries = {entry.id: entry for entry in looked.entries}
            line = [entry.id for entry in looked.entries if entry.state is not State.SENT]
            self._places = {key: place for place, key in enumerate(line, 1)}
            self.table.show([entry.id for entry in looked.entries])
            self.bottom.show_keys()
        self._say()

    @property
    def _entry(self) -> Entry | None:
        """The one under the cursor."""
        key = self.table.cursor_key
        return self._entries.get(key) if isinstance(key, int) else None

    # What is drawn

    def _cells(self, key: Hashable) -> Mapping[str, Cell]:
        entry = self._entries.get(key) if isinstance(key, int) else None
        if entry is None or self._looked is None:
            return {}
        state, tokens = self._looked.state(entry), entry.amount.tokens
        role = _LOOKS[state]
        return {
            "place": Cell(str(self._places.get(entry.id, "")), "dim"),
            "state": Cell(state.value, role or "accent"),
            "name": Cell(entry.name, role if state is State.SENT else ""),
            "requests": Cell(count(entry.requests), "dim"),
            "tokens": Cell("?" if tokens is None else amount(tokens)),
            "model": Cell(clean_line(entry.model or "several"), "dim"),
            "why": Cell(self._why(entry), role or "dim"),
        }

    def _why(self, entry: Entry) -> str:
        return (self._looked.why(entry) if self._looked else "") or entry.batch_id or ""

    def _say(self) -> None:
        queueing, entry = self.lazybatch.queueing, self._entry
        self.why.say([Cell(self._why(entry) if entry else "")])
        paused = "Nothing is sent while paused: p at home goes on." if self.session.paused else ""
        who = queueing.doing or paused or queueing.sender
        self.room.say([Cell(self._room(entry))])
        self.who.say([Cell(who, "running" if queueing.doing else "warn")])

    def _room(self, entry: Entry | None) -> str:
        """The room that there is of the entry's model; without an entry, of all models."""
        if self._looked is None:
            return ""
        of = family(entry.model) if entry is not None and entry.model else None
        rooms = self._looked.rooms.items()
        return "   ".join(f"{clean_line(model)}  {room.text}" for model, room in rooms if of in {None, model})

    @on(Table.Highlighted)
    def _moved(self) -> None:
        self._say()
        self.bottom.show_keys()

    # What the user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the entry under the cursor allows."""
        entry = self._entry
        line = entry is not None and entry.state is not State.SENT
        allowed = {
            "move_up": line,
            "move_down": line,
            "remove": entry is not None and entry.state is not State.SENDING,
            "open": entry is not None,
        }
        return allowed.get(action, True) and super().check_action(action, parameters)

    @on(Table.Chosen)
    def action_open(self) -> None:
        entry = self._entry
        if entry is None:
            return
        if entry.batch_id is not None and self.session.book.get(entry.batch_id) is not None:
            from tui.ui.screens.batch.screen import BatchScreen

            self.app.push_screen(BatchScreen(entry.batch_id))
            return
        from tui.ui.screens.queue.entry import QueueDetail

        self.app.push_screen(QueueDetail(entry, self._looked))

    def action_move_up(self) -> None:
        self._move("up")

    def action_move_down(self) -> None:
        self._move("down")

    def _move(self, where: Move) -> None:
        if (entry := self._entry) is not None:
            # In company: of two quick ones neither is given up.
            self.run_worker(self._told(self._moving(entry, where)), name="move", group="move", description="move")

    async def _moving(self, entry: Entry, where: Move) -> None:
        if await asyncio.to_thread(self.session.queue.move, entry.id, where):
            self.lazybatch.queueing.wake()
            await self._refresh()

    def action_remove(self) -> None:
        if (entry := self._entry) is not None:
            self.work(self._remove(entry), "remove")

    async def _remove(self, entry: Entry) -> None:
        asked = f"Take {entry.name} ({plural(entry.requests, 'request')}) out of the queue?"
        if entry.state is State.SENT:
            asked = f"Take {entry.name} off the list? Its batch stays."
        if not await self.bottom.ask(asked):
            return
        if not await asyncio.to_thread(self.session.queue.remove, entry.id):
            self.notify(f"{entry.name} is being sent: c on its batch cancels it.", severity="warning", markup=False)
        self.lazybatch.queueing.wake()
        await self._refresh()
