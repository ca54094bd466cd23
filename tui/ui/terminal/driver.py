"""Textual's driver for Linux and macOS, with an output of our own."""

import contextlib
import os
import select
import signal
import sys
from functools import partial
from threading import Thread
from types import FrameType
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from tui.format.glyphs import drawn
from tui.ui.terminal.screen_buffer import Canvas
from tui.ui.terminal.writer import Writer


class DifferingDriver(LinuxDriver):
    """Writes only the cells that differ from those on screen, in a thread that a slow line cannot make others wait for.

    Textual's own writes each frame in full, which for a modal is the whole screen, and holds up the event loop once
    thirty writes wait. What is on screen is remembered until the window changes its size, the program was suspended,
    or `forget` is called.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual draws on standard error, which may be kept in a file.
        if not os.isatty(2):
            self._file = sys.__stdout__
        self._writer: Writer | None = None
        self._canvas = Canvas()
        # To the end of the program: a terminal that is gone does not come back.
        Thread(target=self._watch_line, name="lazybatch-line", daemon=True).start()

    def _watch_line(self) -> None:
        """End the program when its terminal is gone.

        SIGHUP goes to the leader of the terminal's session alone, and may be ignored; Textual would read the end of
        its input again and again, for ever.
        """
        line = select.poll()
        line.register(self.fileno, 0)
        # macOS cannot poll terminals, and says so.
        if any(told & select.POLLHUP for _, told in line.poll()):
            with contextlib.suppress(RuntimeError):
                # The loop may have ended at the same moment.
                self._loop.call_soon_threadsafe(partial(self._app.exit, return_code=128 + signal.SIGHUP))

    def write(self, data: str) -> None:
        """Hand over a frame or other output; returns at once."""
        if self._writer is None:
            # A frame that was missed while suspended: what is remembered is no longer what is wanted.
            self._canvas = Canvas()
        elif data:
            self._writer.write(drawn(data), self._app.size.width)

    def forget(self) -> None:
        """Write the whole screen again: something else may have written to the terminal."""
        if self._writer is not None:
            self._writer.forget()

    def start_application_mode(self) -> None:
        """Begin, or begin again after a suspend, with a terminal of which nothing is known."""
        if self._file is None:
            raise RuntimeError("there is no terminal to draw on")
        # Brought back in the background, Textual gives up half-way and is called a second time later.
        self._stop_writer()
        self._writer = Writer(self._file.fileno(), self._canvas)
        self._writer.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual gives it no annotation
        resized = signal.getsignal(signal.SIGWINCH)

        def forget_and_resize(number: int, frame: FrameType | None) -> None:
            # Also where the size is the same in the end: the terminal may have wrapped or cut its lines in between.
            self.forget()
            if callable(resized):
                resized(number, frame)

        signal.signal(signal.SIGWINCH, forget_and_resize)

    def process_message(self, message: Message) -> None:
        """Handle input, where terminals also tell their size."""
        if isinstance(message, (events.Resize, InBandWindowResize)):
            self.forget()
        super().process_message(message)

    def close(self) -> None:
        """Write what is left, then let Textual clean up."""
        self._stop_writer()
        super().close()

    def _stop_writer(self) -> None:
        if self._writer is not None:
            if not self._writer.stop():
                # It still holds the canvas, in a write that does not return.
                self._canvas = Canvas()
            self._writer = None
