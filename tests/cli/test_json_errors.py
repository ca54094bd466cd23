"""What commands print with `--json` where something goes wrong: one document that says what."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile, process
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

# Every command that asks a server, as it is called for one batch.
ASKING = (
    ("list",), ("show", "b"), ("watch", "b"), ("watch", "--all-active"), ("cancel", "b", "--yes"),
    ("cancel", "--all-active", "--yes"), ("download", "b"), ("results", "b"), ("retry", "b"), ("files",),
    ("files", "f"),
)  # fmt: skip
WRONG = (
    ("list", "--bogus"), ("show",), ("validate", "nowhere.jsonl"), ("list", "--limit", "-1"), ("nonsense",),
    ("split", "nowhere.jsonl"), ("mend", "nowhere.jsonl", "-o", "out.jsonl"), ("submit", "nowhere.jsonl"),
    ("list", "--filter", "nonsense:1"), ("queue", "move", "x", "1"), ("profiles", "--bogus"), ("--bogus",),
)  # fmt: skip


def error(out: str) -> dict[str, str]:
    """The error of the one document on standard output."""
    document = json.loads(out)
    assert document["error"].keys() == {"message", "code"}
    found: dict[str, str] = document["error"]
    return found


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_a_server_that_cannot_be_reached(cli: Cli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    ran = cli(*command, "--json")
    assert ran.code == 3
    if command[1:] in {("b", "--yes"), ("b",)} and command[0] in {"cancel", "download"}:
        # What became of each batch is known all the same.
        assert [entry["id"] for entry in ran.json] == ["b"]
        return
    assert error(ran.out)["code"] == "unreachable"
    assert error(ran.out)["message"] in ran.err


@pytest.mark.parametrize("command", WRONG, ids=" ".join)
def test_wrong_use(cli: Cli, command: tuple[str, ...]) -> None:
    ran = cli(*command, "--json")
    assert ran.code in {1, 2}
    assert error(ran.out)["message"] in ran.err
    assert cli(*command).out == ""


def test_the_servers_own_word(cli: Cli, server: DemoServer) -> None:
    assert error(cli("show", "batch_none", "--json").out)["code"] == "not_found"
    server.faults.add(Fault("batches.list", "status", times=None, status=403, code="no_access", message="Not you."))
    assert error(cli("list", "--json").out)["code"] == "no_access"


def test_without_a_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert error(cli("list", "--json").out)["code"] == "no_key"


def test_a_read_only_profile(cli: Cli) -> None:
    assert error(cli("cancel", "b", "--yes", "--read-only", "--json").out)["code"] == "read_only"


def test_beside_what_is_known(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(1)
    server.faults.add(Fault("batches.create", "status", status=400, message="Not today.", code="not_today"))
    ran = cli("submit", str(path), "--yes", "--json")
    assert "Not today." in error(ran.out)["message"]
    assert ran.json["requests"] == 1
    made = cli("submit", str(path), "--yes", "--json")
    assert "error" not in made.json
    again = cli("submit", str(path), "--yes", "--json")
    assert error(again.out)["code"] == "already_submitted"
    assert again.json["batch_id"] == made.json["batch_id"]


def test_in_a_process_of_its_own(home: Path) -> None:
    ran = process("show", "--json", "--bogus")
    assert ran.code == 2
    assert error(ran.out)["code"] == "usage"
