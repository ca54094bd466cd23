"""A terminal that has ASCII alone gets nothing else, on any screen."""

from pathlib import Path

from tests.terminal import Terminal
from tests.ui import api
from tests.ui.desk import request, write
from tests.ui.screens.submit.test_problems import typed
from tests.ui.terminal.test_batches_on_a_terminal import opened
from tests.ui.terminal.test_program_on_a_terminal import opened as bare
from tui.demo.server import DemoServer

HOME = "* live"


def pressed(terminal: Terminal, key: str, seen: str) -> None:
    """Press `key` and wait for `seen`; escape once more where it has closed a notice that came meanwhile."""
    terminal.send(key)
    terminal.settle(0.15)
    try:
        terminal.wait_text(seen, timeout=5)
    except TimeoutError:
        if key == "\x1b":
            terminal.send(key)
        terminal.wait_text(seen)


def test_every_screen(seeded: DemoServer, tmp_path: Path) -> None:
    write(tmp_path / "good.jsonl", 3)
    (tmp_path / "bad.jsonl").write_bytes(request(1) * 2 + b"no\n")
    keys = (
        ("?", "lazybatch > help"), ("\x1b", HOME), ("\x10", "Search for"), ("\x1b", HOME), ("C", "[STATUS]"),
        ("\r", HOME),
        # Until there are files there is nothing to filter.
        ("c", "y yes"), ("n", HOME), ("y", "in the clipboard"), ("F", "2 orphans"), ("/", "no filter"),
        ("\r", "d download"),
        ("\x1b", HOME), ("M", "LAST 30 DAYS"), ("\x1b", HOME), ("Q", "Nothing waits."), ("\x1b", HOME),
        ("\r", "timeline"), ("\x1b", HOME), ("/", "no filter"), ("labels-2026-11-18", "1 of"), ("\r", HOME),
        ("o", " ok "), ("t", "WHAT"), ("\x1b", " ok "), ("v", " ok "), ("/", "leave it"), ("\x1b", " ok "),
        ("\x1b", HOME), ("n", "CHANGED"),
    )  # fmt: skip
    with opened(seeded, tmp_path, "--ascii", columns=130) as terminal:
        for key, seen in keys:
            pressed(terminal, key, seen)
        for name, seen in (("good", "Ready to submit."), ("bad", "duplicate_custom_id")):
            typed(terminal, tmp_path / f"{name}.jsonl")
            terminal.wait_text(seen)
            terminal.settle(0.15)
            pressed(terminal, "\x1b", "CHANGED")
        for columns, lines, seen in ((50, 12, "Too small"), (60, 15, "CHANGED"), (80, 24, "CHANGED")):
            terminal.resize(columns, lines)
            terminal.wait_text(seen)
        written = terminal.log.decode()
    # Names and answers may be in any script.
    theirs = "".join(map(str, api.batches(seeded)))
    assert not {sign for sign in written if not (sign.isascii() or sign in theirs or sign.isalpha())}


def test_without_a_key(tmp_path: Path) -> None:
    with bare(tmp_path, "--ascii") as terminal:
        terminal.wait_text("open the demo")
        assert terminal.log.decode().isascii()
