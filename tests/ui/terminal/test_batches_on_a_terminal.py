"""Home on a real pseudo-terminal: what it costs in bytes, when the terminal goes away, is ASCII, or is lent out."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.ui.desk import KEY
from tests.ui.screens.batches.test_pace import running
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

LAZYBATCH = (sys.executable, "-m", "tui")


@contextmanager
def opened(server: DemoServer, folder: Path, *options: str, columns: int = 80, **env: str) -> Iterator[Terminal]:
    own = {
        "LAZYBATCH_CONFIG": str(folder / "config.toml"), "LAZYBATCH_STATE": str(folder / "state"),
        "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url,
    }  # fmt: skip
    with Terminal([*LAZYBATCH, *options], columns=columns, env={**own, **env}) as terminal:
        terminal.wait_text("live", 60)
        terminal.settle(1)
        yield terminal


@pytest.mark.parametrize("columns", [80, 120])
def test_nothing_is_written_while_nothing_changes(server: DemoServer, tmp_path: Path, columns: int) -> None:
    with opened(server, tmp_path, columns=columns) as terminal:
        # Two looks at ages are in it.
        assert terminal.pause(21) <= (0 if columns < 100 else 60)


def test_one_changed_row_costs_little(server: DemoServer, tmp_path: Path) -> None:
    from tests.ui import api
    from tests.ui.desk import request

    api.create(server, request(1), description="moving")
    api.create(server, request(2), description="another")
    running(server, 4000)
    server.clock.jump(10)
    with opened(server, tmp_path) as terminal:
        terminal.send("p")
        terminal.settle(0.5)
        counts = {"total": 10_000, "completed": 4100, "failed": 0}
        server.faults.add(Fault("batches.*", "rewrite", times=None, merge={"request_counts": counts}))
        terminal.send("r")
        # Two rows and the strip.
        assert 0 < terminal.settle(1.5)[0] <= 3 * 200


def test_a_terminal_that_is_gone_ends_it_without_a_signal(seeded: DemoServer, tmp_path: Path) -> None:
    # In a session of its own, as under nohup or setsid, nobody tells it of the loss but the line itself.
    told = tmp_path / "told"
    leader = (
        "import pathlib, signal, subprocess, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "child = subprocess.Popen(sys.argv[2:], start_new_session=True);"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid)); child.wait()"
    )
    env = {
        "LAZYBATCH_CONFIG": str(tmp_path / "none.toml"), "LAZYBATCH_STATE": str(tmp_path / "state"),
        "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": seeded.base_url,
    }  # fmt: skip
    with Terminal([sys.executable, "-c", leader, str(told), *LAZYBATCH], env=env) as terminal:
        terminal.wait_text("smoke-test", 60)
        child = int(told.read_text())
        try:
            terminal.hang_up()
            deadline = time.monotonic() + 8
            while _lives(child) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not _lives(child)
        finally:
            if _lives(child):
                os.kill(child, signal.SIGKILL)


def _lives(process: int) -> bool:
    try:
        return _state(process) != "Z"
    except FileNotFoundError:
        return False


def _state(process: int) -> str:
    """R, S, T (stopped) or Z, as proc(5) has it."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize(("options", "locale"), [((), "C"), (["--ascii"], "C.UTF-8")])
def test_ascii_alone_where_nothing_else_is_understood(
    seeded: DemoServer, tmp_path: Path, options: Sequence[str], locale: str
) -> None:
    with opened(seeded, tmp_path, *options, LC_ALL=locale) as terminal:
        terminal.wait_text("> running")
        # Names of batches may be in any script; the signs around them are not.
        shown = re.sub(r"[\u3000-\u9fff\uff00-\uffef]", "", terminal.text)
        assert shown.isascii()
        assert "* live" in terminal.row(0) and "----" in terminal.row(2) and "###" in terminal.text
        assert "enter open" in terminal.row(23) and "q quit" in terminal.row(23)


def test_a_copy_in_tmux_costs_no_redraw(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(seeded, tmp_path, TMUX="/nowhere,1,0") as terminal:
        before = len(terminal.log)
        terminal.send("y")
        terminal.settle(0.5)
        written = bytes(terminal.log)[before:]
        assert re.search(rb"\x1bPtmux;\x1b\x1b\]52;c;[A-Za-z0-9+/=]+\x07\x1b\\\x1b\]52;c;", written)
        # The line that tells of it, and nothing else.
        assert len(written) < 700, len(written)


def _lasting(terminal: Terminal) -> list[str]:
    """What the screen shows of home that no minute changes: states, names, rules and keys."""
    return [terminal.row(y)[: 36 if y < 20 else 80] for y in (*range(2, 21), 22, 23)]


def test_it_stops_and_goes_on(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(seeded, tmp_path) as terminal:
        shown = _lasting(terminal)
        terminal.send("\x1a")
        terminal.wait_for(lambda seen: b"\x1b[?1049l" in seen.log and _state(seen.process.pid) == "T", 10)
        before = len(terminal.log)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(lambda seen: b"\x1b[?1049h" in bytes(seen.log)[before:], 10)
        terminal.settle(1)
        assert _lasting(terminal) == shown
        terminal.send("j")
        assert terminal.settle(0.5)[0] > 0
