"""One account at work on the demo server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import KEY
from tui.demo.server import DemoServer
from tui.flows.account import Session
from tui.settings.profiles import Profile


@pytest.fixture
def profile(demo: DemoServer) -> Profile:
    return Profile("demo", "test", base_url=demo.base_url, key=KEY)


@pytest.fixture
async def session(profile: Profile, tmp_path: Path) -> AsyncIterator[Session]:
    """Connected, its state in a temporary folder."""
    made = Session(profile, tmp_path / "state")
    await made.connect()
    yield made
    await made.close()
