"""`lazybatch` without a command: the screen is opened, and the terminal left as it was."""

import asyncio
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import LazybatchError
from tui.settings import profiles
from tui.settings.profiles import Profile
from tui.ui.terminal.passthrough import inside

# argparse is not imported to start without arguments.
if TYPE_CHECKING:
    from argparse import Namespace

    from tui.ui.app import LazybatchApp

_NO_CURSOR = {"dumb", "unknown"}
# Rich takes a terminal for one of 16 colours unless it says otherwise. There named colours look as the user has set
# them, where truecolor would be rounded to something else.
_MANY_COLOURS = {"truecolor", "24bit"}
_MANY_COLOURED_TERMS = {"256color", "kitty"}


def run(options: "Namespace") -> int:
    """Open the screen on the profile's account, or on the demo server; the exit status.

    Raises `LazybatchError` where it cannot be opened.
    """
    # Nothing that is made up to the first frame is garbage: the collector would go through all of it again and again,
    # for a tenth of the time that it takes. It goes on once all is imported: `tui.ui.startup`.
    gc.disable()
    try:
        if options.ascii:
            # Read once, when the signs are chosen.
            os.environ["LAZYBATCH_ASCII"] = "1"
        if options.demo:
            speed = 1.0 if options.demo_speed is None else options.demo_speed
            return _open_demo(speed, read_only=options.read_only)
        profile = profiles.profile(options.profile, base_url=options.base_url, read_only=options.read_only)
        return _open(profile, state=profiles.state_folder(), everything=options.everything)
    finally:
        gc.enable()


def _open(profile: Profile, *, state: Path, everything: bool) -> int:
    """Open the screen on `profile`, with all batches however old if `everything`."""
    _check_terminal()
    if (code := asyncio.run(_run(profile, state, everything=everything))) is not None:
        return code
    return _open_demo()


def _open_demo(speed: float = 1.0, *, read_only: bool = False) -> int:
    """Open the screen on a local server of its own; nothing of it is left afterwards."""
    _check_terminal()
    return asyncio.run(_run_demo(speed, read_only=read_only))


async def _run(profile: Profile, state: Path, samples: Path | None = None, *, everything: bool = False) -> int | None:
    """The exit code, or None when the user asked for the demo."""
    app = _app(profile, state, samples, everything)
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGHUP, signal.SIGTERM):
        # A dropped line or a shutdown ends the screen in order: the terminal restored, the state closed.
        loop.add_signal_handler(ending, partial(app.exit, return_code=128 + ending))
    try:
        # While a program asks for the mouse, GNU screen keeps an escape back until the next key, and no key goes back.
        asked = await app.run_async(mouse=inside(os.environ) != "screen")
    finally:
        await app.session.close()
    return None if asked == "demo" else app.return_code or 0


async def _run_demo(speed: float, *, read_only: bool) -> int:
    from tui.demo.process import DemoError, DemoProcess

    try:
        async with DemoProcess(speed) as demo:
            profile = Profile(name="demo", source="--demo", base_url=demo.base_url, key="demo", read_only=read_only)
            # Beside the samples: whatever becomes of this process, the server removes the folder when it ends.
            return await _run(profile, demo.samples.parent / "screen", demo.samples) or 0
    except DemoError as error:
        raise LazybatchError(str(error)) from None


def _app(profile: Profile, state: Path, samples: Path | None, everything: bool) -> "LazybatchApp":
    # Read once, when Textual is first imported: over a slow line every frame of an animation is paid for.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    kind = os.environ.get("TERM", "").lower().rpartition("-")[2]
    many = os.environ.get("COLORTERM", "").strip().lower() in _MANY_COLOURS or kind in _MANY_COLOURED_TERMS
    if os.environ.get("NO_COLOR") or not many:
        # A theme of named colours, chosen before the app is made: otherwise greys are written as truecolor.
        os.environ["TEXTUAL_THEME"] = "ansi-dark"

    from tui.flows.account import Session
    from tui.ui.app import LazybatchApp

    return LazybatchApp(Session(profile, state, everything=everything), samples=samples)


def _check_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise LazybatchError("The screen needs a terminal. Commands work without one: lazybatch --help lists them.")
    if os.environ.get("TERM", "") in _NO_CURSOR:
        raise LazybatchError(
            f"The screen needs a terminal that can place a cursor, and TERM is {os.environ['TERM']}. "
            "Commands work on any: lazybatch --help lists them."
        )
