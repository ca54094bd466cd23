"""`list`, `show` and `watch`."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Cli, MakeFile, process, request, start
from tests.terminal import Terminal
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.listing import pager

FIELDS = {
    "id", "status", "raw_status", "name", "endpoint", "model", "created_at", "expires_at", "requests", "usage", "cost",
    "cost_at_end", "cost_measured",
    "metadata", "input_file_id", "output_file_id", "error_file_id", "errors",
}  # fmt: skip
Submitted = Callable[..., str]


@contextmanager
def _moving(server: DemoServer, clock: Clock, route: str) -> Iterator[None]:
    """The clock goes on by five seconds whenever somebody has looked: what is seen does not hang on this machine."""
    over = threading.Event()

    def move() -> None:
        seen = 0
        while not over.wait(0.005):
            if (looks := server.calls.get(route, 0)) > seen:
                seen = looks
                clock.jump(5)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        over.set()
        mover.join()


def test_objects_have_the_fields_of_the_contract(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    batch_id = submitted(5, "--description", "sums", "--meta", "team=a")
    clock.jump(10)
    (batch,) = cli("list", "--json").json
    assert set(batch) == FIELDS
    assert batch["id"] == batch_id
    assert batch["status"] == batch["raw_status"] == "in_progress"
    assert batch["name"] == "sums"
    assert batch["endpoint"] == "/v1/chat/completions"
    assert batch["model"].startswith("gpt-4o-mini")
    assert batch["expires_at"] - batch["created_at"] == 86_400
    assert set(batch["requests"]) == {"total", "completed", "failed"}
    assert batch["requests"]["total"] == 5
    assert batch["metadata"].items() >= {"description": "sums", "team": "a"}.items()
    assert (batch["output_file_id"], batch["error_file_id"], batch["errors"]) == (None, None, [])
    clock.jump(1000)
    (batch,) = cli("list", "--json").json
    assert batch["status"] == "completed"
    assert batch["output_file_id"].startswith("file-")
    assert batch["usage"]["total_tokens"] == batch["usage"]["input_tokens"] + batch["usage"]["output_tokens"] > 0


def test_what_is_unknown_is_null(cli: Cli, submitted: Submitted, server: DemoServer) -> None:
    submitted()
    odd = {"status": "pre_schedule", "created_at": "2026-11-23T08:00:00Z", "errors": "line 3 is bad", "model": ""}
    omitted = ["request_counts", "usage", "metadata", "expires_at"]
    server.faults.add(Fault("batches.list", "rewrite", merge=odd, omit=omitted))
    (batch,) = cli("list", "--json").json
    assert set(batch) == FIELDS
    assert (batch["status"], batch["raw_status"], batch["model"]) == (None, "pre_schedule", None)
    assert batch["created_at"] == 1795420800
    assert batch["requests"] == {"total": None, "completed": None, "failed": None}
    assert (batch["usage"], batch["expires_at"], batch["metadata"]) == (None, None, {})
    assert batch["errors"] == [{"code": None, "line": 3, "message": "line 3 is bad", "param": None}]


def test_names_come_from_the_description_else_the_file_else_the_id(
    cli: Cli, submitted: Submitted, server: DemoServer, tmp_path: Path
) -> None:
    described = submitted(1, "--description", "the sums", name="a.jsonl")
    own = submitted(2, name="b.jsonl")
    names = {batch["id"]: batch["name"] for batch in cli("list", "--json").json}
    assert names == {described: "the sums", own: "b.jsonl"}
    before = server.calls.get("files.list", 0)
    cli("list")
    assert server.calls.get("files.list", 0) == before
    for found in (tmp_path / "state").iterdir():
        found.unlink()
    names = {batch["id"]: batch["name"] for batch in cli("list", "--json").json}
    assert names == {described: "the sums", own: "b.jsonl"}
    assert (server.calls.get("files.list", 0), server.calls["files.retrieve"]) == (before, 1)
    assert cli("show", own, "--json").json["name"] == "b.jsonl"
    server.faults.add(Fault("files.*", "status", times=None, status=404))
    assert cli("show", own, "--json").json["name"] == own
    names = {batch["id"]: batch["name"] for batch in cli("list", "--json").json}
    assert names == {described: "the sums", own: own}


def test_the_newest_first_as_many_as_asked_for(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    ids = []
    for number in range(23):
        ids.append(submitted(1 + number))
        clock.jump(1)
    ids.reverse()

    def listed(*options: str) -> list[str]:
        return [batch["id"] for batch in cli("list", "--json", *options).json]

    plain = cli("list")
    assert len(plain.out.splitlines()) == 21
    assert "--all" in plain.err
    assert listed() == ids[:20]
    assert listed("--limit", "3") == ids[:3]
    assert listed("--all") == ids
    assert listed("--limit", "3", "--status", "validating", "--status", "in_progress") == ids[:3]
    assert listed("--status", "completed") == []
    assert "--all" not in cli("list", "--limit", "3").err


def test_a_filter(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    old = submitted(2, "--description", "nightly eval", "--meta", "team=red")
    clock.jump(7200)
    new = submitted(3, name="labels.jsonl")

    def listed(query: str, *options: str) -> list[str]:
        return [batch["id"] for batch in cli("list", "--json", "--filter", query, *options).json]

    assert listed("nightly") == listed("meta.team:red status:done") == listed("age:>1h") == [old]
    assert listed("name:labels.jsonl") == [new]
    assert listed("endpoint:chat") == [new, old]
    assert listed("endpoint:chat", "--status", "completed") == [old]
    assert listed("endpoint:chat", "--limit", "1") == [new]
    assert "no such batch" in cli("list", "--filter", "nothing").err


@pytest.mark.parametrize("command", [["list"], ["cancel", "--yes"]])
@pytest.mark.parametrize("query", ["", "age:<x", "nofield:1", "cost:>x", '"open'])
def test_a_filter_that_is_not_understood_does_nothing(
    cli: Cli, server: DemoServer, command: list[str], query: str
) -> None:
    ran = cli(*command, "--filter", query)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert server.calls == {}


@pytest.mark.parametrize("kind", ["stuck_page", "empty_page"])
def test_a_cursor_that_does_not_move_ends_the_paging(
    cli: Cli, submitted: Submitted, server: DemoServer, kind: str
) -> None:
    batch_id = submitted()
    fault = {"route": "batches.list", "kind": kind, "times": None, "skip": int(kind == "empty_page")}
    server.faults.add_from(fault)
    told = cli("list", "--all", "--json")
    assert [batch["id"] for batch in told.json] == [batch_id]
    # The one page of an account that is no more than that says so itself.
    assert ("The list may be incomplete" in told.err) is (kind == "stuck_page")
    assert server.calls["batches.list"] <= 3
    server.faults.clear()
    assert "incomplete" not in cli("list", "--all").err


def test_an_empty_account(cli: Cli) -> None:
    ran = cli("list", "--json")
    assert (ran.code, ran.json) == (0, [])
    ran = cli("list")
    assert (ran.code, ran.out) == (0, "")
    assert "no batches" in ran.err


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("batches.list", "rate_limit", times=None, retry_after=0.01), "429"),
        (Fault("batches.list", "server_error", times=None), "500"),
        (Fault("batches.list", "status", times=None, status=403, message="No."), "403"),
        (Fault("batches.list", "html", times=None, status=200), "Batch API"),
        (Fault("batches.list", "html", times=None, status=404), "Batch API"),
    ],
)
def test_a_server_that_refuses_is_exit_3(cli: Cli, server: DemoServer, fault: Fault, said: str) -> None:
    server.faults.add(fault)
    ran = cli("list", "--json")
    assert ran.code == 3
    assert ran.err == f"{ran.json['error']['message']}\n"
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_passing_failure_is_tried_again(cli: Cli, server: DemoServer) -> None:
    server.faults.add(Fault("batches.list", "server_error", times=2))
    assert cli("list", "--json").code == 0
    assert server.calls["batches.list"] == 3


def test_a_wrong_key_is_exit_3_and_never_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-key-of-the-suite")
    for arguments in (["list"], ["show", "b"], ["watch"], ["cancel", "b", "--yes"], ["download", "b"], ["retry", "b"]):
        ran = cli(*arguments)
        assert ran.code == 3
        assert "401" in ran.err + ran.out
        assert "wrong-key" not in ran.err + ran.out


def test_nobody_there_is_exit_3(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ran = bare("list", "--base-url", "http://127.0.0.1:9/v1")
    assert ran.code == 3
    assert ran.err == "Cannot reach 127.0.0.1:9: connection refused.\n"


def test_a_table_in_a_pipe_is_whole_and_plain(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    name = "a name that is rather long " * 5
    batch_id = submitted(5, "--description", name + "\x1b[31m")
    clock.jump(15)
    title, line = cli("list").out.splitlines()
    assert title.split() == ["STATUS", "ID", "DONE", "%", "FAIL", "COST", "AGE", "MODEL", "NAME"]
    assert line.startswith(f"▶ in_progress  {batch_id}")
    assert line.endswith(name + "␛[31m")
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("columns", "colour", "titles"),
    [
        (80, True, "STATUS DONE % FAIL COST AGE NAME"),
        (80, False, "STATUS DONE % FAIL COST AGE NAME"),
        (50, True, "STATUS % FAIL COST NAME"),
        (200, False, "STATUS ID DONE % FAIL COST AGE MODEL NAME"),
    ],
)
def test_a_table_fits_the_terminal(
    cli: Cli, submitted: Submitted, clock: Clock, columns: int, *, colour: bool, titles: str
) -> None:
    batch_id = submitted(5, "--description", "a name that is rather long, レビュー分類 " * 5)
    clock.jump(15)
    environment = {} if colour else {"NO_COLOR": "1"}
    with Terminal([sys.executable, "-m", "tui", "list"], columns=columns, lines=8, env=environment) as terminal:
        terminal.wait_text("in_progress")
        terminal.settle(0.2)
        title, line, *rest = [row.rstrip() for row in terminal.screen.display]
        assert title.split() == titles.split()
        assert (batch_id in line) is ("ID" in titles)
        told = "" if "ID" in titles else "A wider terminal shows the ids; --json always does."
        assert "".join(rest).strip() == told
        assert (b"\x1b[36m" in bytes(terminal.log)) is colour


def test_show_has_a_timeline(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    batch_id = submitted(5)
    clock.jump(1000)
    ran = cli("show", batch_id, "--json")
    assert ran.code == 0
    assert set(ran.json) == FIELDS | {"timeline"}
    stages = ran.json["timeline"]
    assert [stage["status"] for stage in stages] == ["validating", "in_progress", "finalizing", "completed"]
    assert [set(stage) for stage in stages] == [{"status", "at"}] * 4
    assert stages[0]["at"] == ran.json["created_at"]
    plain = cli("show", batch_id)
    assert plain.code == 0
    assert batch_id in plain.out
    assert "sums.jsonl" in plain.out


def test_show_of_a_failed_batch_tells_why_and_is_exit_1(
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock
) -> None:
    server.knobs.update({"token_limits": {"gpt-4o-mini": 1}})
    batch_id = submitted(50)
    clock.jump(100)
    ran = cli("show", batch_id, "--json")
    assert (ran.code, ran.json["status"]) == (1, "failed")
    (error,) = ran.json["errors"]
    assert set(error) == {"code", "line", "message", "param"}
    assert (error["code"], error["line"]) == ("token_limit_exceeded", None)
    plain = cli("show", batch_id)
    assert plain.code == 1
    assert "token_limit_exceeded: Enqueued token limit" in plain.out


def test_show_of_no_batch(cli: Cli, server: DemoServer) -> None:
    ran = cli("show", "batch_none", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "not_found")
    assert "No batch found" in ran.err
    for odd in ("../files", "a b\x1b[2J", "\udcff", "x" * 3000):
        ran = cli("show", odd)
        assert ran.code == 1
        assert "\x1b" not in ran.err
        assert len(ran.err.splitlines()) == 1


def test_watch_tells_every_change_until_all_have_ended(
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock
) -> None:
    ids = {submitted(number) for number in (3, 4, 5)}
    with _moving(server, clock, "batches.list"):
        ran = cli("watch", "--all-active", "--interval", "0.05", "--json")
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert all(set(line) == FIELDS for line in lines)
    assert {line["id"] for line in lines} == ids
    assert {line["id"]: line["status"] for line in lines} == dict.fromkeys(ids, "completed")
    assert len(lines) == len({json.dumps(line) for line in lines}) > 6
    # Each round is one call while the newest page has them all.
    assert server.calls.get("batches.retrieve", 0) < len(lines)
    assert cli("watch").code == 0


def test_watch_of_a_batch_that_does_not_complete_is_exit_1(cli: Cli, submitted: Submitted, clock: Clock) -> None:
    good = submitted(3)
    clock.jump(1000)
    bad = submitted(4)
    assert cli("cancel", bad, "--yes").code == 0
    clock.jump(1000)
    assert cli("watch", good).code == 0
    ran = cli("watch", good, bad)
    assert ran.code == 1
    assert "cancelled" in ran.out
    assert cli("watch", "batch_none").code == 1


def test_watch_outlives_a_break_of_the_line(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    batch_id = submitted(3)
    server.faults.add(Fault("batches.retrieve", "server_error", times=3, skip=1))
    with _moving(server, clock, "batches.retrieve"):
        ran = cli("watch", batch_id, "--interval", "0.05")
    assert ran.code == 0
    assert "Trying again" in ran.err


def test_a_watch_that_nobody_reads_ends(cli: Cli, submitted: Submitted) -> None:
    batch_id = submitted(3)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = process("watch", batch_id, "--interval", "0.05", stdout=writing)
    finally:
        os.close(writing)
    assert ran.err == ""


def test_head_of_a_list(cli: Cli, submitted: Submitted) -> None:
    submitted(3)
    with start("list", "--all", "--json") as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        said = running.stderr.read()
        assert running.wait(timeout=20) == 0
    assert said == b""


def test_lone_surrogates_are_valid_json(cli: Cli, make_file: MakeFile) -> None:
    path = make_file(1)
    path.write_bytes(request(1).replace(b"request-1", b"\\ud800\xff"))
    ran = cli("validate", path, "--json")
    assert ran.out.isascii()
    assert ran.json["problem_count"] == 1


def test_surrogates_become_replacement_characters() -> None:
    from tui.cli.output import encoded

    assert json.loads(encoded({"a\udcff": "b\ud800"})) == {"a\ufffd": "b\ufffd"}
    assert json.loads(encoded("é🚀\x1b")) == "é🚀\x1b"
    assert encoded("é🚀\x1b\x9b").isascii()


@pytest.fixture
def cut_list(submitted: Submitted, server: DemoServer, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[str]:
    """Three batches in pages of two, of which the second always fails; the ids of the newest two."""
    monkeypatch.setattr(pager, "_LENGTHS", {"batches": (2, None), "files": (1000, None)})
    ids = []
    for number in range(3):
        ids.append(submitted(1 + number))
        clock.jump(1)
    server.faults.add(Fault("batches.list", "server_error", times=None, skip=1))
    return ids[:0:-1]


@pytest.mark.parametrize("options", [["--all"], ["--filter", "endpoint:chat", "--all"], ["--status", "validating"]])
def test_a_later_page_that_fails_leaves_what_was_read(cli: Cli, cut_list: list[str], options: list[str]) -> None:
    ran = cli("list", "--json", *options)
    assert [batch["id"] for batch in ran.json] == cut_list
    assert ran.code == 3
    assert "The list is incomplete: the page after the first 2 batches failed." in ran.err


def test_a_cancel_of_all_says_that_there_may_be_more(cli: Cli, cut_list: list[str], server: DemoServer) -> None:
    ran = cli("cancel", "--all-active", "--yes", "--json")
    assert ran.code == 3
    assert sorted(end["id"] for end in ran.json) == sorted(cut_list)
    assert "The list is incomplete" in ran.err
