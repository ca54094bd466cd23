"""Names in scripts whose width terminals differ about leave the cells beside them alone."""

import shutil
import subprocess
import time
from pathlib import Path
from unicodedata import category

import pyte
import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from tests.ui.terminal.test_screen_buffer import HEIGHT, WIDTH, emulator
from tui.format.text import clean_line, fit
from tui.ui.terminal.frame_parser import parse
from tui.ui.terminal.screen_buffer import Canvas
from tui.ui.widgets.table.strip import difference

# Each with the cells that tmux 3.3a over glibc gives it, asked for with a cursor report.
NAMES = {
    "हिन्दी": 5, "বাংলা": 5, "தமிழ்": 4, "မြန်မာ": 5, "ខ្មែរ": 4, "ಕನ್ನಡ": 4, "తెలుగు": 5, "മലയാളം": 6, "ગુજરાતી": 6,
    "ਪੰਜਾਬੀ": 5, "ภาษาไทย": 7, "กำ": 2, "ກຳ": 2, "བོད": 2, "עִבְרִית": 5, "\u1112\u1161\u11ab": 2, "レビュー": 8,
    "e\u0301": 1, "😀": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_have_the_cells_that_tmux_gives_them(name: str) -> None:
    assert cell_len(name) == cell_len(clean_line(name)) == NAMES[name]


def _frame(*rows: str) -> str:
    return "".join(f"\x1b[{y};1H{row}\n" for y, row in enumerate(rows, 1)) + "\x1b[1;1H"


def _row(name: str, after: str) -> str:
    return f"{fit(clean_line(name), 12)}|{after:<{WIDTH - 13}}"


def _changes(canvas: Canvas, frame: str) -> str:
    spans = parse(frame)
    assert spans is not None
    canvas.take(spans, WIDTH)
    return canvas.changes()


class _Counting(pyte.Screen):
    """A terminal that gives each mark a cell, as tmux does."""

    def draw(self, data: str) -> None:
        """Draw a mark in a cell of its own: as a letter would be."""
        super().draw("".join("m" if category(mark) == "Mc" else mark for mark in data))


@pytest.mark.parametrize("name", [*NAMES, "🫩🛘", "👩\u200d👩\u200d👧", "⚠\ufe0f", "🇩🇪", "👍🏽", "\u093f"])
@pytest.mark.parametrize("terminal", [pyte.Screen, _Counting])
def test_what_stands_after_a_name_is_where_it_belongs(name: str, terminal: type[pyte.Screen]) -> None:
    screen = terminal(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    canvas = Canvas()
    for rows in (
        [(name, "one"), ("plain", "two")],
        [(name, "two"), (name, "two")],
        [("plain", "1"), (f"a{name}", "2")],
    ):
        stream.feed(_changes(canvas, _frame(*(_row(*row) for row in rows))))
        for y, (_, after) in enumerate(rows):
            shown = [screen.buffer[y][x].data for x in range(WIDTH)]
            assert "".join(shown[12:]).rstrip() == f"|{after}", shown
    assert "plain       |1" in screen.display[0]


def test_a_plain_name_costs_nothing() -> None:
    canvas = Canvas()
    plain = len(_changes(canvas, _frame(_row("plain", "one"))))
    assert len(_changes(Canvas(), _frame(_row("日本語 é ภาษา", "one"))).encode()) < plain + 40
    assert _changes(canvas, _frame(_row("plain", "one"))) == ""


def test_part_of_a_wide_letter_that_is_written_over_goes() -> None:
    screen, stream = emulator()
    canvas = Canvas()
    stream.feed(_changes(canvas, "\x1b[1;1Haहो़ोb" + " " * 16 + "\n\x1b[1;1H"))
    stream.feed(_changes(canvas, "\x1b[1;3HX\n\x1b[1;1H"))
    assert screen.display[0].rstrip() == "a X b"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux(tmp_path: Path) -> None:
    names = [*NAMES, "🫩"]
    rows = [_row(name, str(number)) for number, name in enumerate(names)]
    frame = tmp_path / "frame"
    canvas = Canvas()
    spans = parse(_frame(*rows))
    assert spans is not None
    canvas.take(spans, WIDTH)
    frame.write_text("\x1b[?7l" + canvas.changes())
    tmux = ["tmux", "-u", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    command = f"LC_ALL=C.UTF-8 cat '{frame}'; sleep 30"
    subprocess.run([*tmux, "new-session", "-d", "-x", str(WIDTH), "-y", str(len(rows) + 2), command], check=True)
    try:
        shown: list[str] = []
        deadline = time.monotonic() + 10
        while not any(f"|{len(rows) - 1}" in line for line in shown) and time.monotonic() < deadline:
            time.sleep(0.05)
            captured = subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True)
            shown = captured.stdout.decode().splitlines()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    for number, name in enumerate(names):
        told = name if name in NAMES else ""
        # Of what tmux has no width for it shows nothing.
        assert shown[number].rstrip() == _row(told, str(number)).rstrip(), name


@pytest.mark.parametrize(
    ("before", "after", "cells"),
    [("कि ख", "की ख", (0, 2)), ("कि ख", "गि ख", (0, 2)), ("a कि", "b कि", (0, 1)), ("कि a", "कि b", (3, 4))],
)
def test_a_letter_with_its_mark_is_drawn_as_one(before: str, after: str, cells: tuple[int, int]) -> None:
    assert difference(Strip([Segment(before)]), Strip([Segment(after)])) == cells
