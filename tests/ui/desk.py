"""The real app at a desk: keys go in, lines of the screen come out."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot

from tui.batches.batch import Batch
from tui.demo.server import DemoServer
from tui.flows.account import Session
from tui.settings.profiles import Profile
from tui.ui.app import LazybatchApp
from tui.ui.screens.batches.screen import Home
from tui.ui.widgets.notice_line import NoticeLine
from tui.ui.widgets.table.table import Table
from tui.ui.widgets.text_line import Line

KEY = "test-key-of-the-suite"
SIZE = (80, 24)
# Seconds, for a machine that has other work: nothing here takes more than a few.
PATIENCE = 30.0


class Desk:
    """One app with its server's view of things beside it."""

    def __init__(self, app: LazybatchApp, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot

    # What is on screen

    @property
    def lines(self) -> list[str]:
        """The rows of the screen as they were drawn last, each exactly as wide as the screen."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first row that shows `part`."""
        found = next((line for line in self.lines if part in line), None)
        assert found is not None, f"{part!r} is not on the screen:\n{self.text}"
        return found

    @property
    def head(self) -> str:
        return self.app.screen.query_one("#head", Line).text

    @property
    def bottom(self) -> str:
        """The keys, or the question in their place."""
        return self.lines[-1]

    @property
    def prose(self) -> str:
        """All that is on screen as running text, so that what is wrapped is found."""
        return " ".join(self.text.split())

    @property
    def notice(self) -> str:
        """What the line above the keys tells, as it is drawn."""
        regions = [notice.region for notice in self.app.screen.query(NoticeLine)]
        told = " ".join(self.lines[y] for region in regions for y in region.line_range)
        return " ".join(told.replace("─", " ").split())

    @property
    def table(self) -> Table:
        return self.app.screen.query_one(Table)

    @property
    def home(self) -> Home:
        home = self.app.home
        assert isinstance(home, Home)
        return home

    @property
    def room(self) -> str:
        """The name of the screen's class."""
        return type(self.app.screen).__name__

    @property
    def cursor_row(self) -> str:
        """The row that the cursor is on, as it is drawn."""
        table = self.table
        key = table.cursor_key
        assert key is not None
        return self.lines[table.content_region.y + 1 + list(table.visible_keys).index(key)]

    def batch(self, name: str) -> Batch:
        """The newest batch of that description."""
        found = [batch for batch in self.app.session.book if batch.description == name]
        assert found, f"no batch is called {name!r}"
        return max(found, key=lambda batch: batch.created_at or 0)

    # What a user does

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*(_KEYS.get(letter, letter) for letter in text))

    async def until(self, seen: "Callable[[], object] | str", patience: float = PATIENCE) -> None:
        """Wait until the screen shows a text, or something holds; raises TimeoutError with the screen as it is."""
        true = (lambda: seen in self.text or seen in self.prose) if isinstance(seen, str) else seen
        deadline = time.monotonic() + patience
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{seen!r} did not come; the screen shows:\n{self.text}")
            await self.pilot.pause(0.03)
        await self.pilot.pause()

    async def told(self, sentence: str) -> None:
        """Wait until the line above the keys says so."""
        await self.until(lambda: sentence in self.notice)

    async def settle(self) -> None:
        """Wait until nothing changes on the screen any more."""
        before = None
        while before != (before := self.text):
            await self.pilot.pause(0.03)

    async def cursor_to(self, name: str) -> None:
        """Go to the newest batch of that description, on home."""
        await self.until(lambda: any(batch.description == name for batch in self.app.session.book))
        await self.until(lambda: self._reach(self.batch(name)))

    def _reach(self, batch: Batch) -> bool:
        """Go to the row of `batch`; the parts that it is one of are opened for it."""
        if self.table.move_to(batch.id):
            return True
        groups = self.home.groups
        if (key := groups.key_of(batch)) in self.table.keys and key not in groups.opened:
            self.table.move_to(key)
            self.home.action_unfold()
        return False

    async def pick(self, name: str) -> None:
        """From home, choose a file of the folder of samples."""
        await self.press("n")
        await self.until(lambda: self.room == "Pick" and any(str(key).endswith(f"/{name}") for key in self.table.keys))
        self.table.move_to(next(key for key in self.table.keys if str(key).endswith(f"/{name}")))
        await self.press("enter")
        await self.until(lambda: self.room == "Submit")

    async def submit(self, name: str) -> None:
        """From home, bring a good file to the server and wait for home with the cursor on its batch."""
        await self.pick(name)
        await self.until("Ready to submit.")
        await self.press("ctrl+s")
        await self.until("y yes")
        await self.press("y")
        await self.until(lambda: self.room == "Home" and name.removesuffix(".jsonl") in self.cursor_row)


_KEYS = {
    " ": "space", "/": "slash", ".": "full_stop", "-": "minus", "_": "underscore", "=": "equals_sign", ",": "comma",
    "?": "question_mark", "~": "tilde",
}  # fmt: skip


@asynccontextmanager
async def desk(
    server: DemoServer | str,
    folder: Path,
    *,
    size: tuple[int, int] = SIZE,
    samples: Path | None = None,
    key: str | None = KEY,
    app: type[LazybatchApp] = LazybatchApp,
    everything: bool = False,
    **profile: Any,
) -> AsyncIterator[Desk]:
    """The app on `server`'s account (or on that of any base URL), its state in `folder`."""
    base_url = server if isinstance(server, str) else server.base_url
    account = replace(Profile(name="test", source="test", base_url=base_url, key=key), **profile)
    session = Session(account, folder / "state", everything=everything)
    running = app(session, samples=samples)
    try:
        async with running.run_test(size=size) as pilot:
            yield Desk(running, pilot)
    finally:
        await session.close()


def request(number: int, prompt: str | None = None, custom_id: str | None = None) -> bytes:
    """A line of an input file."""
    messages = [{"role": "user", "content": prompt or f"What is {number} + 1?"}]
    body = {"model": "gpt-4o-mini", "messages": messages}
    line = {"custom_id": custom_id or f"request-{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps(line | {"body": body}).encode() + b"\n"


def write(path: Path, rows: int, prompt: str | None = None) -> Path:
    """An input file of so many requests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(request(number, prompt) for number in range(rows)))
    return path


def columns_of(line: str, titles: Iterable[str]) -> dict[str, int]:
    """The cell at which each of `titles` begins."""
    return {title: cell_len(line[: line.index(title)]) for title in titles}


class Stalls:
    """The longest time for which the event loop did nothing else; a context manager."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def _watch(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.worst, before = max(self.worst, now - before), now

    async def __aenter__(self) -> "Stalls":
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
