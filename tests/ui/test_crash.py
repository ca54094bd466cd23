"""A mistake of our own: one sentence, no secrets, and a file that tells more."""

import stat
from pathlib import Path

import pytest

from tests.ui.desk import KEY, desk
from tui.demo.server import DemoServer
from tui.ui.screens.batches.screen import Home


class BrokenError(RuntimeError):
    """What no part of the app raises."""


def broken(self: Home) -> None:
    """In place of a handler."""
    secret_of_this_call = f"a local value beside {self.session.profile.key}"
    raise BrokenError(f"[/x] \x1b[31m{secret_of_this_call}")


async def test_one_sentence_and_a_log_without_the_key(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Home, "action_refresh", broken)
    folder = tmp_path / "a [/b] folder"
    log = folder / "state" / "crash.log"
    log.parent.mkdir(parents=True)
    log.write_text("of an earlier crash")
    log.chmod(0o644)
    with pytest.raises(BrokenError):
        async with desk(server, folder) as home:
            await home.until("No batches yet.")
            await home.press("r")
            await home.until(lambda: not home.app.is_running)
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("lazybatch stopped because of a mistake of its own (BrokenError at test_crash.py:")
    assert "a [/b] folder" in told and "crash.log" in told.replace(" ", "")
    for hidden in (KEY, "secret_of_this_call", "local value", "Traceback", "textual run"):
        assert hidden not in told
    written = log.read_text()
    assert "Traceback" in written and "test_crash.py" in written and "earlier" not in written
    assert KEY not in written and "(the key)" in written
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_crash_beside_the_keys_is_told_alike(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken_worker(self: Home) -> None:
        broken(self)

    monkeypatch.setattr(Home, "_follow", broken_worker)
    with pytest.raises(Exception, match="BrokenError"):
        async with desk(server, tmp_path) as home:
            await home.until(lambda: not home.app.is_running)
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("lazybatch stopped because of a mistake of its own (")
    assert KEY not in told and "NOTE" not in told
    assert KEY not in (tmp_path / "state" / "crash.log").read_text()
