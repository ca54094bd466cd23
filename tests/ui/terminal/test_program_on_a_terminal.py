"""The program on a real pseudo-terminal: what it leaves behind, and where it does not start."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests import ROOT
from tests.terminal import Terminal
from tests.ui.desk import KEY
from tui.demo.server import DemoServer

LAZYBATCH = (sys.executable, "-m", "tui")
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")


@contextmanager
def opened(tmp_path: Path, *options: str, **env: str) -> Iterator[Terminal]:
    """`lazybatch` with settings, state and temporary files of its own."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    own = {
        "LAZYBATCH_CONFIG": str(tmp_path / "config.toml"), "LAZYBATCH_STATE": str(tmp_path / "state"),
        "TMPDIR": str(tmp_path / "tmp"), "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "",
    }  # fmt: skip
    with Terminal([*LAZYBATCH, *options], env={**own, **env}) as terminal:
        yield terminal


def on(server: DemoServer) -> dict[str, str]:
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}


def ended(terminal: Terminal) -> int:
    """The exit code, once all that was written has been read."""
    terminal.wait_for(lambda seen: seen.process.poll() is not None, 60)
    terminal.settle(0.1)
    code: int | None = terminal.process.returncode
    assert code is not None
    return code


def restored(terminal: Terminal) -> None:
    """Assert that the last bytes leave the terminal as it was: main screen, cursor to be seen, no mouse, no paste."""
    log = bytes(terminal.log)
    for on_, off in (
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?1000h", b"\x1b[?1000l"),
        (b"\x1b[?1003h", b"\x1b[?1003l"),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
    ):
        assert log.rfind(on_) < log.rfind(off) or on_ not in log, off


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_q_restores_the_terminal(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded)) as terminal:
        terminal.wait_text("smoke-test", 60)
        terminal.send("q")
        assert ended(terminal) == 0
        restored(terminal)
        after = bytes(terminal.log)[bytes(terminal.log).rindex(b"\x1b[?1049l") :]
        assert b"smoke-test" not in after and b"Traceback" not in after
    assert KEY.encode() not in bytes(terminal.log)


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_in_order(seeded: DemoServer, tmp_path: Path, ending: signal.Signals) -> None:
    with opened(tmp_path, **on(seeded)) as terminal:
        terminal.wait_text("smoke-test", 60)
        terminal.process.send_signal(ending)
        assert ended(terminal) == 128 + ending
        restored(terminal)
        assert b"Traceback" not in terminal.log


