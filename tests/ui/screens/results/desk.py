"""The results screen at a desk."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.ui import api
from tests.ui.desk import Desk
from tui.demo.server import DemoServer
from tui.ui.screens.results.base import ResultsRoom


async def opened(home: Desk, name: str) -> ResultsRoom:
    """From home, the results of the newest batch of that name, once there is a verdict on them."""
    await home.cursor_to(name)
    await home.press("o")
    await home.until(lambda: home.room == "Results" and "✓" in home.text and " ok · " in home.text)
    screen = home.app.screen
    assert isinstance(screen, ResultsRoom)
    return screen


async def answer(home: Desk, text: str) -> None:
    """Answer the line that asks; a long text as if it were pasted."""
    screen = home.app.screen
    assert isinstance(screen, ResultsRoom)
    await home.until(lambda: screen.prompt.asking)
    screen.prompt.input.value = text
    await home.press("enter")
    await home.until(lambda: not screen.prompt.asking or screen.prompt.input.value != text)


def content(server: DemoServer, file_id: str | None) -> list[dict[str, Any]]:
    """The lines of a file on the server."""
    return [json.loads(line) for line in raw(server, file_id)]


def raw(server: DemoServer, file_id: str | None) -> list[bytes]:
    """The lines of a file on the server, as they are."""
    assert file_id is not None
    return api.download(server, file_id).splitlines(keepends=True)


def ids(lines: Iterable[bytes | dict[str, Any]]) -> list[str]:
    """Their custom_ids."""
    return [(json.loads(line) if isinstance(line, bytes) else line)["custom_id"] for line in lines]


def left_behind(folder: Path) -> list[Path]:
    """Files that were begun and not finished."""
    return [path for path in folder.rglob("*") if path.name.startswith(".lazybatch")]


def files_in(folder: Path) -> list[str]:
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())
