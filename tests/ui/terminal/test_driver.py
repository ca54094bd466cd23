"""The driver on a real pseudo-terminal: the same picture as Textual's own, and never held up."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.ui.terminal.screens import ALL_KEYS, press, same, seen, some_keys


def start(driver: str, env: dict[str, str] | None = None) -> Terminal:
    return Terminal([sys.executable, "-m", "tests.ui.terminal.playground", driver], env=env, synchronized=True)


def count(beats: Path) -> int:
    """How often the event loop came round; the file is empty for a moment each time."""
    words = beats.read_text().split() if beats.exists() else []
    return int(words[0]) if words else 0


@pytest.fixture
def ours() -> Iterator[Terminal]:
    with start("differing") as terminal:
        terminal.wait_text("nightly-eval 0")
        terminal.settle()
        yield terminal


def test_both_drivers_show_the_same_after_each_key() -> None:
    with start("plain") as plain, start("differing") as ours:
        for terminal in (plain, ours):
            terminal.wait_text("nightly-eval 0")
            press("", terminal)
        assert seen(ours) == seen(plain)
        for number, keys in enumerate(some_keys(ALL_KEYS, seed=3, count=50)):
            press(keys, plain, ours)
            assert same(ours, plain), f"after {keys!r}, the {number}th key:\n{plain.text}\n---\n{ours.text}"
        assert ours.received < plain.received / 2


@pytest.mark.parametrize("errors", ["2>/dev/null", "2>&-"])
def test_errors_may_go_elsewhere(errors: str) -> None:
    command = f'exec "{sys.executable}" -m tests.ui.terminal.playground differing {errors}'
    with Terminal(["sh", "-c", command]) as terminal:
        terminal.wait_text("nightly-eval 0")


def test_another_size_is_drawn_from_nothing(ours: Terminal) -> None:
    with start("plain") as plain:
        plain.wait_text("nightly-eval 0")
        for size in ((60, 20), (100, 20), (100, 30)):
            for terminal in (plain, ours):
                # The worst a terminal may do to what it showed.
                terminal.resize(*size)
                terminal.screen.erase_in_display(2)
                # The window's signal and the keys come by different ways.
                terminal.settle()
                press("", terminal)
            assert same(ours, plain), f"{plain.text}\n---\n{ours.text}"


def test_the_same_size_again_is_drawn_from_nothing_too(ours: Terminal) -> None:
    # Dragged away and back: Textual sees no change, but the terminal has cut its lines.
    before = seen(ours)
    ours.resize(81, 24)
    ours.resize(80, 24)
    ours.screen.erase_in_display(2)
    ours.settle()
    assert seen(ours) == before


def test_forget_draws_over_what_others_wrote(ours: Terminal) -> None:
    before = seen(ours)
    ours.screen.erase_in_display(2)
    ours.screen.draw("wall: the machine goes down")
    ours.send("\x1bOS")
    ours.settle()
    assert seen(ours) == before


def test_a_stopped_program_draws_all_again_when_it_goes_on(ours: Terminal) -> None:
    before = seen(ours)
    ours.process.send_signal(signal.SIGTSTP)
    ours.settle()
    ours.screen.erase_in_display(2)
    ours.process.send_signal(signal.SIGCONT)
    ours.settle(0.5)
    assert seen(ours) == before


def test_a_line_that_takes_nothing_does_not_hold_up_the_event_loop(tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    with start("differing", {"BEATS": str(beats)}) as ours:
        ours.wait_text("nightly-eval 0")
        ours.settle()
        ours.send("\x1b[15~")
        ours.wait_for(lambda _: count(beats) > 0)
        ours.settle(timeout=0.3)
        # Nobody reads: the kernel's buffer is full after a few frames. Textual's own driver stops after thirty more.
        began = count(beats)
        deadline = time.monotonic() + 20
        while count(beats) < began + 100:
            assert time.monotonic() < deadline, "the event loop stands still"
            time.sleep(0.1)
        late = count(beats)
        before = ours.received
        # What comes out now is not a hundred frames, but what was under way and the newest state.
        ours.wait_for(lambda terminal: int(terminal.row(1).split()[-1].rstrip("%")) >= late)
        assert ours.received - before < 40_000


def test_the_terminal_is_given_back_as_it_was(ours: Terminal) -> None:
    ours.send("\x11")
    ours.wait_for(lambda terminal: terminal.process.poll() is not None)
    ours.settle(0.1)
    last = bytes(ours.log[-400:])
    assert ours.process.returncode == 0
    # Out of the alternate screen, the cursor to be seen, and no cell drawn after that.
    assert last.index(b"\x1b[?1049l") < last.index(b"\x1b[?25h")
    assert b"nightly" not in last[last.index(b"\x1b[?1049l") :]
