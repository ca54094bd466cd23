"""The line above the keys: what it tells, for how long, and what it never does."""

from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tests.ui.screens.batches.test_batches_screen import arrived
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui.tasks import notifications

LONG = "It was like this: " + ", ".join(f"reason {number} of many" for number in range(12)) + "."


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has had the time to read anything."""
    monkeypatch.setattr(notifications, "_GLANCE", 1e6)


async def warned(home: Desk, text: str = "Mind the gap.") -> None:
    home.app.notify(text, severity="warning")
    await home.told(text)


async def test_it_covers_nothing_and_goes_by_itself(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.press("p")
        # Runaways have been looked for.
        await home.until("! backfill")
        await home.settle()
        before = home.lines
        assert set(before[-2]) == {"─"} and not home.notice
        home.app.notify("Good to know.", timeout=0.5)
        await home.told("Good to know.")
        assert home.lines[-2].startswith("── Good to know. ──")
        # What a minute changes stands further to the right.
        assert [line[:36] for line in home.lines[3:-2]] == [line[:36] for line in before[3:-2]]
        assert home.bottom == before[-1]
        await home.until(lambda: not home.notice)
        assert set(home.lines[-2]) == {"─"}


async def test_a_warning_stays_until_a_key_of_somebody_who_has_read_it(
    seeded: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unread: None
) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await warned(home)
        assert home.notice == "⚠ Mind the gap. esc closes"
        await home.press("j", "k", "j")
        await home.settle()
        assert "Mind the gap." in home.notice
        monkeypatch.setattr(notifications, "_GLANCE", -1e6)
        before = home.table.cursor_key
        await home.press("j")
        await home.until(lambda: not home.notice)
        # The key has done its own work too.
        assert home.table.cursor_key != before


async def test_escape_closes_it_and_does_nothing_else(seeded: DemoServer, tmp_path: Path, unread: None) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.press("F")
        await home.until(lambda: home.room == "Files")
        await warned(home)
        await home.press("escape")
        await home.until(lambda: not home.notice)
        assert home.room == "Files"
        await home.press("escape")
        await home.until(lambda: home.room == "Home")


async def test_a_question_and_a_field_have_escape_for_themselves(
    seeded: DemoServer, tmp_path: Path, unread: None
) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await home.cursor_to("nightly-eval")
        await home.press("c")
        await home.until("y yes")
        await warned(home)
        await home.press("escape")
        await home.until(lambda: "y yes" not in home.bottom)
        assert "Mind the gap." in home.notice
        await home.press("slash")
        await home.until("esc no filter")
        await home.press("escape")
        await home.until(lambda: "n new" in home.bottom)
        assert "Mind the gap." in home.notice


async def test_several_wait_behind_one_another(seeded: DemoServer, tmp_path: Path, unread: None) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        for text in ("First.", "Second.", "Second.", "Third."):
            home.app.notify(text, severity="error")
        home.app.notify("Copied.", timeout=0.5)
        # What comes of a key is seen at once; what is to be read comes back.
        await home.told("Copied. 3 more")
        await home.until(lambda: home.notice == "✗ Third. 2 more · esc closes")
        for left in ("✗ Second. 1 more · esc closes", "✗ First. esc closes", ""):
            await home.press("escape")
            await home.until(lambda left=left: home.notice == left)  # type: ignore[misc]  # as it is now


async def test_a_long_one_takes_lines_and_gives_them_back(seeded: DemoServer, tmp_path: Path, unread: None) -> None:
    async with desk(seeded, tmp_path, size=(60, 18)) as home:
        await arrived(home)
        await home.press("G")
        await home.settle()
        row = home.cursor_row
        await warned(home, LONG[:60])
        home.app.notify(LONG, severity="warning")
        await home.until(lambda: home.notice.endswith("esc closes") and "reason 5 of many" in home.notice)
        # The row under the cursor, the strip and the keys are all there.
        assert home.cursor_row == row and "q quit" in home.bottom
        assert home.app.screen.query_one("#notice").size.height <= 5
        await home.press("escape", "escape")
        await home.until(lambda: set(home.lines[-2]) == {"─"})
        assert home.cursor_row == row


async def test_it_goes_where_its_user_goes(seeded: DemoServer, tmp_path: Path, unread: None) -> None:
    async with desk(seeded, tmp_path) as home:
        await arrived(home)
        await warned(home)
        for key, room in (("enter", "BatchScreen"), ("question_mark", "Help")):
            await home.press(key)
            await home.until(lambda room=room: home.room == room and "Mind the gap." in home.notice)  # type: ignore[misc]
        await home.press("escape")
        await home.until(lambda: not home.notice)
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        assert not home.notice
        # Nothing is lost that came while no line could be seen.
        await home.pilot.resize_terminal(40, 10)
        await home.until("Too small")
        home.app.notify("Meanwhile.", severity="error")
        await home.press("j", "k")
        await home.pilot.resize_terminal(80, 24)
        await home.told("Meanwhile.")


async def test_no_text_is_a_command(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        home.app.notify("[b]a[/b] \x1b]52;c;AAAA\x07 [/x]\nnext", title="[t]")
        await home.told("[t]: [b]a[/b] ␛]52;c;AAAA␇ [/x] next")


async def test_a_cancel_that_is_not_answered_is_seen_to_be_waited_for(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="endless")
    async with desk(server, tmp_path) as home:
        await home.until("endless")
        server.faults.add(Fault("batches.cancel", "slow", delay_s=1.5))
        await home.press("c")
        await home.until("y yes")
        await home.press("y")
        await home.told("Asking the server to cancel endless …")
        await home.until(lambda: "◌ cancelling" in home.text or "⊘ cancelled" in home.text)
        await home.until(lambda: not home.notice)
