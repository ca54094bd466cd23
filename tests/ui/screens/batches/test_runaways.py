"""Runaways on the screen: each told once, also over a restart, and three keys from being stopped."""

import json
import sys
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tests.ui.screens.batches.test_pace import answered, running
from tui.batches.guard import Rules
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer


async def looked(home: Desk) -> None:
    """The rules have been held against all that has come."""
    await home.until(lambda: home.app.session.seen_at and not getattr(home.app.home, "unlooked", True))
    await home.settle()


async def test_a_runaway_is_told_once(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    api.create(server, request(1), description="runaway")
    running(server, 3000)
    async with desk(server, tmp_path) as home:
        await home.until("runaway")
        await looked(home)
        assert "! runaway" not in home.text and not rung
        running(server, 4000, failed=1500)
        await answered(home, server)
        await home.until("! runaway")
        told = "runaway: 1,500 of 4,000 requests failed, over 10%."
        await home.told(f"{told} 3 shows it, c cancels it.")
        assert rung == [told]
        await home.press("3")
        assert len(home.table.keys) == 1
        for done in (4100, 4200):
            running(server, done, failed=1500)
            await answered(home, server)
        await looked(home)
        assert rung == [told]
    # Nor at the next start.
    async with desk(server, tmp_path) as home:
        await home.until("! runaway")
        await home.until("! 1,500 of 4,200 requests failed, over 10%.")
        await looked(home)
        assert rung == [told]
        # It gets better by itself: the sign goes.
        running(server, 9000, failed=100)
        await answered(home, server)
        await home.press("3")
        await home.until("Nothing needs attention.")
        assert rung == [told]


async def test_a_crash_does_not_make_it_new(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    """What was told is on disk when it is told, not when the program ends."""
    made = api.create(server, request(1), description="runaway")
    running(server, 4000, failed=1500)
    async with desk(server, tmp_path) as home:
        await home.until("! runaway")
        await home.until(lambda: made in home.app.session.alarms.told())
    assert len(rung) == 1


async def test_three_keys_from_home_to_a_cancel_on_its_way(server: DemoServer, tmp_path: Path) -> None:
    runaway = api.create(server, request(1), description="runaway")
    running(server, 4000)
    async with desk(server, tmp_path) as home:
        await home.until("runaway")
        await looked(home)
        running(server, 60, failed=60)
        asked = server.calls["batches.list"]
        await home.until("! runaway")
        # The mark comes with the answer that tells of it, not with one after it.
        assert server.calls["batches.list"] <= asked + 1
        await home.press("3", "c")
        await home.until(lambda: "Cancel runaway at test" in home.bottom and "y yes  n no" in home.bottom)
        server.faults.clear()
        await home.press("y")
        await home.until(lambda: api.batch(server, runaway)["status"] == "cancelling")
        assert server.calls["batches.cancel"] == 1


async def test_3_goes_to_what_can_be_stopped(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("! backfill tickets")
        await home.cursor_to("labels-2026-11-23 (first try)")
        await home.press("3")
        await home.until("needs attention")
        assert "! " in home.cursor_row
        # Who is on one stays there.
        await home.press("1")
        await home.cursor_to("backfill tickets (oops)")
        await home.press("3")
        assert "backfill tickets" in home.cursor_row


async def test_rules_of_the_profile(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    api.create(server, request(1), description="fine by these rules")
    running(server, 4000, failed=1500)
    async with desk(server, tmp_path, guard=Rules(failed_share=0.5)) as home:
        await home.until("fine by these rules")
        await looked(home)
        assert "! fine" not in home.text and not rung
        running(server, 4000, failed=2001)
        await answered(home, server)
        await home.until("! 2,001 of 4,000 requests failed, over 50%.")


async def test_a_cancel_that_does_not_end_is_an_alarm(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path, size=(120, 40)) as home:
        await home.until("◌ cancelling")
        await home.cursor_to("wrong-prompt")
        await looked(home)
        assert "! wrong-prompt" not in home.text
        stuck = {"status": "cancelling", "cancelling_at": int(seeded.clock.now()) - 700}
        seeded.faults.add(Fault("batches.*", "rewrite", times=None, merge=stuck))
        await answered(home, seeded)
        await home.until("! wrong-prompt")
        await home.until("! Cancelling for 11m; 10m is the most it takes. It may still run and cost.")


async def test_only_what_can_be_cancelled_offers_it(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="stuck")
    async with desk(server, tmp_path) as home:
        await home.until("stuck")
        await looked(home)
        stuck = {"status": "cancelling", "cancelling_at": int(server.clock.now()) - 700}
        server.faults.add(Fault("batches.*", "rewrite", times=None, merge=stuck))
        await answered(home, server)
        await home.told("It may still run and cost. 3 shows it.")
    async with desk(server, tmp_path / "other", read_only=True) as home:
        await home.until("! stuck")
        server.faults.clear()
        running(server, 4000, failed=1500)
        await answered(home, server)
        await home.told("failed, over 10%. 3 shows it.")


async def test_many_at_once_are_one_call(server: DemoServer, tmp_path: Path, rung: list[str]) -> None:
    for place in range(5):
        api.create(server, request(place), description=f"runaway {place}")
    running(server, 3000)
    async with desk(server, tmp_path) as home:
        await home.until("runaway 4")
        await looked(home)
        running(server, 4000, failed=1500)
        await answered(home, server)
        await home.told("4 others need attention too.")
        assert len(rung) == 1


async def test_the_users_command_is_given_the_words(server: DemoServer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10))"
    api.create(server, request(1), description="--runaway; $(echo)")
    running(server, 4000, failed=1500)
    async with desk(server, tmp_path, notify=(sys.executable, "-c", script, str(out))) as home:
        await home.until(lambda: out.exists() and out.read_text().endswith("\n"))
        told = "lazybatch: --runaway; $(echo): 1,500 of 4,000 requests failed, over 10%.\n"
        assert out.read_text() == told


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("no-such-program",), "notify: there is no program no-such-program."),
        (("false",), "notify: false ended with an error (1)."),
    ],
)
async def test_a_command_that_fails_is_told_once(
    server: DemoServer, tmp_path: Path, command: tuple[str, ...], sentence: str
) -> None:
    async with desk(server, tmp_path, notify=command) as home:
        await home.until("● live")
        home.app.ring("first")
        await home.told(sentence)
        home.app.clear_notifications()
        await home.until(lambda: sentence not in home.notice)
        home.app.ring("second")
        await home.until(lambda: not [worker for worker in home.app.workers if worker.group == "notify"])
        await home.settle()
        assert sentence not in home.notice


