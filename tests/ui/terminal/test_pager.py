"""The terminal lent to a pager."""

from pathlib import Path

from tests.terminal import Terminal
from tests.ui.terminal.test_program_on_a_terminal import on, opened
from tui.demo.server import DemoServer

PAGER = """#!/bin/sh
printf "\\033[2J\\033[H"
head -n 8 "$1"
echo "<end of the page>"
read -r _line
exit 3
"""


def to_results(terminal: Terminal) -> None:
    """From the start to results without failures."""
    terminal.wait_text("● live", 60)
    terminal.send("/")
    terminal.settle()
    terminal.send("labels-2026-11-18")
    terminal.wait_text("1 of 31")
    terminal.send("\r")
    terminal.settle()
    terminal.send("o")
    terminal.wait_text("✓ 600 ok", 30)


def test_a_line_is_read_in_the_pager_and_the_screen_comes_back(seeded: DemoServer, tmp_path: Path) -> None:
    pager = tmp_path / "pager with a blank"
    pager.write_text(PAGER)
    pager.chmod(0o700)
    with opened(tmp_path, **on(seeded), PAGER=f"'{pager}'") as terminal:
        to_results(terminal)
        terminal.send("v")
        terminal.wait_text("json  ")
        terminal.send("P")
        terminal.wait_text("<end of the page>")
        assert '"custom_id": "review-' in terminal.text and "LINE" not in terminal.text
        # An interrupt is the pager's own; here it ends it.
        terminal.send("\x03")
        terminal.wait_text("✓ 600 ok")
        assert "LINE CUSTOM_ID" in terminal.text and "<end of the page>" not in terminal.text
        terminal.send("j")
        terminal.wait_for(lambda seen: "json  review-" in seen.text and seen.process.poll() is None)
        terminal.send("P")
        terminal.wait_text("<end of the page>")
        terminal.send("\r")
        terminal.wait_text("✓ 600 ok")
        terminal.send("q")
        terminal.wait_for(lambda seen: seen.process.poll() is not None)
        assert terminal.process.returncode == 0
    assert not list((tmp_path / "tmp").glob("lazybatch-*"))


def test_a_pager_that_is_not_there_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    with opened(tmp_path, **on(seeded), PAGER="no-such-pager") as terminal:
        to_results(terminal)
        terminal.send("P")
        terminal.wait_text("There is no program no-such-pager")
        terminal.wait_text("LINE CUSTOM_ID")