@pytest.mark.parametrize(("ending", "status"), [("q", 0), (signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_terminal_that_takes_nothing_any_more_keeps_nobody(
    seeded: DemoServer, tmp_path: Path, ending: str | signal.Signals, status: int
) -> None:
    with opened(tmp_path, **on(seeded), PYTHONUNBUFFERED="1") as terminal:
        terminal.wait_text("● live", 60)
        terminal.settle()
        # Nothing is read from here on, and far more is drawn than the line holds.
        for _ in range(30):
            terminal.send("?")
            time.sleep(0.05)
            terminal.send("?")
            time.sleep(0.05)
        if isinstance(ending, str):
            terminal.send(ending)
        else:
            terminal.process.send_signal(ending)
        assert eventually(lambda: terminal.process.poll() is not None, 30)
        assert terminal.process.returncode == status
        assert not terminal.raw
    with closing(sqlite3.connect(tmp_path / "state" / "lazybatch.sqlite3")) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_line_that_drops_ends_it(seeded: DemoServer, tmp_path: Path) -> None:
    # As under a login, the terminal is the one that controls the process, whose loss the kernel tells it.
    leader = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    env = {**on(seeded), "LAZYBATCH_STATE": str(tmp_path / "state"), "LAZYBATCH_CONFIG": str(tmp_path / "none.toml")}
    with Terminal([sys.executable, "-c", leader, *LAZYBATCH], env=env) as terminal:
        terminal.wait_text("smoke-test", 60)
        terminal.hang_up()
        assert eventually(lambda: terminal.process.poll() is not None)
        # Whether the signal or the end of the input is heard first is the kernel's choice.
        assert terminal.process.returncode in {128 + signal.SIGHUP, 1}
    assert not (tmp_path / "state" / "crash.log").exists()


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path, "--demo") as terminal:
        terminal.wait_text("smoke-test", 60)
        assert list((tmp_path / "tmp").iterdir())
        terminal.send("q")
        assert ended(terminal) == 0
        assert eventually(lambda: not list((tmp_path / "tmp").iterdir()))
        assert not (tmp_path / "state").exists()


def test_the_demo_may_be_read_only(tmp_path: Path) -> None:
    with opened(tmp_path, "--demo", "--read-only") as terminal:
        terminal.wait_text("● live", 60)
        assert "read-only" in terminal.row(0) and "n new" not in terminal.text and "c cancel" not in terminal.text


def test_a_killed_screen_takes_the_demo_with_it(tmp_path: Path) -> None:
    with opened(tmp_path, "--demo") as terminal:
        terminal.wait_text("smoke-test", 60)
        found = re.search(r"127\.0\.0\.1:(\d+)", terminal.row(0))
        assert found is not None
        address = ("127.0.0.1", int(found[1]))
        socket.create_connection(address, 5).close()
        terminal.process.kill()

        def gone() -> bool:
            try:
                socket.create_connection(address, 1).close()
            except OSError:
                return not list((tmp_path / "tmp").iterdir())
            return False

        assert eventually(gone)


def test_without_a_key_d_opens_the_demo(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_text("OPENAI_API_KEY is not set", 60)
        terminal.send("d")
        terminal.wait_text("smoke-test", 60)
        terminal.send("q")
        assert ended(terminal) == 0
        assert eventually(lambda: not list((tmp_path / "tmp").iterdir()))


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_without_a_cursor_is_refused(tmp_path: Path, term: str) -> None:
    for options in ((), ("--demo",)):
        with opened(tmp_path, *options, TERM=term) as terminal:
            assert ended(terminal) == 2
            assert f"TERM is {term}" in " ".join(terminal.text.split())
            assert b"\x1b" not in terminal.log and b"Traceback" not in terminal.log


@pytest.mark.parametrize("options", [(), ("--demo",)])
def test_a_pipe_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    env = {**os.environ, "LAZYBATCH_STATE": str(tmp_path), "OPENAI_API_KEY": "demo"}
    ran = subprocess.run(
        [*LAZYBATCH, *options], stdin=subprocess.DEVNULL, capture_output=True, env=env, timeout=60, check=False,
        cwd=ROOT, text=True,
    )  # fmt: skip
    assert ran.returncode == 2 and ran.stdout == ""
    assert ran.stderr.startswith("lazybatch: The screen needs a terminal.") or "needs a terminal" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def colours(log: bytes) -> set[bytes]:
    """The SGR codes for colours that are not the terminal's own: 30 to 38, 40 to 48, 90 and up."""
    found = set()
    for match in _SGR.finditer(log):
        codes = [code for code in re.split(rb"[;:]", match[1]) if code]
        found |= {code for code in codes if 30 <= int(code) <= 38 or 40 <= int(code) <= 48 or 90 <= int(code) <= 107}
    return found


def walk(terminal: Terminal) -> None:
    """Through most screens, toasts and questions."""
    terminal.wait_text("smoke-test", 60)
    for keys, text in (
        ("jjj", "jjj"), (" ", "✱"), ("c", "y yes"), ("n", "? help"), ("\r", "timeline"), ("?", "Every table"),
        ("\x1b", "timeline"), ("\x1b", "PROGRESS"), ("o", ""), ("\x10", ""), ("\x1b", "PROGRESS"),
    ):  # fmt: skip
        terminal.send(keys)
        if text and text != keys:
            terminal.wait_text(text, 30)
        else:
            terminal.settle(0.2)


def test_no_color_writes_no_colour_at_all(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded), NO_COLOR="1") as terminal:
        walk(terminal)
        terminal.send("q")
        assert ended(terminal) == 0
        assert colours(bytes(terminal.log)) == set()
        # The cursor's row is to be told all the same.
        assert any(b"7" in match[1].split(b";") for match in _SGR.finditer(bytes(terminal.log)))


def test_few_colours_are_the_terminals_own(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded), TERM="xterm", COLORTERM="") as terminal:
        walk(terminal)
        assert colours(bytes(terminal.log)) and not colours(bytes(terminal.log)) & {b"38", b"48"}


@pytest.mark.parametrize(
    ("term", "colorterm", "more"),
    [
        ("foot", "", b""), ("rxvt", "rxvt", b""), ("xterm-256color", "", b"48;5"), ("tmux-256color", "", b"48;5"),
        ("foot", "truecolor", b"48;2"),
    ],
)  # fmt: skip
def test_as_many_colours_as_there_are(
    seeded: DemoServer, tmp_path: Path, term: str, colorterm: str, more: bytes
) -> None:
    with opened(tmp_path, **on(seeded), TERM=term, COLORTERM=colorterm) as terminal:
        terminal.wait_text("smoke-test", 60)
        log = bytes(terminal.log)
        assert {kind for kind in (b"48;5", b"48;2") if kind in log} == ({more} if more else set())
        # The cursor's row stands out, by a ground or reversed.
        assert more or re.search(rb"\x1b\[(?:[0-9;]*;)?7[;m]", log)


def test_wide_names_stand_in_line_in_a_terminals_own_eyes(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded)) as terminal:
        terminal.wait_text("レビュー分類", 60)
        terminal.settle()
        screen = terminal.screen
        rows = [y for y in range(24) if "running" in terminal.row(y) and "%" in terminal.row(y)]
        assert len(rows) > 5
        for y in rows:
            # The last cell but one ends the age: a digit and its unit, whatever stands before it.
            assert screen.buffer[y][79].data in "smhd", terminal.row(y)
            assert screen.buffer[y][78].data.isdigit(), terminal.row(y)


