"""Copying: the sequence byte for byte, what is too long, and the keys of home."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.demo.server import DemoServer
from tui.ui.terminal import clipboard
from tui.ui.terminal.clipboard import LIMIT, clipboard_sequence

# "hé" in UTF-8, in base64.
CODED = "aMOp"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-256color"}, f"\x1b]52;c;{CODED}\x07"),
        ({}, f"\x1b]52;c;{CODED}\x07"),
        ({"TMUX": "/tmp/t,1,0", "TERM": "screen-256color"},  # noqa: S108  (no file)
         f"\x1bPtmux;\x1b\x1b]52;c;{CODED}\x07\x1b\\\x1b]52;c;{CODED}\x07"),
        ({"TERM": "tmux-256color"}, f"\x1bPtmux;\x1b\x1b]52;c;{CODED}\x07\x1b\\\x1b]52;c;{CODED}\x07"),
        ({"STY": "1.pts", "TERM": "screen"}, f"\x1bP\x1b]52;c;{CODED}\x07\x1b\\"),
        # One within the other.
        ({"TMUX": "/t,1,0", "STY": "1.pts", "TERM": "screen"}, f"\x1bP\x1b]52;c;{CODED}\x07\x1b\\"),
        ({"TMUX": "/t,1,0", "STY": "1.pts", "TERM": "tmux-256color"},
         f"\x1bPtmux;\x1b\x1b]52;c;{CODED}\x07\x1b\\\x1b]52;c;{CODED}\x07"),
        ({"TERM": "screen.xterm-256color"}, f"\x1bP\x1b]52;c;{CODED}\x07\x1b\\"),
    ],
)  # fmt: skip
def test_the_sequence(environment: dict[str, str], expected: str) -> None:
    assert clipboard_sequence("hé", environment) == expected


def test_screen_gets_it_in_pieces() -> None:
    text = "x" * 900
    sequence = clipboard_sequence(text, {"STY": "1"})
    assert sequence is not None
    pieces = sequence.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert max(map(len, pieces)) <= 256 and len(pieces) == 6
    assert "".join(pieces) == f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def test_the_cap() -> None:
    longest = "x" * (LIMIT // 4 * 3)
    assert clipboard_sequence(longest, {}) is not None
    assert clipboard_sequence(longest + "x", {}) is None


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb", ""])
def test_lone_surrogates_and_nothing_do_not_raise(text: str) -> None:
    sequence = clipboard_sequence(text, {})
    assert sequence is not None
    coded = sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(coded).decode() == text.encode("utf-8", "replace").decode()


class Written:
    """What is handed to the terminal besides frames."""

    def __init__(self, home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sequences: list[str] = []
        driver: Any = home.app._driver
        before = driver.write

        def write(data: str) -> None:
            if "]52;" in data:
                self.sequences.append(data)
            before(data)

        monkeypatch.setattr(driver, "write", write)

    @property
    def clipboard(self) -> str:
        (sequence,) = self.sequences
        self.sequences.clear()
        coded = sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")
        return base64.b64decode(coded, validate=True).decode()


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)


async def test_y_copies_the_id_and_shift_y_the_batch(
    seeded: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("full-archive")
        written, batch_id = Written(home, monkeypatch), home.batch("full-archive").id
        for room in ("Home", "BatchScreen"):
            assert home.room == room
            await home.press("y")
            await home.told("The id is in the clipboard")
            await home.until(lambda: written.sequences)
            assert written.clipboard == batch_id
            await home.press("Y")
            await home.until(lambda: written.sequences)
            assert json.loads(written.clipboard) == api.batch(seeded, batch_id)
            await home.press("enter")
            await home.until(lambda: home.room == "BatchScreen")


async def test_what_is_too_long_goes_to_a_file(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "LIMIT", 200)
    made = api.create(server, request(1), description="long one")
    async with desk(server, tmp_path) as home:
        await home.cursor_to("long one")
        written = Written(home, monkeypatch)
        await home.press("Y")
        await home.told("too long for a clipboard")
        assert not written.sequences
        path = tmp_path / "state" / "copied" / f"{made}.json"
        assert json.loads(path.read_bytes())["id"] == made
        assert path.stat().st_mode & 0o777 == 0o600
        path.unlink()
        path.parent.rmdir()
        path.parent.write_text("in the way")
        await home.press("Y")
        await home.told("Cannot make")
