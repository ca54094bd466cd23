"""What the tests of input files share."""

import pytest

from tui.files import source


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few kilobytes are then read in many pieces, as large ones are."""
    monkeypatch.setattr(source, "CHUNK", 512)
    monkeypatch.setattr(source, "BLOCK", 300)