@pytest.mark.parametrize(("variable", "mouse"), [({"STY": "1.pts-1.here"}, False), ({"STY": ""}, True)])
def test_gnu_screen_is_not_asked_for_the_mouse(
    seeded: DemoServer, tmp_path: Path, variable: dict[str, str], mouse: bool
) -> None:
    # It would hold back each escape until the next key.
    with opened(tmp_path, **on(seeded), TMUX="", **variable) as terminal:
        terminal.wait_text("smoke-test", 60)
        assert (b"\x1b[?1000h" in terminal.log) is mouse


def test_resizing_without_end_leaves_a_whole_screen(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded)) as terminal:
        terminal.wait_text("smoke-test", 60)
        for step in range(30):
            terminal.resize(50 + 31 * step % 120, 12 + 7 * step % 40)
            terminal.pause(0.01)
        terminal.resize(80, 24)
        terminal.screen.reset()
        terminal.settle(0.4)
        terminal.send("\x0c")
        terminal.wait_text("smoke-test", 30)
        terminal.settle()
        assert "lazybatch" in terminal.row(0) and "? help" in terminal.row(23)
        terminal.send("q")
        assert ended(terminal) == 0


def test_a_crash_leaves_one_sentence_on_a_whole_terminal(seeded: DemoServer, tmp_path: Path) -> None:
    broken = (
        "import sys\nfrom tui.ui.screens.batches.screen import Home\n"
        "def broken(self):\n    local_of_the_crash = self.session.profile.key\n    raise KeyError(local_of_the_crash)\n"
        "Home.action_refresh = broken\nfrom tui.cli.main import main\nsys.exit(main([]))\n"
    )
    env = {**on(seeded), "LAZYBATCH_STATE": str(tmp_path / "state"), "LAZYBATCH_CONFIG": str(tmp_path / "none.toml")}
    with Terminal([sys.executable, "-c", broken], env=env) as terminal:
        terminal.wait_text("smoke-test", 60)
        terminal.send("r")
        assert ended(terminal) == 1
        restored(terminal)
        log = bytes(terminal.log)
        after = log[log.rindex(b"\x1b[?1049l") :]
        assert b"mistake of its own (KeyError at" in after
        for hidden in (KEY.encode(), b"local_of_the_crash", b"Traceback"):
            assert hidden not in log
    kept = tmp_path / "state" / "crash.log"
    assert KEY not in kept.read_text() and kept.stat().st_mode & 0o777 == 0o600
