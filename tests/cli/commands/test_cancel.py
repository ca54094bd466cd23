"""`cancel`."""

import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import Cli
from tests.terminal import Terminal
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FIELDS = {"id", "outcome", "status", "message"}
Submitted = Callable[..., str]


def test_cancel_tells_each_outcome(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    done = submitted(3)
    clock.jump(1000)
    running = submitted(4)
    ran = cli("cancel", running, done, "batch_none", "--yes", "--json")
    assert ran.code == 1
    first, second, third = ran.json
    assert all(set(entry) == FIELDS for entry in ran.json)
    assert first == {"id": running, "outcome": "cancelling", "status": "cancelling", "message": None}
    assert (second["id"], second["outcome"], second["status"]) == (done, "already_ended", "completed")
    assert (third["outcome"], third["status"]) == ("refused", None)
    assert "No batch found" in third["message"]
    assert len(ran.err.splitlines()) == 3


def test_exit_codes(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    batch_id = submitted(3)
    assert cli("cancel", batch_id, "--yes").code == 0
    clock.jump(1000)
    ran = cli("cancel", batch_id, "--yes", "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (0, "cancelled")
    done = submitted(4)
    clock.jump(1000)
    assert cli("cancel", done, "--yes").code == 1


def test_all_active(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    submitted(3)
    clock.jump(1000)
    running = [submitted(4), submitted(5)]
    ran = cli("cancel", "--all-active", "--yes", "--json")
    assert ran.code == 0
    assert sorted(entry["id"] for entry in ran.json) == sorted(running)
    assert server.calls["batches.cancel"] == 2
    # They are cancelling now: there is nothing left to cancel.
    ran = cli("cancel", "--all-active", "--yes", "--json")
    assert (ran.code, ran.json) == (0, [])
    assert server.calls["batches.cancel"] == 2


def test_what_a_filter_matches(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    batch_id = submitted(3, "--description", "wrong prompt")
    submitted(4, name="right.jsonl")
    ran = cli("cancel", "--filter", "wrong", "--yes", "--json")
    assert (ran.code, [entry["id"] for entry in ran.json]) == (0, [batch_id])
    ran = cli("cancel", "--filter", "wrong", "--yes", "--json")
    assert (ran.code, ran.json) == (0, [])
    assert server.calls["batches.cancel"] == 1


def test_only_what_was_shown_is_cancelled(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    submitted(3, "--description", "wrong prompt")
    with Terminal([sys.executable, "-m", "tui", "cancel", "--filter", "wrong"], columns=120) as terminal:
        terminal.wait_text("[y/N]")
        submitted(4, "--description", "wrong too, but not asked about")
        terminal.send("y\r")
        terminal.wait_text("is being cancelled")
        assert terminal.process.wait(timeout=60) == 0
    assert server.calls["batches.cancel"] == 1


def test_wait(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    batch_id = submitted(400)
    clock.jump(8)
    clock.set_speed(20)
    clock.run()
    ran = cli("cancel", batch_id, "--yes", "--wait", "--json")
    assert ran.code == 0
    assert ran.json == [{"id": batch_id, "outcome": "cancelled", "status": "cancelled", "message": None}]
    assert "is being cancelled" in ran.err


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("batches.cancel", "status", times=None, status=401), "refused"),
        (Fault("batches.cancel", "status", times=None, status=403, message="No."), "refused"),
    ],
)
def test_a_key_that_may_not_is_exit_3(
    cli: Cli, submitted: Submitted, server: DemoServer, fault: Fault, outcome: str
) -> None:
    batch_id = submitted(3)
    server.faults.add(fault)
    ran = cli("cancel", batch_id, "--yes", "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (3, outcome)


def test_an_answer_that_is_lost_is_asked_for_again(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    batch_id = submitted(3)
    server.faults.add(Fault("batches.cancel", "drop_after"))
    ran = cli("cancel", batch_id, "--yes", "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (0, "cancelling")


def test_nothing_is_cancelled_unasked(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    batch_id = submitted(3)
    for arguments, said in (
        (["cancel", batch_id], "--yes"),
        (["cancel", batch_id, "--yes", "--read-only"], "read-only"),
    ):
        ran = cli(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert server.calls.get("batches.cancel", 0) == 0


@pytest.mark.parametrize(("answer", "cancels"), [("y\r", 1), ("\r", 0)])
def test_the_question(cli: Cli, submitted: Submitted, server: DemoServer, answer: str, cancels: int) -> None:
    batch_id = submitted(3, "--description", "wrong prompt")
    with Terminal([sys.executable, "-m", "tui", "cancel", "--all-active"], columns=120) as terminal:
        terminal.wait_text("[y/N]")
        assert "wrong prompt" in terminal.text
        assert batch_id in terminal.text
        assert f"Cancel 1 batch at default · {server.base_url.split('/')[2]}? " in terminal.text
        assert server.calls.get("batches.cancel", 0) == 0
        terminal.send(answer)
        terminal.wait_text("is being cancelled" if cancels else "Nothing was cancelled.")
        assert terminal.process.wait(timeout=10) == 1 - cancels
    assert server.calls.get("batches.cancel", 0) == cancels


@pytest.mark.parametrize(("answer", "cancels"), [("11\r", 11), ("y\r", 0), ("1\r", 0)])
def test_many_take_their_number(  # noqa: PLR0917  (fixtures)
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock, answer: str, cancels: int
) -> None:
    for place in range(11):
        submitted(1, "--description", f"runaway {place}", name=f"{place}.jsonl", seed=place)
    clock.jump(8)
    command = [sys.executable, "-m", "tui", "cancel", "--filter", "runaway"]
    with Terminal(command, columns=160, lines=40) as terminal:
        terminal.wait_text("Type 11 to agree:")
        assert "0 requests done, 11 left." in terminal.text and " spent" in terminal.text
        terminal.send(answer)
        terminal.wait_text("is being cancelled" if cancels else "Nothing was cancelled.")
        assert terminal.process.wait(timeout=30) == (0 if cancels else 1)
    assert server.calls.get("batches.cancel", 0) == cancels


def test_a_wait_is_told(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    batch_id = submitted(3)
    server.faults.add(Fault("batches.cancel", "rate_limit", retry_after=1))
    ran = cli("cancel", batch_id, "--yes", "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (0, "cancelling")
    assert "asks for fewer requests (429)." in ran.err and "Trying again in 1s …" in ran.err
