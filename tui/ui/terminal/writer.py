"""A thread that writes to the terminal, however slow, and never makes anyone wait."""

import contextlib
import os
import re
import select
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from tui.ui.terminal.frame_parser import parse
from tui.ui.terminal.screen_buffer import Canvas

_SYNC_START: Final = "\x1b[?2026h"
_SYNC_END: Final = "\x1b[?2026l"
# Modes, keyboard protocols, queries, titles, the clipboard (in the wrapping of tmux and GNU screen too) and the bell
# leave the cells as they are; a hyperlink (OSC 8) and the alternate screen do not.
_APART: Final = re.compile(
    r"(?:\x1b\[[?<>=]?[\d;]*\$?[hlpuc]|\x1b\](?!8;)[^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP(?:[^\x1b]|\x1b[^\\])*+\x1b\\"
    r"|\x1b\[6n|\x07)+",
    re.DOTALL,
)
# The alternate screen: a terminal comes to it with blank cells, and what is drawn outside of it is the shell's.
_ENTER: Final = "\x1b[?1049h"
_LEAVE: Final = "\x1b[?1049l"
# After select has said that there is room a blocking write of this size does not wait long; O_NONBLOCK would be set
# for the shell too, which shares the terminal.
_PIECE: Final = 1024
_LOOK_AGAIN: Final = 0.02
_LAST_WORDS: Final = 2.0


class Writer(Thread):
    """Takes frames and other output in order, and writes what differs from what the terminal shows.

    While the line is busy, frames only change what is wanted of the screen: when it is free again, one step leads to
    the newest state. So nothing queues up, and `write` returns at once, in a signal handler too.
    """

    def __init__(self, descriptor: int, canvas: Canvas) -> None:
        """Write to the terminal open as `descriptor`; `canvas` is this thread's alone until it has stopped."""
        super().__init__(name="lazybatch-output", daemon=True)
        self._descriptor = descriptor
        self._queue: SimpleQueue[tuple[str, int] | None] = SimpleQueue()
        self._canvas = canvas
        self._drawing = False
        self._apart: list[str] = []
        self._synchronized = False
        self._stopping = False
        self._gone = False

    def write(self, data: str, width: int) -> None:
        """Take one frame for a screen of `width` columns, or other output."""
        self._queue.put((data, width))

    def forget(self) -> None:
        """Write the whole screen again: what the terminal shows is not known."""
        self._queue.put(("", 0))

    def stop(self) -> bool:
        """Write what is left and end; a line that does not take it within two seconds loses it, and False is told."""
        self._queue.put(None)
        self.join(_LAST_WORDS)
        self._gone = True
        return not self.is_alive()

    def run(self) -> None:
        """Write until `stop`."""
        while not self._stopping:
            self._take(wait=True)
            while not self._gone and (output := self._output()):
                self._send(output)
                self._take(wait=False)

    def _take(self, *, wait: bool) -> None:
        """Take in all that is there; at least one piece if `wait`."""
        with contextlib.suppress(Empty):
            self._accept(self._queue.get(block=wait))
            while True:
                self._accept(self._queue.get_nowait())

    def _accept(self, piece: tuple[str, int] | None) -> None:
        if piece is None:
            self._stopping = True
            return
        data, width = piece
        if not data:
            self._canvas.forget()
        elif data in (_SYNC_START, _SYNC_END):
            self._synchronized = True
        elif (spans := parse(data)) is not None:
            self._canvas.take(spans, width)
        elif _APART.fullmatch(data):
            self._apart.append(data)
            if data in (_ENTER, _LEAVE):
                self._drawing = data == _ENTER
                self._canvas.forget()
        else:
            self._apart += [self._canvas.changes(), data]
            self._canvas.clear()

    def _output(self) -> bytes:
        changes = self._canvas.changes() if self._drawing else ""
        if changes and self._synchronized:
            changes = f"{_SYNC_START}{changes}{_SYNC_END}"
        text = "".join([*self._apart, changes])
        self._apart.clear()
        return text.encode("utf-8", "replace")

    def _send(self, output: bytes) -> None:
        while output and not self._gone:
            if not select.select([], [self._descriptor], [], _LOOK_AGAIN)[1]:
                self._take(wait=False)
                continue
            try:
                output = output[os.write(self._descriptor, output[:_PIECE]) :]
            except OSError:
                # The terminal was closed: SIGHUP ends the program, and nobody reads any more.
                self._gone = True
