"""Screens of terminals compared, for tests that type into the playground."""

import random
import time
from collections.abc import Callable, Iterator, Sequence

from tests.terminal import Terminal

TABLE_KEYS = (
    *("\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~", "j", "k", "G", "g", " ", "\x04", "\x15"),
    *("1", "1", "2", "3", "4", "\t\t"),
)
ALL_KEYS = (*TABLE_KEYS, "\t", "\x1bOQ", "\x1bOR")  # the focus elsewhere, a dialog, another theme
_REDRAW, _ASK = "\x1b[17~", "\x1b[18~"


def some_keys(keys: Sequence[str], seed: int, count: int) -> Iterator[str]:
    """Keys of the playground by chance, always the same ones for a seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(keys)


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


def press(keys: str, *terminals: Terminal) -> None:
    """Type `keys` in all, and read until each playground has handled and drawn them."""
    titles = [terminal.screen.title for terminal in terminals]
    for terminal in terminals:
        terminal.send(keys + _ASK)
    for terminal, title in zip(terminals, titles, strict=True):
        terminal.wait_for(_retitled(title))
        terminal.settle(0.03)


def _retitled(before: str) -> Callable[[Terminal], bool]:
    return lambda terminal: terminal.screen.title != before


def same(one: Terminal, other: Terminal) -> bool:
    """Whether both show the same, now or as soon as the slower one is done."""
    deadline = time.monotonic() + 5
    while seen(one) != seen(other) and time.monotonic() < deadline:
        one.settle(0.1)
        other.settle(0.1)
    return seen(one) == seen(other)


def same_after_redraw(terminal: Terminal) -> bool:
    """Whether the screen is the one that is shown after everything was drawn again."""
    before, count = seen(terminal), terminal.received
    press(_REDRAW, terminal)
    assert terminal.received > count + 1000, "nothing was drawn again"
    return seen(terminal) == before
