"""The user's own command: what it is given, and each way in which it fails."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.flows.host import notify_command
from tui.flows.host.notify_command import tell

WRITE = """import sys, os
seen = [os.environ.get(name) for name in ('SECRET_KEY', 'OTHER_KEY', 'KEPT')]
open(sys.argv[1], 'w').write(repr((sys.argv[2:], seen)))
"""


async def test_it_is_given_the_message_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "OTHER_KEY", "KEPT"):
        monkeypatch.setenv(name, "as it was")
    out = tmp_path / "out"
    text = 'lazybatch: $(touch here); `x` "quoted"'
    assert await tell([sys.executable, "-c", WRITE, str(out)], text, without={"SECRET_KEY", "OTHER_KEY"}) is None
    # No shell has had a look at it.
    assert out.read_text() == repr(([text], [None, None, "as it was"]))


async def test_it_has_no_terminal_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    script = "import sys; print('out'); sys.stderr.write('err'); sys.exit(len(sys.stdin.read()))"
    assert await tell([sys.executable, "-c", script], "t") is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["/no/such/program\x1b"], "there is no program /no/such/program␛."),
        (["no-such-program"], "there is no program no-such-program."),
        (["/"], "cannot start : permission denied."),
        (["a\0b"], "cannot start a␀b: embedded null byte."),
        (["false"], "false ended with an error (1)."),
    ],
)
async def test_what_goes_wrong_is_a_sentence(command: list[str], sentence: str) -> None:
    assert (await tell(command, "t") or "").lower() == sentence


async def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify_command, "_PATIENCE", 1.0)
    pids = tmp_path / "pids"
    script = f"sleep 300 & echo $$ $! > {pids}; wait"
    assert await tell(["sh", "-c", script], "t") == "sh had not ended after 1s, and was ended."
    await asyncio.to_thread(_gone, pids)


async def test_it_ends_with_the_one_who_waits(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    task = asyncio.create_task(tell(["sh", "-c", f"sleep 300 & echo $$ $! > {pids}; wait"], "t"))
    await asyncio.to_thread(_until, lambda: pids.exists() and len(pids.read_text().split()) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.to_thread(_gone, pids)


def _gone(pids: Path) -> None:
    for pid in pids.read_text().split():
        _until(lambda pid=pid: not _runs(pid))  # type: ignore[misc]


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
