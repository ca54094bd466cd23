"""The terminal face: one app, its screens, and what they share."""

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui.batches.batch import Batch
from tui.flows.account import Session
from tui.ui.screens.base import Room
from tui.ui.screens.batches.screen import Home
from tui.ui.terminal.driver import DifferingDriver

if TYPE_CHECKING:
    from tui.batches.guard import Trip
    from tui.ui.screens.batches.auto_cancel import Countdown
    from tui.ui.tasks.bell import Ringer
    from tui.ui.tasks.cancels import Cancelling
    from tui.ui.tasks.deletes import Deleting
    from tui.ui.tasks.downloads import Downloads
    from tui.ui.tasks.notifications import Notices
    from tui.ui.tasks.queue import Queueing

SMALLEST = (60, 15)  # cells: below this nothing can be shown that would not mislead


class LazybatchApp(App[str]):
    """lazybatch on one account. It ends with "demo" when the user asked for the demo in place of it."""

    TITLE = "lazybatch"
    CSS_PATH = "app.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self, session: Session, *, samples: Path | None = None) -> None:
        """`samples` is a folder of input files to begin choosing in, else the working folder."""
        # Over a slow line what is written counts: only what differs from what the terminal shows.
        super().__init__(driver_class=DifferingDriver)
        self.session = session
        self.samples = samples
        self.submitting = 0  # submissions under way
        self.in_doubt = set[Path]()  # files of which it is being asked whether they came to a batch
        self.countdown: Countdown | None = None  # the one whose line is on screen
        self._crashed = False

    def get_default_screen(self) -> Screen[Any]:
        """Home is at the bottom of the stack; without a key there is nothing to show there but what to do."""
        if self.session.profile.key is None:
            from tui.ui.screens.no_key import NoKey

            return NoKey(self.session.profile.key_env)
        return Home()

    def on_ready(self) -> None:
        """Begin what is slow now that the first frame is on screen."""
        self.session.trouble.listen(self._state_failed)
        if isinstance(self.home, Home):
            self.home.watch_account()
        else:
            gc.enable()

    @property
    def home(self) -> Screen[Any]:
        return self.screen_stack[0]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette lists the actions of the screen it was called from."""
        if isinstance(screen, Room):
            for title, help_text, callback in screen.commands():
                yield SystemCommand(title, help_text, callback)

    async def on_event(self, event: events.Event) -> None:
        """Any key stops a countdown, wherever one is, and does nothing else; escape closes what is told."""
        if self.countdown is not None and isinstance(event, events.Key) and not event.is_forwarded:
            self.countdown.stop()
            return
        told = "notices" in vars(self) and isinstance(event, events.Key) and not event.is_forwarded
        if told and isinstance(event, events.Key) and self.notices.pressed(event.key):
            return
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that is too small says so, and gives the screen back when it has grown."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        if not small and len(self.screen_stack) == 1:
            return
        from tui.ui.screens.too_small import TooSmall

        shown = isinstance(self.screen, TooSmall)
        if small and not shown:
            self.push_screen(TooSmall())
        elif shown and not small:
            self.pop_screen()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """In the line above the keys, in place of Textual's toasts, which cover what is being looked at.

        Nothing in `message` reaches the terminal as a command.
        """
        self.notices.add(": ".join(filter(None, (title, message))), severity, timeout)

    def _state_failed(self, sentence: str) -> None:
        """The state cannot be used, as some thread has found."""
        self.call_later(lambda: self.notify(sentence, severity="warning", markup=False))

    def show_notice(self, room: Room) -> None:
        """What is told is told on `room` too, which its user has come to."""
        if "notices" in vars(self):
            self.notices.came_to(room)

    def clear_notifications(self) -> None:
        """What was told is over."""
        self.notices.clear()

    @cached_property
    def notices(self) -> "Notices":
        """What is told in the line above the keys."""
        from tui.ui.tasks.notifications import Notices

        return Notices(self)

    def copy_to_clipboard(self, text: str) -> None:
        """As Textual's, through tmux and GNU screen; a text that is too long for a terminal is not copied."""
        from tui.ui.terminal.clipboard import clipboard_sequence

        sequence = clipboard_sequence(text, os.environ)
        if sequence is not None:
            self._clipboard = text
            self.write_beside(sequence)

    def write_beside(self, sequence: str) -> None:
        """Write what is no part of the screen to the terminal."""
        if self._driver is not None and sequence:
            self._driver.write(sequence)

    def ring(self, text: str) -> None:
        """Call a user who looks elsewhere."""
        self._ringer.ring(text)

    @cached_property
    def _ringer(self) -> "Ringer":
        from tui.ui.tasks.bell import Ringer

        return Ringer(self)

    # What several screens do

    def show_results(self, batch: Batch) -> None:
        """Open the results of `batch`, or what the server found wrong with its input; tell why there is neither."""
        if batch.errors and batch.output_file_id is None and batch.error_file_id is None:
            from tui.ui.screens.batch.input_errors import Refused

            self.push_screen(Refused(batch))
            return
        if batch.active and batch.output_file_id is None and batch.error_file_id is None:
            from tui.batches import display

            self.notify(f"No results to read yet. The batch is {display.word(batch.status)}.", markup=False)
            return
        from tui.ui.screens.results.screen import Results

        self.push_screen(Results(batch))

    @cached_property
    def cancelling(self) -> "Cancelling":
        """What is being cancelled, and what became of it."""
        from tui.ui.tasks.cancels import Cancelling

        return Cancelling(self)

    @cached_property
    def downloads(self) -> "Downloads":
        """What is being downloaded."""
        from tui.ui.tasks.downloads import Downloads

        return Downloads(self)

    @cached_property
    def deleting(self) -> "Deleting":
        """What files are being deleted."""
        from tui.ui.tasks.deletes import Deleting

        return Deleting(self)

    @cached_property
    def queueing(self) -> "Queueing":
        """What waits for room at the provider."""
        from tui.ui.tasks.queue import Queueing

        return Queueing(self)

    @property
    def waiting(self) -> int:
        """How many wait in the queue."""
        return self.queueing.waiting if "queueing" in vars(self) else 0

    def look_again(self) -> None:
        """Something that home tells may have changed."""
        if isinstance(self.home, Home):
            self.home.look_again()

    @property
    def downloading(self) -> bool:
        """Whether results are on their way."""
        return "downloads" in vars(self) and self.downloads.left > 0

    def downloaded(self, batch: Batch) -> None:
        """The results of `batch` are here: its mark goes."""
        if isinstance(self.home, Home):
            self.home.table.unmark([batch.id])
            self.home.look_at_results()

    def file_deleted(self, file_id: str) -> None:
        """The server no longer has that file."""
        if isinstance(self.home, Home) and self.home.expiry is not None:
            self.home.expiry.forget(file_id)

    def name_of(self, batch: Batch) -> str:
        """What a batch is called on the screen."""
        return self.session.names.name_of(batch)

    def names_changed(self) -> None:
        """It has been learnt what some batches are called."""
        if isinstance(self.home, Home):
            self.home.names_changed()
            self.home.show()

    def alarms_of(self, batch: Batch) -> "Sequence[Trip]":
        """The rules of the guard that `batch` breaks now, the gravest first."""
        return self.home.alarms.of(batch.id) if isinstance(self.home, Home) else ()

    @property
    def cancelled_some(self) -> bool:
        """Whether anything was cancelled in this run: without that its room is never entered."""
        return "cancelling" in vars(self)

    @property
    def failed_cancels(self) -> frozenset[str]:
        """The ids of the batches whose cancel came to nothing."""
        return frozenset(self.cancelling.failed) if self.cancelled_some else frozenset()

    def failed_cancel(self, batch: Batch) -> str | None:
        """Why a cancel of `batch` came to nothing, if it did and the batch still runs."""
        failed = self.cancelled_some and batch.cancellable
        return self.cancelling.failed.get(batch.id) if failed else None

    def offer_results(self) -> None:
        """Offer the results of what was cancelled and has ended."""
        if self.cancelled_some:
            self.cancelling.look(self.session.book)

    def settle_marks(self, settled: Sequence[Batch]) -> None:
        """Take the marks of `settled` away; what could not be reached stays marked for another try."""
        if isinstance(self.home, Home):
            self.home.settle_marks(settled)

    def take_in(self, batch: Batch) -> None:
        """Show a batch at home as a call other than the monitor's has told it."""
        if isinstance(self.home, Home):
            self.home.take_in(batch)

    async def submitted(self, room: Room, batch: Batch) -> None:
        """A new batch is there: go home to it, unless its user has gone elsewhere meanwhile."""
        if not isinstance(self.home, Home):
            return
        # Who has gone home already may be about to press a key for the row that they are on.
        await self.home.show_new(batch, go_to_it=self.screen is room)
        if not await self.go_home(room):
            self.notify(f"{self.name_of(batch)} is on its way.", markup=False)

    async def go_home(self, room: Room) -> bool:
        """From `room` back home, unless its user has gone elsewhere meanwhile; whether that was done."""
        if self.screen is not room:
            return False
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        return True

    def action_help_quit(self) -> None:
        """Ctrl+c, which many press to leave: it copies in a field, and ends nothing."""
        typing = isinstance(self.screen, Room) and self.screen.typing
        self.notify(f"{'^q' if typing else 'q'} quits lazybatch; batches run on.")

    async def action_quit(self) -> None:
        """What Textual's own key for it does; in place of an exit at once."""
        await self.leave()

    async def leave(self) -> None:
        """Quit; what is being sent is asked about first, because it would stop half-way."""
        from tui.ui.tasks.quit import leave

        await leave(self)

    def redraw(self) -> None:
        """Write the whole screen again, whatever else has written to the terminal."""
        driver = self._driver
        if isinstance(driver, DifferingDriver):
            driver.forget()
        else:
            self.refresh(repaint=True, layout=True)

    # What must not happen

    def _fatal_error(self) -> None:
        """In place of Textual's, which prints local variables, an API key among them."""
        error = sys.exc_info()[1]
        if self._crashed:
            # What follows from the first one says less, and would take its place in the file.
            return
        self._crashed = True
        from tui.crash import told_of_crash

        self.panic(Text(told_of_crash(error, self.session.folder, self.session.profile.key)))
