"""Calling a user who looks elsewhere: the bell, a notification of the desktop, a command of their own.

Notifications are OSC 9 (iTerm2, Windows Terminal, WezTerm, Ghostty) and OSC 777 (rxvt-unicode, foot, VTE). Whoever
knows neither ignores them. Over SSH most terminals call themselves xterm: those get both.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tui.flows.host.notify_command import tell
from tui.format.text import clean_line, fit
from tui.ui.terminal.passthrough import handed_on, inside

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp

_MOST: Final = 240  # cells of a message
_NEITHER: Final = ("linux", "vt", "ansi")
_NINE: Final = ("xterm-ghostty", "iterm")
_SEVEN: Final = ("rxvt", "foot", "xterm-kitty", "wezterm")
_PROGRAMS: Final = {"iTerm.app": True, "iTerm2": True, "WezTerm": False, "ghostty": True, "vscode": True}


def message(text: str) -> str:
    """`text` as it is told outside: on one line, of a length that is read, and never taken for an option or a command.

    OSC 9 gives numbers at its beginning a meaning of their own, and a program dashes: our name stands there.
    """
    return f"lazybatch: {fit(clean_line(text), _MOST).rstrip()}"


def notification(text: str, environment: Mapping[str, str]) -> str:
    """What makes the terminal show `text` as a notification; empty for a terminal that has none."""
    told = message(text)
    nine, seven = f"\x1b]9;{told}\x07", f"\x1b]777;notify;lazybatch;{told.removeprefix('lazybatch: ')}\x07"
    term = environment.get("TERM", "")
    program = environment.get("TERM_PROGRAM", "") or environment.get("LC_TERMINAL", "")
    if inside(environment):
        # Neither tmux nor screen says what it is shown on.
        bare = nine + seven
    elif program in _PROGRAMS:
        bare = nine if _PROGRAMS[program] else seven
    elif term.startswith(_NEITHER):
        return ""
    elif environment.get("VTE_VERSION") or term.startswith(_SEVEN):
        bare = seven
    else:
        bare = nine if term.startswith(_NINE) else nine + seven
    return handed_on(bare, environment)


class Ringer:
    """Calls the user of one app; its command's failure is told once, and again after it has worked."""

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self._failed = False

    def ring(self, text: str) -> None:
        """Call with `text`, once each way."""
        self._app.bell()
        self._app.write_beside(notification(text, os.environ))
        if self._app.session.profile.notify:
            # In company: a second message does not break off the first.
            self._app.run_worker(self._tell(text), name="notify", group="notify", description="notify")

    async def _tell(self, text: str) -> None:
        profile = self._app.session.profile
        failure = await tell(profile.notify, message(text), without=profile.key_envs)
        if failure is not None and not self._failed:
            self._app.notify(f"notify: {failure}", severity="warning", markup=False, timeout=20)
        self._failed = failure is not None
