"""Screens of terminals compared, for tests that type into the playground."""

import random
import time
from collections.abc import Iterator

from tests.terminal import Terminal

_KEYS = (
    *("\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~", "j", "k", "G", "g", " ", "\x04", "\x15"),
    *("1", "1", "2", "3", "4", "\x1bOQ", "\x1bOR", "\t"),
)
_REDRAW, _ASK = "\x1b[17~", "\x1b[18~"


def some_keys(seed: int, count: int) -> Iterator[str]:
    """Keys of the playground, always the same ones for a seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(_KEYS)


def seen(terminal: Terminal) -> list[object]:
    """What can be seen of each cell: of a blank only the ground, unless a line goes through it."""
    screen = terminal.screen
    cells = (screen.buffer[y][x] for y in range(screen.lines) for x in range(screen.columns))
    return [
        (cell.data, cell.bg)
        if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
        else cell
        for cell in cells
    ]


def press(terminal: Terminal, keys: str) -> None:
    """Type `keys` and read until the playground has handled and drawn them."""
    before = terminal.screen.title
    terminal.send(keys + _ASK)
    terminal.wait_for(lambda asked: asked.screen.title != before)
    terminal.settle(0.03)


def same(one: Terminal, other: Terminal) -> bool:
    """Whether both show the same, now or as soon as the slower one is done."""
    deadline = time.monotonic() + 3
    while seen(one) != seen(other) and time.monotonic() < deadline:
        one.settle(0.1)
        other.settle(0.1)
    return seen(one) == seen(other)


def same_after_redraw(terminal: Terminal) -> bool:
    """Whether the screen is the one that is shown after everything was drawn again."""
    before, count = seen(terminal), terminal.received
    press(terminal, _REDRAW)
    assert terminal.received > count + 1000, "nothing was drawn again"
    return seen(terminal) == before
