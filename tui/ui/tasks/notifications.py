"""What is told beside everything else, one thing at a time, on whatever screen its user is."""

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.timer import Timer

from tui.format.glyphs import GLYPHS
from tui.format.text import clean_line, count
from tui.ui.screens.base import Room

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from tui.ui.app import LazybatchApp

_GLANCE: Final = 2.0  # seconds that it takes to see that there is something
_PACE: Final = 25.0  # characters that are read in a second
_STAYS: Final = 5.0  # seconds for which what is merely good to know stays, at least
_MOST: Final = 20  # that wait to be read


# The role and the sign of each severity.
_LOOKS: Final = {"information": ("", ""), "warning": ("warn", GLYPHS.doubt), "error": ("bad", GLYPHS.lost)}


class _Notice(NamedTuple):
    text: str
    role: str
    sign: str = ""
    room: Room | None = None  # the screen that it is about, with which it goes


class Notices:
    """The notices of one run of the screen; the newest is shown.

    What is good to know goes by itself. A warning or an error stays until a key is pressed by somebody who has had the
    time to read it; escape closes it at once, and does nothing else. Several wait behind one another.
    """

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self._passing: _Notice | None = None
        self._standing: list[_Notice] = []
        self._doing = ""
        self._since = 0.0
        self._timer: Timer | None = None

    def add(
        self,
        text: str,
        severity: "SeverityLevel" = "information",
        timeout: float | None = None,
        *,
        passing: bool = False,
        room: Room | None = None,
    ) -> None:
        """Tell `text`; `timeout` in seconds, for what goes by itself, as with `passing` a warning does.

        What is about `room` alone goes when its user goes on to another.
        """
        notice = _Notice(clean_line(" ".join(text.split())), *_LOOKS[severity], room)
        self._let_pass()
        if passing or severity == "information":
            self._passing = notice
            stays = timeout or max(_STAYS, _GLANCE + len(text) / _PACE)
            self._timer = self._app.set_timer(stays, self._passed)
        else:
            # Told once more, it is no other.
            self._standing = [*(known for known in self._standing if known != notice), notice][-_MOST:]
        self._since = time.monotonic()
        self._show()

    def doing(self, text: str) -> None:
        """Tell what is under way, while there is nothing else to tell; an empty text when it is over."""
        if text != self._doing:
            self._doing = text
            self._show()

    def pressed(self, key: str) -> bool:
        """Somebody has pressed `key`: whether it was meant for what is shown, and for nothing else."""
        room = self._app.screen
        if self._passing is not None or not self._standing or not isinstance(room, Room):
            return False
        closes = key == "escape" and not room.bottom.asking and not room.typing
        if closes or time.monotonic() - self._since >= _GLANCE + len(self._standing[-1].text) / _PACE:
            self._standing.pop()
            self._since = time.monotonic()
            self._show()
        return closes

    def clear(self) -> None:
        """Nothing of it is true any more."""
        self._let_pass()
        self._standing.clear()
        self._show()

    def came_to(self, room: Room) -> None:
        """The user has come to `room`: what was about another is over, unless it is looked at from there."""
        if not room.BESIDE:
            self._standing = [known for known in self._standing if known.room in {None, room}]
        self.show_on(room)

    def over(self, room: Room) -> None:
        """What was told about `room` is over: another try is under way there."""
        left = [known for known in self._standing if known.room is not room]
        if len(left) < len(self._standing):
            self._standing = left
            self._show()

    def show_on(self, room: Room) -> None:
        """Show it on `room`, which has come to the top."""
        waiting = len(self._standing) - (self._passing is None)
        more = f"{count(waiting)} more" if waiting > 0 else ""
        notice = self._passing or (self._standing[-1] if self._standing else None)
        if notice is None:
            room.notice.say(self._doing, "dim")
            return
        closing = "" if notice is self._passing else "esc closes"
        end = f" {GLYPHS.dot} ".join(filter(None, (more, closing)))
        room.notice.say(f"{notice.sign} {notice.text}".lstrip(), notice.role, end)

    def _show(self) -> None:
        # What lies above it, a terminal that is too small or the palette, shows none.
        room = next((screen for screen in reversed(self._app.screen_stack) if isinstance(screen, Room)), None)
        if room is not None and room.is_attached:
            self.show_on(room)

    def _let_pass(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._passing = self._timer = None

    def _passed(self) -> None:
        self._let_pass()
        self._since = time.monotonic()
        self._show()
