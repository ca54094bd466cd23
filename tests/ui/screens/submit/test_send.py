"""Sending: one batch comes of one yes, whatever happens on the way."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.submit.submit import submit


async def sent(home: Desk) -> None:
    """Say yes to what is asked."""
    await home.press("ctrl+s")
    await home.until("y yes")
    await home.press("y")


async def test_a_file_that_was_submitted_from_another_machine_is_known_again(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        # Where nothing is there, A is a letter like others.
        assert not home.app.screen.check_action("again", ())
        await sent(home)
        await home.until(lambda: home.room == "Home")
    async with desk(server, tmp_path / "elsewhere", samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("reviews-200 (validating). A submits it again.")


async def test_the_same_file_again_takes_another_key(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.submit("reviews-200.jsonl")
        await home.pick("reviews-200.jsonl")
        await home.until("reviews-200 (validating). A submits it again.")
        # The key that makes the first does not make a second.
        await home.press("ctrl+s")
        await home.told("Not submitted. Submitted before")
        assert "y yes" not in home.text and len(api.batches(server)) == 1
        await home.press("A")
        await home.until("Submit AGAIN 200 requests")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.text)
        assert len(api.batches(server)) == 1
        await home.press("A")
        await home.until("Submit AGAIN 200 requests")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) == 2
        assert home.table.cursor_key == api.batches(server)[0]["id"]


async def test_an_upload_that_is_stopped_is_gone_on_with(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=30.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("uploading")
        await home.until(lambda: "x stop" in home.bottom)
        assert "submit" not in home.bottom
        await home.press("x")
        await home.until("Stopped. Submit the same file again to go on from here.")
        await home.until(lambda: "^s submit" in home.bottom)
        assert not home.app.submitting and api.batches(server) == []
        await sent(home)
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) == 1


async def test_leaving_the_screen_does_not_break_off_an_upload(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    api.create(server, request(1), description="another")
    server.faults.add(Fault("files.create", "slow", delay_s=4.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until("another")
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("uploading")
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        await home.told("reviews-200 is on its way.")
        assert len(api.batches(server)) == 2 and "reviews-200" in home.line("◇ validating") + home.text
        # Who has gone elsewhere keeps the row that they are on.
        assert "another" in home.cursor_row
        assert not home.app.submitting


async def test_help_over_a_submission_comes_back_to_its_end(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=1.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("uploading")
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        await home.until(lambda: len(api.batches(server)) == 1 and not home.app.submitting)
        await home.press("escape")
        await home.until(lambda: home.room == "Submit")
        await home.until("The batch is created")
        assert "creating the batch" not in home.text and "uploading" not in home.text


async def test_an_answer_that_is_lost_makes_no_second_batch(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("batches.create", "drop_after"))
    server.faults.add(Fault("files.create", "drop_after"))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until(lambda: home.room == "Home")
        assert "reviews-200" in home.cursor_row
        assert len(api.batches(server)) == 1
        assert server.calls["batches.create"] == 1 and server.calls["files.create"] == 1


async def test_a_refusal_is_told_in_the_servers_words(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("batches.create", "status", status=400, message="No such model for you \x1b[31m[/x]."))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("No such model for you ␛[31m[/x].")
        assert "^s submit" in home.bottom and home.room == "Submit"


async def test_a_second_submission_at_the_same_time_keeps_both_safe(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=4.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("uploading")
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("submitting this very file right now")
        # The first is still on its way: quitting asks.
        assert home.app.submitting
        await home.until(lambda: not home.app.submitting)
        assert len(api.batches(server)) == 1


async def test_what_an_earlier_run_left_open_is_told(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=30.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("uploading")
        await asyncio.sleep(0)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.told("No batch was created. Choose it again to go on.")
        await home.submit("reviews-200.jsonl")
        assert len(api.batches(server)) == 1


async def test_where_the_server_cannot_tell_its_user_is_asked(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.screens.submit.send.submit", partial(submit, looks=(0, 0.05)))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until(lambda: home.room == "Home")
        server.faults.add(Fault("batches.create", "drop_after"))
        bare = {"metadata": None, "input_file_id": None}
        server.faults.add(Fault("batches.list", "rewrite", times=None, merge=bare))
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("u says that it is one of these, A submits it all the same.")
        (there,) = api.batches(server)
        assert f"{there['id']} · created " in home.prose
        await home.press("u")
        await home.until(f"Is {there['id']} the batch of this file?")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.bottom)
        assert home.room == "Submit" and not home.app.submitting
        server.faults.clear()
        await home.press("u")
        await home.until("y yes")
        await home.press("y")
        await home.until(lambda: home.room == "Home" and "reviews-200" in home.cursor_row)
        assert len(api.batches(server)) == 1 and server.calls["batches.create"] == 1


async def test_a_create_that_nobody_answered_is_withdrawn(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.screens.submit.send.submit", partial(submit, looks=(0, 0.05)))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until(lambda: home.room == "Home")
        server.faults.add(Fault("batches.create", "late", until="batches.create"))
        server.faults.add(Fault("files.delete", "slow", delay_s=1.0))
        server.faults.add(Fault("files.create", "slow", skip=1, delay_s=1.0))
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("No batch there. Deleting the upload, so that none comes late …")
        await home.until("uploading")
        await home.until(lambda: home.room == "Home")
        assert "reviews-200" in home.cursor_row
        assert len(api.batches(server)) == 1 and server.calls["batches.create"] == 2


async def test_a_create_that_cannot_be_withdrawn_is_its_users_to_decide(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.screens.submit.send.submit", partial(submit, looks=(0, 0.05)))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until(lambda: home.room == "Home")
        server.faults.add(Fault("batches.create", "drop_before"))
        server.faults.add(Fault("files.delete", "status", status=403, message="Not with this key."))
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until(lambda: "A submits it all the same." in home.prose)
        assert "One may come of it yet, because the uploaded file cannot be deleted" in home.prose
        assert api.batches(server) == []
        await home.press("A")
        await home.until("Submit AGAIN")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        assert len(api.batches(server)) == 1


async def test_the_wait_after_a_lost_answer_goes_on_without_its_screen(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.screens.submit.send.submit", partial(submit, looks=(4, 1)))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.until(lambda: home.room == "Home")
        server.faults.add(Fault("batches.create", "drop_after"))
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await sent(home)
        await home.until("Asking the server whether it made the batch: look ")
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        await home.until("reviews-200.jsonl: Asking the server whether it made the batch: look ")
        await home.press("q")
        await home.until("It is not known yet whether a batch was created. Quit?")
        await home.press("n")
        await home.told("is on its way.")
        assert "reviews-200" in home.text
        assert not home.app.in_doubt
        assert len(api.batches(server)) == 1 and server.calls["batches.create"] == 1
