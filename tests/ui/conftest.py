"""A server and sample files for the screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.desk import KEY
from tui.demo.engine.clock import Clock
from tui.demo.seed.samples import write_samples
from tui.demo.server import DemoServer
from tui.ui.app import LazybatchApp


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """An empty server that wants the key, on a clock that stands still until a test moves it."""
    with DemoServer(clock=Clock(frozen=True), api_key=KEY) as running:
        yield running


@pytest.fixture
def seeded() -> Iterator[DemoServer]:
    """The same with thirty batches, in every state."""
    with DemoServer(clock=Clock(frozen=True), api_key=KEY, seed=True) as running:
        yield running


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A folder with the demo's sample files."""
    folder = tmp_path / "samples"
    write_samples(folder)
    return folder


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What users were called with."""
    calls: list[str] = []
    ring = LazybatchApp.ring

    def noted(app: LazybatchApp, text: str) -> None:
        calls.append(text)
        ring(app, text)

    monkeypatch.setattr(LazybatchApp, "ring", noted)
    return calls
