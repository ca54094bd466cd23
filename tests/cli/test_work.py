"""Long work of a command: what it returns, raises, and that an interrupt ends it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT
from tests.terminal import Terminal
from tui.cli.work import worked
from tui.errors import LazybatchError


def test_what_work_returns_or_raises_is_what_comes() -> None:
    assert worked("Counting", lambda told, gone: gone()) is False

    def fail(told: Callable[[int, int], None], gone: Callable[[], bool]) -> None:
        told(1, 2)
        raise LazybatchError("No.")

    with pytest.raises(LazybatchError, match=r"No\."):
        worked("Counting", fail)


def test_an_interrupt_asks_the_work_to_stop_and_waits_for_it() -> None:
    code = (
        "import os, signal, time\nfrom tui.cli.work import worked\n"
        "def work(told, gone):\n"
        # Until it is waited for.
        "    time.sleep(0.2)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    while not gone():\n"
        "        time.sleep(0.001)\n"
        # What it has begun to write it takes away, and that may last.
        "    time.sleep(0.5)\n"
        "    print('stopped')\n"
        "try:\n"
        "    worked('Counting', work)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT, timeout=60)
    assert (ran.stdout, ran.stderr) == (b"stopped\ninterrupted\n", b"")


def test_a_terminal_sees_how_far_it_has_come(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    code = (
        "import pathlib, sys, time\nfrom tui.cli.work import worked\n"
        "def work(told, gone):\n"
        "    told(500_000, 1_000_000)\n"
        "    while not pathlib.Path(sys.argv[1]).exists():\n"
        "        time.sleep(0.001)\n"
        "worked('Counting', work)\nprint('done')"
    )
    with Terminal([sys.executable, "-c", code, str(go_on)]) as terminal:
        terminal.wait_text("Counting  ██████████            50%  500 kB of 1.0 MB")
        go_on.touch()
        terminal.wait_text("done")
        assert "Counting" not in terminal.text
