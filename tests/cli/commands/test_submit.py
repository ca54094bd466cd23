"""`submit`."""

import hashlib
import json
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile, process, start
from tests.terminal import Terminal
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.submit.submit import submit

FIELDS = {"submission", "batch_id", "input_file_id", "sha256", "requests", "parts"}
Submitted = Callable[..., str]


def _wait_for(server: DemoServer, route: str) -> None:
    """Until the server has got a call."""
    deadline = time.monotonic() + 60
    while not server.calls.get(route) and time.monotonic() < deadline:
        time.sleep(0.02)


def _batches(cli: Cli) -> list[str]:
    return [batch["id"] for batch in cli("list", "--all", "--json").json]


def test_a_file_becomes_a_batch(cli: Cli, make_file: MakeFile) -> None:
    path = make_file(4)
    ran = cli("submit", path, "--yes", "--json", "--description", "sums", "--meta", "team=a", "--meta", "run=7=x")
    assert ran.code == 0
    assert set(ran.json) == FIELDS
    assert ran.json["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (ran.json["requests"], ran.json["parts"]) == (4, [])
    (batch,) = cli("list", "--json").json
    assert (batch["id"], batch["input_file_id"]) == (ran.json["batch_id"], ran.json["input_file_id"])
    assert batch["metadata"] == {
        "description": "sums", "team": "a", "run": "7=x", "lazybatch_submission": ran.json["submission"],
        "lazybatch_content": ran.json["sha256"][:32],
    }  # fmt: skip
    plain = cli("submit", make_file(5), "--yes")
    assert plain.code == 0
    assert plain.out.startswith("Created batch_")


def test_the_same_content_is_refused_with_its_batch(cli: Cli, submitted: Submitted, make_file: MakeFile) -> None:
    batch_id = submitted(4)
    ran = cli("submit", make_file(4, "other.jsonl"), "--yes", "--json")
    assert (ran.code, ran.json["batch_id"]) == (1, batch_id)
    assert batch_id in ran.err
    assert _batches(cli) == [batch_id]
    again = cli("submit", make_file(4), "--yes", "--json", "--again")
    assert again.code == 0
    assert sorted(_batches(cli)) == sorted([batch_id, again.json["batch_id"]])


def test_what_failed_may_be_submitted_again(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    server.knobs.update({"token_limits": {"gpt-4o-mini": 1}})
    first = submitted(4)
    clock.jump(100)
    assert cli("show", first).code == 1
    server.knobs.update({"token_limits": {}})
    assert submitted(4) != first


def test_a_file_with_problems_is_not_sent(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    ran = cli("submit", make_file(2, stream=True), "--yes", "--json")
    assert ran.code == 1
    assert set(ran.json) == FIELDS
    assert (ran.json["batch_id"], ran.json["submission"], ran.json["requests"]) == (None, None, 2)
    assert "streaming_unsupported" in ran.err
    assert server.calls == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--meta", "novalue"], "key=value"),
        (["--meta", "lazybatch_submission=x"], "lazybatch's own"),
        (["--meta", "k" * 65 + "=v"], "64"),
        (["--meta", "k=" + "v" * 513], "512"),
        (["--meta=a\udcff=b"], "UTF-8"),
        ([f"--meta=k{number}=v" for number in range(16)], "pairs"),
        (["--read-only"], "read-only"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    cli: Cli, make_file: MakeFile, server: DemoServer, arguments: list[str], said: str
) -> None:
    ran = cli("submit", make_file(1), "--yes", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert server.calls == {}


def test_a_missing_file_is_exit_2(cli: Cli) -> None:
    assert cli("submit", "none.jsonl", "--yes").code == 2


def test_without_a_terminal_it_does_not_ask(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    ran = cli("submit", make_file(1))
    assert ran.code == 2
    assert "--yes" in ran.err
    assert server.calls == {}


@pytest.mark.parametrize(("answer", "sent"), [("y\r", 1), ("\r", 0), ("n\r", 0), ("\x04", 0)])
def test_the_question(cli: Cli, make_file: MakeFile, answer: str, sent: int) -> None:
    path = make_file(3)
    with Terminal([sys.executable, "-m", "tui", "submit", str(path)], columns=100) as terminal:
        terminal.wait_text("[y/N]")
        shown = "".join(terminal.screen.display)
        assert "3 requests, 513 B, /v1/chat/completions, gpt-4o-mini. Estimated cost: from <$0.01." in shown
        terminal.send(answer)
        terminal.wait_text("Created" if sent else "Nothing was submitted.")
        assert sent or any(line.startswith("Nothing was submitted.") for line in terminal.screen.display)
        assert terminal.process.wait(timeout=10) == (0 if sent else 1)
    assert len(_batches(cli)) == sent


def test_ctrl_c_at_the_question_sends_nothing(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    with Terminal([sys.executable, "-m", "tui", "submit", str(make_file(3))]) as terminal:
        terminal.wait_text("[y/N]")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_text("Interrupted.")
        assert any(line.startswith("Interrupted.") for line in terminal.screen.display)
        assert terminal.process.wait(timeout=10) == 130
    assert server.calls == {}


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("route", ["files.create", "batches.create"])
def test_interrupted_at_any_point_it_is_gone_on_with(
    cli: Cli, make_file: MakeFile, server: DemoServer, route: str, stop: signal.Signals
) -> None:
    path = make_file(3)
    server.faults.add(Fault(route, "slow", delay_s=60))
    with start("submit", path, "--yes", "--json") as running:
        _wait_for(server, route)
        time.sleep(0.2)
        running.send_signal(stop)
        out, err = running.communicate(timeout=60)
    if stop is signal.SIGKILL:
        assert out == b""
    else:
        assert json.loads(out)["error"]["code"] == "interrupted"
        assert running.returncode == 128 + stop
        assert b"Traceback" not in err
        assert b"Submit the same file again" in err
    server.faults.clear()
    ran = cli("submit", path, "--yes", "--json")
    assert ran.code == 0, ran.err
    assert _batches(cli) == [ran.json["batch_id"]]
    assert server.calls["batches.create"] == 1
    assert server.calls["files.create"] == 1


@pytest.mark.parametrize("route", ["files.create", "batches.create"])
def test_an_answer_that_is_lost_makes_no_second_batch(
    cli: Cli, make_file: MakeFile, server: DemoServer, route: str
) -> None:
    server.faults.add(Fault(route, "drop_after"))
    ran = cli("submit", make_file(3), "--yes", "--json")
    assert ran.code == 0
    assert "Asking the server" in ran.err
    assert _batches(cli) == [ran.json["batch_id"]]
    assert server.calls[route] == 1


def test_a_refused_create_is_told(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    server.faults.add(Fault("batches.create", "status", status=400, message="Billing hard limit has been reached."))
    ran = cli("submit", make_file(3), "--yes", "--json")
    assert "Billing hard limit" in ran.err and ran.err.rstrip().endswith("No batch was created.")
    # The document tells of what is known: it was uploaded, and there is no batch.
    assert (ran.code, ran.json["batch_id"], ran.json["requests"]) == (1, None, 3)
    assert ran.json["submission"]
    assert ran.json["input_file_id"] in {file["id"] for file in cli("files", "--json").json}
    server.faults.add(Fault("files.create", "status", status=403, message="No."))
    assert cli("submit", make_file(4), "--yes").code == 3


def test_what_may_succeed_later_says_how_to_go_on(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    # Whether another machine has submitted it cannot be found out.
    server.faults.add(Fault("batches.list", "html", times=None))
    ran = cli("submit", make_file(3), "--yes")
    assert ran.code == 3
    assert ran.err.rstrip().endswith("No batch was created. Submit the file again to go on with it.")
    assert not {"files.create", "batches.create"} & server.calls.keys()


def test_nothing_is_sent_where_it_cannot_be_written_down(
    cli: Cli, make_file: MakeFile, server: DemoServer, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file, where a folder should be")
    ran = cli("submit", make_file(3), "--yes")
    assert ran.code == 2
    assert str(tmp_path / "state") in ran.err
    assert server.calls == {}


def test_two_at_once_make_one_batch(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(3)
    server.faults.add(Fault("batches.create", "slow", delay_s=4))
    with start("submit", path, "--yes") as running:
        _wait_for(server, "batches.create")
        second = cli("submit", path, "--yes", "--json")
        running.communicate(timeout=60)
    assert running.returncode == 0
    assert second.code == 1
    assert "right now" in second.err
    # A script learns which submission has it.
    assert set(second.json) == FIELDS | {"error"}
    (batch,) = cli("list", "--json").json
    assert second.json["batch_id"] is None
    assert second.json["submission"] == batch["metadata"]["lazybatch_submission"]
    assert server.calls["batches.create"] == 1


def test_the_bar_is_for_terminals_alone(cli: Cli, home: Path, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(2_000)
    server.faults.add(Fault("files.create", "slow", times=None, delay_s=0.4))
    ran = process("submit", path, "--yes")
    assert ran.code == 0
    assert "\r" not in ran.err
    assert "%" not in ran.err
    with Terminal([sys.executable, "-m", "tui", "submit", str(path), "--yes", "--again"]) as terminal:
        terminal.wait_text("Created")
        assert "Uploading sums.jsonl" in bytes(terminal.log).decode()
        assert "Uploading" not in terminal.text


def test_where_the_server_cannot_tell_its_user_does(
    cli: Cli, make_file: MakeFile, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.commands.submit.whole.submit", partial(submit, looks=(0, 0.05)))
    path = make_file(4)
    server.faults.add(Fault("batches.create", "drop_after"))
    bare = {"metadata": None, "input_file_id": None}
    server.faults.add(Fault("batches.list", "rewrite", times=None, merge=bare))
    ran = cli("submit", path, "--yes")
    server.faults.clear()
    (there,) = _batches(cli)
    assert ran.code == 3
    assert f"  {there}  validating, created " in ran.err
    assert f"lazybatch submit {path} --adopt ID" in ran.err
    adopted = cli("submit", path, "--yes", "--json", "--adopt", there)
    assert (adopted.code, adopted.json["batch_id"]) == (0, there)
    assert _batches(cli) == [there]
    assert cli("submit", path, "--yes", "--adopt", there).code == 1


def test_a_create_that_was_withdrawn_is_told(
    cli: Cli, make_file: MakeFile, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.commands.submit.whole.submit", partial(submit, looks=(0, 0.05)))
    server.faults.add(Fault("batches.create", "late", until="batches.create"))
    ran = cli("submit", make_file(4), "--yes", "--json")
    assert ran.code == 0
    assert "Deleting the uploaded file, so that none can come of it later …" in ran.err
    assert "Uploading the file anew." in ran.err
    assert _batches(cli) == [ran.json["batch_id"]]
    assert [file["id"] for file in cli("files", "--json").json] == [ran.json["input_file_id"]]


def test_a_create_that_cannot_be_withdrawn_is_told(
    cli: Cli, make_file: MakeFile, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.commands.submit.whole.submit", partial(submit, looks=(0, 0.05)))
    path = make_file(4)
    server.faults.add(Fault("batches.create", "late", until="batches.create"))
    server.faults.add(Fault("files.delete", "status", status=403, message="Not with this key."))
    ran = cli("submit", path, "--yes", "--json")
    assert (ran.code, ran.json["batch_id"]) == (3, None)
    assert "One may come of it yet, because the uploaded file cannot be deleted" in ran.err
    assert f"To submit it all the same: lazybatch submit {path} --again" in ran.err
    assert _batches(cli) == []


def test_what_another_machine_submitted_is_refused(
    cli: Cli, submitted: Submitted, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batch_id = submitted(4)
    monkeypatch.setenv("LAZYBATCH_STATE", str(tmp_path / "another"))
    ran = cli("submit", make_file(4), "--yes", "--json")
    assert (ran.code, ran.json["batch_id"], ran.json["submission"]) == (1, batch_id, None)
    assert batch_id in ran.err
    assert _batches(cli) == [batch_id]
