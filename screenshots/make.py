"""Makes the pictures of the README from the demo, on a clock that stands still: `python screenshots/make.py`."""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
sys.path.insert(0, str(Path(__file__).parent.parent))

from textual.pilot import Pilot

from tui.demo.engine.clock import Clock
from tui.demo.seed.samples import write_samples
from tui.demo.server import DemoServer
from tui.flows.account import Session
from tui.settings.profiles import Profile
from tui.ui.app import LazybatchApp
from tui.ui.widgets.text_line import Line

FOLDER = Path(__file__).parent
SIZE = (100, 30)
MOMENT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC).timestamp()
# The picture's own font and its maker's address: a viewer has a monospaced font, and no picture should call out.
_REMOTE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


async def main() -> None:
    """Walk through the screens and take a picture of each."""
    with tempfile.TemporaryDirectory() as folder, DemoServer(clock=Clock(MOMENT, frozen=True), seed=True) as server:
        samples = Path(folder) / "samples"
        samples.mkdir()
        for sample in write_samples(samples):
            os.utime(sample, (time.time() - 7200, time.time() - 7200))
        profile = Profile(name="demo", source="demo", base_url=server.base_url, key="demo")
        app = LazybatchApp(Session(profile, Path(folder) / "state"), samples=samples)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: len(app.session.book) > 20 and said(pilot, "#tally", "est."))
            await pilot.press("j", "j", "j", "j")
            await shoot(pilot, "home")
            await pilot.press("enter")
            await until(pilot, lambda: bool(app.screen.query("#batch")))
            await shoot(pilot, "batch")
            await pilot.press("escape", "n")
            await pick(pilot, "problems.jsonl")
            await until(pilot, lambda: bool(app.screen.query("#problems")) and said(pilot, "#summary", "problems"))
            await shoot(pilot, "submit")
            await pilot.press("escape", "escape")
            await to_results(pilot, "labels-2026-11-18")
            await until(pilot, lambda: said(pilot, "#head", "lines"))
            await pilot.pause(0.5)
            await pilot.press("j", "j")
            await shoot(pilot, "results")


async def pick(pilot: Pilot[str], name: str) -> None:
    """Choose a sample file by its name."""
    from tui.ui.widgets.table.table import Table

    await until(pilot, lambda: bool(pilot.app.screen.query("#files")))
    table = pilot.app.screen.query_one("#files", Table)
    await until(pilot, lambda: any(str(key).endswith(name) for key in table.keys))
    table.move_to(next(key for key in table.keys if str(key).endswith(name)))
    await pilot.press("enter")


async def to_results(pilot: Pilot[str], name: str) -> None:
    """Open the results of the batch of that name."""
    from tui.ui.widgets.table.table import Table

    app = cast("LazybatchApp", pilot.app)
    await until(pilot, lambda: bool(app.screen.query("#batches")))
    found = next(batch for batch in app.session.book if batch.description == name)
    app.screen.query_one("#batches", Table).move_to(found.id)
    await pilot.press("o")


def said(pilot: Pilot[str], where: str, text: str) -> bool:
    """Whether a line of the screen says `text`."""
    found = pilot.app.screen.query(where)
    return bool(found) and text in found.only_one(Line).text


async def until(pilot: Pilot[str], true: Callable[[], bool]) -> None:
    """Wait until `true()` holds; give up after 20 s."""
    end = time.monotonic() + 20
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the screen did not come")
        await pilot.pause(0.05)
    await pilot.pause(0.2)


async def shoot(pilot: Pilot[str], name: str) -> None:
    """Write what is on screen as `name`.svg, without addresses and without the port of this run."""
    await pilot.pause(0.3)
    picture = _REMOTE.sub("", pilot.app.export_screenshot(title="lazybatch"))
    picture = re.sub(r"127\.0\.0\.1:\d{5}", "127.0.0.1:49152", picture)
    # Names in the picture are numbered at random: the same screen shall be the same file.
    picture = re.sub(r"terminal-\d+-", "terminal-", picture)
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"{name}.svg")


if __name__ == "__main__":
    asyncio.run(main())
