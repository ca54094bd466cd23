"""What every screen has: a head line, a body, a line of keys, and the way back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from tui.batches.batch import Batch, Status
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.format.cell import Cell
from tui.format.text import percent
from tui.ui import actions
from tui.ui.widgets.key_bar import Bottom
from tui.ui.widgets.notice_line import NoticeLine
from tui.ui.widgets.text_line import Line

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp


# What needs a row to act on, and what some to choose among.
_ABOUT_ROWS: Final = frozenset({
    "open", "results", "cancel", "download", "delete", "mark_all", "tell_me", "copy_id", "copy_json",
})  # fmt: skip
# Pressed by habit where there is nothing to go back from.
_SILENT: Final = frozenset({"escape"})
_AMONG_ROWS: Final = frozenset({"filter", "sort", "reverse"})


def bindings(room: str) -> list[BindingType]:
    """The keys of a room, from the list of actions."""
    return [Binding(known.keys, known.name, known.label or known.help, show=False) for known in actions.of_room(room)]


def may_wait(batch: Batch | None) -> bool:
    """Whether `batch` was refused for want of room: it may be sent again as it is."""
    if batch is None or batch.status is not Status.FAILED:
        return False
    from tui.batches.quota import refused

    return refused(batch) is not None


class Room(Screen[None]):
    """A screen of lazybatch. Subclasses give `ROOM`, their name in `tui.ui.actions`, its `BINDINGS` and `body`."""

    ROOM: ClassVar[str] = actions.EVERYWHERE
    BESIDE: ClassVar[bool] = False  # whether one looks at it and comes back, and nothing is over

    def __init__(self) -> None:
        super().__init__()
        self.head = Line(id="head")
        self.notice = NoticeLine()
        self.doing = ""  # what the long work is at, in words: "writing reviews.csv"
        self.done_share: float | None = None  # how far it is, where that is known
        self._long: Worker[None] | None = None
        self._writing = False
        self.bottom = Bottom(self._keys_that_work, id="bottom")

    @property
    def lazybatch(self) -> "LazybatchApp":
        """The app, by its own type."""
        return cast("LazybatchApp", self.app)

    @property
    def session(self) -> Session:
        return self.lazybatch.session

    def body(self) -> Sequence[Widget]:
        """The widgets between the head and the keys, from top to bottom."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.head
        yield from self.body()
        yield self.notice
        yield self.bottom

    def on_screen_resume(self) -> None:
        """What is told goes where its user goes."""
        self.lazybatch.show_notice(self)

    def title_line(self, *parts: str, stale: Cell | None = None) -> None:
        """Tell in the head where the user is: `lazybatch › new batch › reviews.jsonl`, and how `stale` it is."""
        cells = [Cell("lazybatch", "accent")]
        for part in parts:
            cells += [Cell(" › ", "dim"), Cell(part)]
        self.head.say(cells, [stale or Cell(self.session.profile.host, "dim")])

    def complain(self, error: LazybatchError) -> None:
        """Tell what went wrong, on this screen."""
        self.lazybatch.notices.add(error.sentence, "error", room=self)

    def work(self, job: Awaitable[None], name: str) -> Worker[None]:
        """Run `job` beside the keys; what it raises is told. Another job of the same name is given up."""
        return self.run_worker(
            self._told(job), name=name, group=name, description=name, exclusive=True, exit_on_error=True
        )

    def begin(self, doing: str, job: Callable[[], Awaitable[None]], *, writes: bool = False) -> bool:
        """Start long work, unless other long work of this screen is under way: that is told, and goes on.

        `doing` says what it is at before it says so itself; work that `writes` a file keeps its user from going back.
        """
        if self.busy:
            self.say_busy()
            return False
        self.lazybatch.notices.over(self)
        self.doing, self.done_share, self._writing = doing, None, writes
        self._long = self.work(job(), "job")
        self.bottom.show_keys()
        return True

    @property
    def busy(self) -> bool:
        """Whether long work that a key has started is under way."""
        return self._long is not None and not self._long.is_finished

    @property
    def writing(self) -> str:
        """The file work that would be lost with the screen, in words; empty where there is none."""
        return self.doing if self.busy and self._writing else ""

    def say_busy(self) -> None:
        """Tell what is under way, how far it is, and the key that stops it."""
        far = "" if self.done_share is None else f" ({percent(self.done_share)})"
        stop = ": x stops it" if any(action.name == "stop" for action in self.live_actions()) else ""
        self.lazybatch.notices.add(f"Still {self.doing}{far}{stop}.", "warning", passing=True)

    def stop_long_work(self) -> bool:
        """Stop it; False where there is none."""
        if self._long is None or self._long.is_finished:
            return False
        self._long.cancel()
        self._long = None
        self.notify(f"Stopped {self.doing}.", markup=False)
        return True

    async def _told(self, job: Awaitable[None]) -> None:
        try:
            await job
        except LazybatchError as error:
            self.complain(error)

    def action_back(self) -> None:
        if self.writing:
            self.say_busy()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_help(self) -> None:
        from tui.ui.screens.help import Help

        self.app.push_screen(Help(self.help_room))

    @property
    def help_room(self) -> str:
        """The room whose keys the help tells first: that of the focused widget, if it has keys of its own there."""
        room: str = getattr(self.focused, "ROOM", self.ROOM)
        return room

    def action_redraw(self) -> None:
        self.lazybatch.redraw()

    def action_suspend(self) -> None:
        self.app.action_suspend_process()

    def action_command_palette(self) -> None:
        self.app.action_command_palette()

    async def action_quit(self) -> None:
        await self.lazybatch.leave()

    def commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """Title, help and callback of each action that can be taken now, for the palette."""
        found = []
        for action in self.live_actions():
            callback = getattr(self, f"action_{action.name}", None)
            if callback is not None and action.name != "command_palette":
                title = (action.label or action.name.replace("_", " ")).capitalize()
                found.append((f"{title} ({action.shown_keys})", action.help, callback))
        return found

    @property
    def rowless(self) -> bool:
        """Whether the room has a table, and no row in it."""
        return False

    @property
    def hiding(self) -> bool:
        """Whether rows may be hidden from the room's table."""
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None works while a question waits or that lacks what it acts on; for read-only none that changes things."""
        if self.bottom.asking or (action in _ABOUT_ROWS and self.rowless):
            return False
        if action in _AMONG_ROWS and self.rowless and not self.hiding:
            return False
        writes = any(known.writes and known.name == action for known in actions.of_room(self.ROOM))
        return not (writes and self.session.profile.read_only)

    @property
    def typing(self) -> bool:
        """Whether letters go into a field."""
        return self.focused is not None and self.focused.check_consume_key("a", "a")

    def on_key(self, event: events.Key) -> None:
        """A key of this screen that does nothing now says so, and where that is known why."""
        if self.bottom.asking or self.typing or event.key in _SILENT:
            return
        known = [action for action in actions.of_room(self.ROOM) if event.key in action.keys.split(",")]
        if known and not any(self.check_action(action.name, ()) for action in known) and not self._is_others(event.key):
            if self.busy:
                self.say_busy()
                return
            why = self.why_not(known[0])
            told = f"{known[0].shown_key(event.key)} does nothing here now{why and f': {why}'}."
            self.lazybatch.notices.add(told, "warning", passing=True)

    def why_not(self, action: actions.Action) -> str:
        """Why `action` cannot be taken now, where that is worth a word."""
        return "this profile is read-only" if action.writes and self.session.profile.read_only else ""

    def _is_others(self, key: str) -> bool:
        """Whether the focused widget has a use of its own for `key`."""
        return self.focused is not None and key in self.focused._bindings.key_to_bindings

    def on_descendant_focus(self) -> None:
        self.bottom.show_keys()

    def on_descendant_blur(self) -> None:
        self.bottom.show_keys()

    def _keys_that_work(self) -> list[actions.Action]:
        live = self.live_actions()
        if (room := self.help_room) != self.ROOM:
            own = (known for known in actions.ACTIONS if known.room == room)
            live = [*own, *(known for known in live if known.name in {"help", "quit"})]
        return [action for action in live if not (self.typing and action.typed)]

    def live_actions(self) -> list[actions.Action]:
        """What can be done here now."""
        return [action for action in actions.of_room(self.ROOM) if self.check_action(action.name, ())]