async def test_a_command_that_hangs_holds_up_nothing(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.flows.host.notify_command._PATIENCE", 1.0)
    async with desk(server, tmp_path, notify=("sh", "-c", "sleep 300")) as home:
        await home.until("● live")
        home.app.ring("first")
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        await home.press("escape")
        await home.told("notify: sh had not ended after 1s, and was ended.")


def failures(number: int, message: str) -> bytes:
    """An error file of so many lines, and one that is on its way."""
    lines = []
    for place in range(number):
        body = {"error": {"code": "bad_request", "message": message.format(place)}}
        response = {"status_code": 400, "body": body}
        lines.append(json.dumps({"id": f"r{place}", "custom_id": f"c-{place}", "response": response, "error": None}))
    return "\n".join([*lines, '{"id": "r']).encode()


@pytest.mark.parametrize(("number", "message", "told"), [(50, "Item {} is unknown.", True), (49, "No {}.", False)])
async def test_failures_that_are_alike_are_found_in_an_early_error_file(  # noqa: PLR0917  (fixtures)
    server: DemoServer, tmp_path: Path, rung: list[str], number: int, message: str, told: bool
) -> None:
    api.create(server, request(1), description="runaway")
    merge = {
        "status": "in_progress", "error_file_id": api.upload(server, failures(number, message)),
        "request_counts": {"total": 10_000, "completed": 5000, "failed": 60},
    }  # fmt: skip
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))
    async with desk(server, tmp_path) as home:
        await home.until("runaway")
        await home.until(lambda: server.calls.get("files.content", 0) == 1)
        await home.until(lambda: home.app.home.alarms.alike)  # type: ignore[attr-defined]
        await looked(home)
        if told:
            await home.until("! 50 requests failed with the same error.")
        assert ("! runaway" in home.text, len(rung)) == (told, int(told))
        # It is not fetched at every answer.
        await answered(home, server)
        await looked(home)
        assert server.calls["files.content"] == 1


async def test_an_error_file_that_cannot_be_read_yet_is_no_alarm(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="runaway")
    merge = {
        "status": "in_progress", "error_file_id": "file-none",
        "request_counts": {"total": 10_000, "completed": 5000, "failed": 60},
    }  # fmt: skip
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))
    async with desk(server, tmp_path) as home:
        await home.until("runaway")
        await home.until(lambda: server.calls.get("files.content", 0) == 1)
        await answered(home, server)
        await looked(home)
        assert "! runaway" not in home.text and not home.notice
        assert server.calls["files.content"] == 1


async def test_the_page_of_a_runaway_begins_with_its_rules(server: DemoServer, tmp_path: Path) -> None:
    for hours in (30, 20, 10):
        api.create(server, request(1), description="nightly")
        server.clock.jump(hours * 60)
    made = api.create(server, b"".join(map(request, range(20))), description="nightly")
    running(server, 4000, failed=1500)
    async with desk(server, tmp_path) as home:
        await home.until(lambda: made in home.app.session.book and bool(home.home.alarms.of(made)))
        await home.cursor_to("nightly")
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.until(lambda: "! RUNAWAY  1,500 of 4,000 requests failed, over 10% · c cancels" in home.lines[1])
        # Wherever it is opened from.
        await home.press("escape", "F")
        await home.until(lambda: home.room == "Files" and bool(home.table.keys))
        await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        await home.until(lambda: "! RUNAWAY  1,500 of" in home.lines[1])
        # All is well again: the line goes.
        running(server, 9000, failed=100)
        await home.press("r")
        await home.until(lambda: "RUNAWAY" not in home.text)


async def test_a_page_tells_each_rule_and_no_key_that_does_nothing(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="runaway")
    running(server, 4000, failed=1500)
    rules = Rules(failed_after=100, identical_failures=None, missed_by=600.0)
    async with desk(server, tmp_path, guard=rules, read_only=True) as home:
        await home.until("! runaway")
        running(server, 100, failed=50, window=60)
        await answered(home, server)
        await home.press("enter")
        await home.until("! RUNAWAY  50 of 100 requests failed, over 10% · this profile is read-only")
        await home.until("! RUNAWAY  Will miss its window by")
        assert "c cancels" not in home.text
