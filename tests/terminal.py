"""A program under a real pseudo-terminal, with a terminal emulator that shows what its bytes mean."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

from tests import ROOT

_CHUNK = 1 << 16
# Where `tui` and `tests` are found, wherever the tests were started.
_PROJECT = ROOT


def _own_terminal() -> None:
    """Make standard input the controlling terminal: its end hangs up the command, its size signals it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Runs a command on a pseudo-terminal of a given size; a context manager that ends the command.

    Everything the command writes is counted (`received`) and kept (`log`) while one of the waiting methods runs;
    nothing is read in between, as on a line that is busy. The emulator (`text`, `row`, `screen`) is fed when asked.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        synchronized: bool = False,
    ) -> None:
        """Start `command`; `env` is added to a plain environment of a truecolor terminal.

        `synchronized` answers the question whether frames may be bracketed (mode 2026), as newer terminals do.
        """
        self.log = bytearray()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self._synchronized = synchronized
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        plain = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "LINES"}}
        plain |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=plain | dict(env or {}),
            cwd=_PROJECT,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - one call between fork and exec, which takes no lock
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def received(self) -> int:
        """The bytes that came since the start."""
        return len(self.log)

    @property
    def screen(self) -> pyte.Screen:
        """The emulator, after all that came."""
        if self._fed < len(self.log):
            self._stream.feed(bytes(self.log[self._fed :]))
            self._fed = len(self.log)
        return self._screen

    @property
    def text(self) -> str:
        """What the screen shows, one line a row."""
        return "\n".join(self.screen.display)

    def row(self, y: int) -> str:
        """What one row shows."""
        return self.screen.display[y]

    @property
    def raw(self) -> bool:
        """Whether a program has taken the keys for itself: a shell would not see what is typed."""
        return not termios.tcgetattr(self._master)[3] & termios.ICANON

    def send(self, keys: str) -> None:
        """Type `keys`, escape sequences included."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size, as dragging its corner does."""
        self._set_size(columns, lines)
        self.screen.resize(lines, columns)

    def wait_for(self, seen: Callable[[Self], bool], timeout: float = 15) -> float:
        """Read until `seen` answers true; the seconds since the start of the command.

        Raises:
            TimeoutError: with the screen as it is, when `seen` does not come true or the command ends.
        """
        deadline = time.monotonic() + timeout
        while not seen(self):
            ended = self.process.poll() is not None
            left = deadline - time.monotonic()
            if left <= 0 or (not self._read(min(left, 0.2)) and ended):
                raise TimeoutError(f"not seen; the screen shows:\n{self.text}")
        return time.perf_counter() - self.started

    def wait_text(self, text: str, timeout: float = 15) -> float:
        """Read until the screen shows `text`; as `wait_for`."""
        return self.wait_for(lambda terminal: text in terminal.text, timeout)

    def settle(self, quiet: float = 0.25, timeout: float = 10) -> tuple[int, float]:
        """Read until nothing came for `quiet` seconds: the bytes that came, and the seconds until the last of them."""
        before, start = self.received, time.perf_counter()
        last = start
        while last + quiet > time.perf_counter() < start + timeout:
            if self._read(0.02):
                last = time.perf_counter()
        return self.received - before, last - start

    def pause(self, seconds: float) -> int:
        """Read for so long, whatever comes: the bytes that came."""
        before, end = self.received, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return self.received - before

    def crawl(self, seconds: float, rate: int) -> int:
        """Read for so long, at `rate` bytes a second at most, as over a slow line: the bytes that came."""
        before, start = self.received, time.monotonic()
        while (gone := time.monotonic() - start) < seconds:
            allowed = int(rate * gone) - (self.received - before)
            if allowed > 0:
                self._read(0.01, allowed)
            time.sleep(0.01)
        return self.received - before

    def close(self) -> None:
        """End the command, at once if it does not go by itself, and close the terminal."""
        if self.process.poll() is None:
            self.process.terminate()
            deadline = time.monotonic() + 3
            while self.process.poll() is None and time.monotonic() < deadline:
                # A program that restores the terminal writes, and must be read, to come to its end.
                if self._master >= 0:
                    self._read(0.05)
                else:
                    time.sleep(0.05)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal under the command, as a lost connection does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self, timeout: float, most: int = _CHUNK) -> bool:
        """Take in what is there within `timeout` seconds, `most` bytes of it; False when nothing came."""
        if not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            chunk = os.read(self._master, most)
        except OSError:
            # Linux reports the end of the last program on the terminal as EIO.
            time.sleep(0.01)
            return False
        self.log += chunk
        if self._synchronized and b"\x1b[?2026$p" in chunk:
            os.write(self._master, b"\x1b[?2026;2$y")
        return bool(chunk)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
