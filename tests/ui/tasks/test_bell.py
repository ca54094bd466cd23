"""Calling a user: the sequences byte for byte, and what the terminal is never sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.ui.tasks.bell import message, notification

NINE = "\x1b]9;lazybatch: done\x07"
SEVEN = "\x1b]777;notify;lazybatch;done\x07"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-256color"}, NINE + SEVEN),
        ({}, NINE + SEVEN),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, SEVEN),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, NINE),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, NINE),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, SEVEN),
        ({"TERM": "xterm-ghostty"}, NINE),
        ({"TERM": "rxvt-unicode-256color"}, SEVEN),
        ({"TERM": "foot"}, SEVEN),
        ({"TERM": "linux"}, ""),
        ({"TERM": "vt100"}, ""),
        (
            {"TMUX": "/run/t,1,0", "TERM": "tmux-256color", "TERM_PROGRAM": "tmux"},
            "\x1bPtmux;" + (NINE + SEVEN).replace("\x1b", "\x1b\x1b") + "\x1b\\",
        ),
        ({"STY": "1.pts", "TERM": "screen"}, f"\x1bP{NINE}{SEVEN}\x1b\\"),
    ],
)
def test_the_sequence(environment: dict[str, str], expected: str) -> None:
    assert notification("done", environment) == expected


@given(st.text())
def test_a_name_is_never_a_command(text: str) -> None:
    sequence = notification(text, {"TERM": "xterm"})
    assert sequence.count("\x1b") == 2 and sequence.count("\x07") == 2
    assert not any(
        ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in sequence.replace("\x1b", "").replace("\x07", "")
    )
    sequence.encode()


@pytest.mark.parametrize("text", ["--help", "4;3;50", "-e rm", "[/bold]"])
def test_a_message_is_neither_an_option_nor_a_command(text: str) -> None:
    assert message(text) == f"lazybatch: {text}"


def test_a_long_message_is_cut() -> None:
    assert len(message("x" * 5000)) < 300
    assert message("x" * 5000).endswith("…")
