"""`files`."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.terminal import Terminal
from tests.ui import api
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FIELDS = {"id", "filename", "purpose", "bytes", "created_at", "expires_at", "used_by"}
DAY = 86_400
Submitted = Callable[..., str]


@pytest.fixture
def orphan(server: DemoServer, clock: Clock) -> str:
    """An upload of two hours ago that nobody made a batch of."""
    file_id = api.upload(server, b"{}\n")
    clock.jump(7200)
    return file_id


def ids(server: DemoServer) -> set[str]:
    """The files that the server has."""
    return {file["id"] for file in api.call(server, "/files")["data"]}


def test_the_fields_of_the_contract(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    batch_id = submitted(5)
    clock.jump(2000)
    output, source = cli("files", "--json").json
    assert set(output) == set(source) == FIELDS
    assert source["purpose"] == "batch"
    assert source["filename"].startswith("sums.")
    assert source["bytes"] > 100
    assert source["expires_at"] - source["created_at"] == 30 * DAY
    assert output["purpose"] == "batch_output"
    assert output["expires_at"] is None
    assert output["used_by"] == source["used_by"] == [batch_id]
    batch = api.batch(server, batch_id)
    assert (source["id"], output["id"]) == (batch["input_file_id"], batch["output_file_id"])


def test_for_people(cli: Cli, submitted: Submitted, orphan: str) -> None:
    batch_id = submitted(5, "--description", "sums of two")
    ran = cli("files")
    assert (ran.code, ran.err) == (0, "")
    title, first, second = ran.out.splitlines()
    assert title.split() == ["ID", "KIND", "SIZE", "AGE", "LEFT", "FILE", "USED", "BY"]
    assert "sums of two" in first and " input " in first and " 29d " in first
    # What tells our own uploads apart is no part of the name.
    assert " sums.jsonl " in first
    assert second.startswith(orphan) and second.endswith("orphan")
    assert batch_id not in first


def test_nothing(cli: Cli) -> None:
    ran = cli("files")
    assert (ran.code, ran.out, ran.err) == (0, "", "There are no files.\n")
    ran = cli("files", "--orphans")
    assert (ran.code, ran.out, ran.err) == (0, "", "There are no orphans.\n")
    assert cli("files", "--json").json == []
    ran = cli("files", "--delete", "--yes", "--json")
    assert (ran.code, ran.json) == (0, [])


def test_orphans_go_and_nothing_else(
    cli: Cli, submitted: Submitted, orphan: str, server: DemoServer, clock: Clock
) -> None:
    submitted(5)
    clock.jump(2000)
    bad = api.create(server, b"no json\n")
    running = submitted(3, name="other.jsonl")
    clock.jump(8)
    assert api.batch(server, running)["status"] == "in_progress"
    refused = api.batch(server, bad)
    assert refused["status"] == "failed"
    new = api.upload(server, b"{}\n")
    before = ids(server)
    wanted = {orphan, refused["input_file_id"]}
    assert {file["id"] for file in cli("files", "--orphans", "--json").json} == wanted
    ran = cli("files", "--orphans", "--delete", "--yes", "--json")
    assert ran.code == 0
    assert {file["id"]: file["outcome"] for file in ran.json} == dict.fromkeys(wanted, "deleted")
    assert set(ran.json[0]) == FIELDS | {"outcome", "message"}
    assert ids(server) == before - wanted
    assert new in ids(server)
    assert cli("files", "--orphans", "--json").json == []


def test_without_orphans_and_ids_the_inputs_of_what_has_ended(
    cli: Cli, submitted: Submitted, orphan: str, server: DemoServer, clock: Clock
) -> None:
    done = submitted(5)
    clock.jump(2000)
    running = submitted(3, name="other.jsonl")
    other = api.call(server, f"/batches/{done}")
    before = ids(server)
    ran = cli("files", "--delete", "--yes")
    assert ran.code == 0
    assert before - ids(server) == {orphan, other["input_file_id"]}
    assert api.batch(server, running)["input_file_id"] in ids(server)
    # Results are not asked for by that.
    assert other["output_file_id"] in ids(server)


def test_by_id(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    done = submitted(5)
    clock.jump(2000)
    running = submitted(3, name="other.jsonl")
    output = api.batch(server, done)["output_file_id"]
    used = api.batch(server, running)["input_file_id"]
    ran = cli("files", output, used, "--json")
    assert (ran.code, [file["id"] for file in ran.json]) == (0, sorted((output, used), key=(used, output).index))
    ran = cli("files", output, used, "file-none", "--delete", "--yes", "--json")
    assert ran.code == 1
    assert {file["id"]: file["outcome"] for file in ran.json} == {
        output: "deleted", used: "in_use", "file-none": "already_gone",
    }  # fmt: skip
    assert "A batch that runs, or a submission that is not over, uses it." in ran.err
    assert used in ids(server) and output not in ids(server)
    ran = cli("files", "file-none")
    assert (ran.code, ran.out, ran.err) == (1, "", "file-none: there is no such file.\n")


def test_what_cannot_be_known_is_not_called_an_orphan(cli: Cli, orphan: str, server: DemoServer) -> None:
    server.faults.add(Fault("batches.list", "status", status=404, times=None))
    ran = cli("files", "--orphans", "--json")
    assert (ran.code, ran.json) == (1, [])
    assert "Not all batches are known." in ran.err
    assert "So no file is called an orphan." in ran.err
    ran = cli("files")
    assert ran.code == 0
    assert "orphan" not in ran.out and ran.out.splitlines()[1].endswith("?")
    for asked in (("--orphans",), (), (orphan,)):
        ran = cli("files", *asked, "--delete", "--yes")
        assert ran.code == 1
        assert ids(server) == {orphan}
    assert "Not all batches are known: one may use it." in ran.out


def test_a_server_that_says_no(cli: Cli, orphan: str, server: DemoServer) -> None:
    server.faults.add(Fault("files.delete", "status", status=403, message="Not yours."))
    ran = cli("files", orphan, "--delete", "--yes", "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (3, "refused")
    assert "Not yours." in ran.err
    server.faults.add(Fault("files.list", "status", status=405))
    ran = cli("files")
    assert ran.code == 3
    assert ran.err.endswith(" does not list its files.\n")
    server.stop()
    ran = cli("files")
    assert ran.code == 3
    assert "Cannot reach" in ran.err


def test_wrong_use(cli: Cli, bare: Cli, orphan: str, server: DemoServer) -> None:
    ran = cli("files", "--orphans", "--delete")
    assert (ran.code, ran.err) == (2, "There is no terminal to ask on: give --yes to delete without a question.\n")
    ran = cli("files", orphan, "--delete", "--yes", "--read-only")
    assert (ran.code, "read-only" in ran.err) == (2, True)
    assert cli("files", "", "--delete", "--yes").code == 2
    assert cli("files", "..", "--delete", "--yes").code == 2
    assert cli("files", "--read-only").code == 0
    assert ids(server) == {orphan}


@pytest.mark.parametrize("answer", ["n\r", "\r", "yes please\r"])
def test_the_answer_is_no(cli: Cli, orphan: str, server: DemoServer, answer: str, home: Path) -> None:
    with Terminal([sys.executable, "-m", "tui", "files", "--orphans", "--delete"], columns=120) as terminal:
        terminal.wait_text("[y/N]")
        terminal.wait_text("Delete 1 file, 3 B, at 127.0.0.1")
        terminal.send(answer)
        terminal.wait_text("Nothing was deleted.")
        assert terminal.process.wait(timeout=60) == 1
    assert ids(server) == {orphan}


def test_the_answer_is_yes(cli: Cli, orphan: str, server: DemoServer) -> None:
    with Terminal([sys.executable, "-m", "tui", "files", "--orphans", "--delete"], columns=120) as terminal:
        terminal.wait_text("[y/N]")
        # What is deleted is what was shown.
        late = api.upload(server, b"{}\n")
        terminal.send("y\r")
        terminal.wait_text("Deleted 1 file, 3 B.")
        assert terminal.process.wait(timeout=60) == 0
    assert ids(server) == {late}
