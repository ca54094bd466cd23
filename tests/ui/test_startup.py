"""The start: no garbage is looked for until all is imported, and then it is, whatever the account is like."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.desk import KEY, desk
from tui.demo.server import DemoServer


@pytest.fixture(autouse=True)
def started() -> Iterator[None]:
    """As the command leaves it when it opens the screen."""
    gc.disable()
    yield
    gc.enable()


# The last is a key that no header can carry: the client is never made.
@pytest.mark.parametrize("key", [KEY, None, "ключ"])
async def test_garbage_is_collected_once_all_is_imported(server: DemoServer, tmp_path: Path, key: str | None) -> None:
    async with desk(server, tmp_path, key=key) as home:
        await home.until(gc.isenabled)
