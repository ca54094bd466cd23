"""`download`, `results` and `retry`."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile, process
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

Submitted = Callable[..., str]
RESULT_FIELDS = {
    "requests", "ok", "failed", "missing", "empty", "refused", "unreadable", "duplicate", "unknown",
    "agrees_with_counts", "failures", "joined",
    "left_out",
}  # fmt: skip


@pytest.fixture
def ended(submitted: Submitted, server: DemoServer, clock: Clock) -> str:
    """A batch of 60 requests, some of which failed."""
    server.knobs.update({"failure_rate": 0.3})
    batch_id = submitted(60)
    clock.jump(1000)
    return batch_id


@pytest.fixture
def good(submitted: Submitted, clock: Clock) -> str:
    """A batch whose requests all have a good result."""
    batch_id = submitted(6)
    clock.jump(1000)
    return batch_id


def test_download_brings_both_files_once(cli: Cli, ended: str, home: Path, server: DemoServer) -> None:
    ran = cli("download", ended, "-o", "there/deep", "--json")
    assert ran.code == 0
    (entry,) = ran.json
    assert set(entry) == {"id", "output", "errors", "bytes", "complete"}
    output, errors = Path(entry["output"]), Path(entry["errors"])
    assert output == Path("there/deep") / f"{ended}.output.jsonl"
    lines = [json.loads(line) for path in (output, errors) for line in path.read_bytes().splitlines()]
    assert len(lines) == 60
    assert entry["bytes"] == output.stat().st_size + errors.stat().st_size
    assert entry["complete"] is True
    calls = server.calls["files.content"]
    again = cli("download", ended, "-o", "there/deep", "--json")
    assert again.json == ran.json
    assert server.calls["files.content"] == calls
    assert "here already" in again.err
    assert sorted(path.name for path in (home / "there/deep").iterdir()) == [errors.name, output.name]


def test_a_download_that_breaks_off_is_gone_on_with(cli: Cli, ended: str, server: DemoServer) -> None:
    whole = cli("download", ended, "-o", "a", "--json").json[0]
    server.faults.add(Fault("files.content", "truncate", times=2, after_bytes=500))
    broken = cli("download", ended, "-o", "b", "--json").json[0]
    assert Path(broken["output"]).read_bytes() == Path(whole["output"]).read_bytes()


def test_download_of_several(cli: Cli, good: str, submitted: Submitted) -> None:
    running = submitted(3)
    ran = cli("download", running, good, "batch_none", "--json")
    assert ran.code == 1
    first, second, third = ran.json
    nothing = {"output": None, "errors": None, "bytes": 0, "complete": False}
    assert first == {"id": running, **nothing}
    assert (second["id"], second["complete"], second["errors"]) == (good, True, None)
    assert third == {"id": "batch_none", **nothing}
    assert "still validating" in ran.err


def test_download_of_a_batch_without_files(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    server.knobs.update({"token_limits": {"gpt-4o-mini": 1}})
    batch_id = submitted(3)
    clock.jump(100)
    ran = cli("download", batch_id)
    assert ran.code == 1
    assert "no result files" in ran.err


@pytest.mark.parametrize(("fault", "code"), [
    (Fault("files.content", "status", times=None, status=404), 1),
    (Fault("files.content", "status", times=None, status=403, message="No."), 3),
])  # fmt: skip
def test_a_download_that_is_refused(cli: Cli, good: str, server: DemoServer, fault: Fault, code: int) -> None:
    server.faults.add(fault)
    ran = cli("download", good, "--json")
    assert (ran.code, ran.json[0]["complete"], ran.json[0]["output"]) == (code, False, None)


def test_ids_of_files_that_are_none(cli: Cli, good: str, server: DemoServer) -> None:
    server.faults.add(Fault("batches.retrieve", "rewrite", times=None, merge={"output_file_id": ".."}))
    ran = cli("download", good, "--json")
    assert (ran.code, ran.json[0]["complete"]) == (1, False)
    assert len(ran.err.splitlines()) == 1


def test_a_folder_that_cannot_be(cli: Cli, good: str, home: Path) -> None:
    (home / "taken").write_text("a file")
    ran = cli("download", good, "-o", "taken")
    assert ran.code == 2
    assert "Cannot write" in ran.err


def test_results_are_held_against_the_counts(cli: Cli, ended: str) -> None:
    ran = cli("results", ended, "--json")
    found = ran.json
    assert set(found) == RESULT_FIELDS
    assert (found["requests"], found["missing"], found["duplicate"], found["unknown"]) == (60, 0, 0, 0)
    assert found["ok"] + found["failed"] == 60
    assert found["failed"] > 0
    assert found["agrees_with_counts"] is True
    assert sum(group["count"] for group in found["failures"]) == found["failed"]
    fields = {"code", "status_code", "message", "count", "example_custom_id"}
    assert all(set(group) == fields for group in found["failures"])
    assert ran.code == 1
    plain = cli("results", ended)
    assert plain.code == 1
    assert "60 requests" in plain.out


def test_good_results_are_exit_0(cli: Cli, good: str) -> None:
    ran = cli("results", good, "--json")
    assert (ran.code, ran.json["ok"], ran.json["failures"]) == (0, 6, [])


def test_counts_that_are_not_those_of_the_files(cli: Cli, good: str, server: DemoServer) -> None:
    counts = {"request_counts": {"total": 6, "completed": 5, "failed": 1}}
    server.faults.add(Fault("batches.retrieve", "rewrite", merge=counts))
    ran = cli("results", good, "--json")
    assert (ran.code, ran.json["agrees_with_counts"]) == (1, False)
    assert "The server reports" in ran.err


def test_joined_lines_are_in_the_order_of_the_input(cli: Cli, ended: str, home: Path) -> None:
    ran = cli("results", ended, "-o", "all.jsonl", "--json")
    assert ran.json["requests"] == 60
    lines = [json.loads(line) for line in (home / "all.jsonl").read_bytes().splitlines()]
    assert [line["custom_id"] for line in lines] == [f"request-{number}" for number in range(60)]
    assert all(set(line) == {"custom_id", "request", "response", "error"} for line in lines)
    # Asked for without a file they are the output, and the words go beside it.
    failed = cli("results", ended, "--only", "failed")
    assert len(failed.out.splitlines()) == ran.json["failed"]
    assert "60 requests" in failed.err
    rows = list(csv.DictReader(io.StringIO(cli("results", ended, "--format", "csv", "--only", "ok").out)))
    assert len(rows) == ran.json["ok"]
    assert rows[0]["answer"]
    assert cli("results", ended, "--only", "ok", "--json").code == 2


def test_the_input_comes_from_here_else_from_the_server_else_from_its_user(
    cli: Cli, good: str, home: Path, server: DemoServer, make_file: MakeFile
) -> None:
    assert cli("results", good, "--json").json["requests"] == 6
    assert server.calls["files.content"] == 1  # the output file alone
    make_file(7)
    assert cli("results", good, "--json").json["requests"] == 6
    assert server.calls["files.content"] == 2
    own = make_file(8, "own.jsonl")
    ran = cli("results", good, "--input", own, "--json")
    assert (ran.json["requests"], ran.json["missing"], ran.code) == (8, 2, 1)
    ran = cli("results", good, "--input", "none.jsonl")
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("command", ["results", "retry"])
def test_an_input_that_is_not_utf_8_is_named(cli: Cli, good: str, home: Path, command: str) -> None:
    (home / "wide.jsonl").write_bytes((home / "sums.jsonl").read_text().encode("utf-16"))
    ran = cli(command, good, "--input", "wide.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "'wide.jsonl' cannot be read as the input file. The file is UTF-16 LE; it must be UTF-8." in ran.err


def test_results_without_the_input_file(cli: Cli, good: str, home: Path, server: DemoServer) -> None:
    (home / "sums.jsonl").unlink()
    assert cli("download", good).code == 0
    server.faults.add(Fault("files.content", "status", times=None, status=404, skip=1))
    ran = cli("results", good, "--json")
    assert (ran.json["requests"], ran.json["missing"], ran.json["ok"]) == (None, None, 6)
    assert "--input" in ran.err
    ran = cli("retry", good)
    assert ran.code == 1
    assert "--input" in ran.err


@pytest.mark.parametrize("command", ["results", "retry"])
def test_a_batch_that_runs_has_no_results_yet(cli: Cli, submitted: Submitted, command: str) -> None:
    ran = cli(command, submitted(3))
    assert (ran.code, ran.out) == (1, "")
    assert "still validating" in ran.err


def test_retry_writes_the_lines_without_a_good_result(cli: Cli, ended: str, home: Path) -> None:
    ran = cli("retry", ended, "--json")
    assert ran.code == 0
    assert set(ran.json) == {"requests", "out", "reasons", "batch_id"}
    assert ran.json["reasons"].items() >= {"failed": ran.json["requests"], "expired": 0, "missing": 0}.items()
    assert ran.json["batch_id"] is None
    assert ran.json["out"] == f"{ended}.remainder.jsonl"
    failed = {json.loads(line)["custom_id"] for line in cli("results", ended, "--only", "failed").out.splitlines()}
    lines = (home / "sums.jsonl").read_bytes().splitlines(keepends=True)
    expected = b"".join(line for line in lines if json.loads(line)["custom_id"] in failed)
    assert (home / ran.json["out"]).read_bytes() == expected


def test_retry_of_a_cancelled_batch(cli: Cli, submitted: Submitted, clock: Clock, home: Path) -> None:
    batch_id = submitted(400)
    clock.jump(20)
    cli("cancel", batch_id, "--yes")
    clock.jump(1000)
    ran = cli("retry", batch_id, "-o", "rest.jsonl", "--json")
    assert ran.json["requests"] == sum(ran.json["reasons"].values()) > 0
    assert len((home / "rest.jsonl").read_bytes().splitlines()) == ran.json["requests"]


def test_retry_with_nothing_left(cli: Cli, good: str, home: Path) -> None:
    ran = cli("retry", good, "--json", "--submit", "--yes")
    assert (ran.code, ran.json["requests"], ran.json["out"], ran.json["batch_id"]) == (0, 0, None, None)


def test_retry_submits_the_rest_once(cli: Cli, ended: str, server: DemoServer) -> None:
    ran = cli("retry", ended, "--submit", "--yes", "--json")
    assert ran.code == 0
    batch = cli("show", ran.json["batch_id"], "--json").json
    assert batch["metadata"]["lazybatch_parent"] == ended
    again = cli("retry", ended, "--submit", "--yes", "--json")
    assert (again.code, again.json["batch_id"]) == (1, ran.json["batch_id"])
    assert server.calls["batches.create"] == 2
    assert cli("retry", ended, "--submit").code == 2
    assert cli("retry", ended, "--submit", "--yes", "--read-only").code == 2


def test_retry_tells_what_it_wrote_where_it_cannot_be_submitted(cli: Cli, ended: str, server: DemoServer) -> None:
    server.faults.add(Fault("batches.create", "status", status=400, message="Billing hard limit has been reached."))
    ran = cli("retry", ended, "--submit", "--yes", "--json")
    assert (ran.code, ran.json["out"], ran.json["batch_id"]) == (1, f"{ended}.remainder.jsonl", None)
    assert "Billing hard limit" in ran.err and ran.err.rstrip().endswith("No batch was created.")


def test_retry_never_writes_over_its_own_input(cli: Cli, ended: str, home: Path) -> None:
    before = (home / "sums.jsonl").read_bytes()
    ran = cli("retry", ended, "-o", "sums.jsonl")
    assert ran.code == 2
    assert (home / "sums.jsonl").read_bytes() == before


def test_joined_lines_into_a_pipe(cli: Cli, ended: str) -> None:
    ran = process("results", ended, "--format", "jsonl")
    assert len(ran.out.splitlines()) == 60


def test_chosen_columns(cli: Cli, good: str, home: Path) -> None:
    ran = cli("results", good, "--columns", "id,text,answer.x", "-o", "some.csv", "--json")
    assert (ran.code, ran.json["ok"]) == (0, 6)
    with (home / "some.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["id", "text", "answer.x"] and [row[0] for row in rows] == [f"request-{n}" for n in range(6)]
    assert cli("results", good, "--columns", "id").out.splitlines()[0] == "id"
    for wrong in (("--columns", "nonsense"), ("--columns", "id", "--format", "jsonl")):
        ran = cli("results", good, *wrong)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_what_was_run_again_is_read_with_it(cli: Cli, ended: str, server: DemoServer, clock: Clock, home: Path) -> None:
    alone = cli("results", ended, "--json").json
    assert alone["joined"] == [ended] and alone["left_out"] == []
    server.knobs.update({"failure_rate": 0.0})
    rest = cli("retry", ended, "--submit", "--yes", "--json").json["batch_id"]
    ran = cli("results", ended, "--json")
    assert ran.json == alone | {"left_out": [{"id": rest, "reason": "It is still validating."}]}
    # Nor is it submitted again while it runs.
    again = cli("retry", ended, "--submit", "--yes", "--json")
    assert (again.code, again.json["batch_id"]) == (1, rest)
    assert server.calls["batches.create"] == 2
    clock.jump(1000)
    ran = cli("results", ended, "-o", "all.jsonl", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["requests"], ran.json["ok"], ran.json["failures"]) == (60, 60, [])
    assert ran.json["joined"] == [ended, rest] and ran.json["agrees_with_counts"] is True
    lines = [json.loads(line) for line in (home / "all.jsonl").read_bytes().splitlines()]
    assert [line["custom_id"] for line in lines] == [f"request-{number}" for number in range(60)]
    assert all(line["response"]["status_code"] == 200 for line in lines)
    assert "2 batches read as one" in ran.err and "all.jsonl: 60 requests with their results" in ran.err
    # The remainder is its own requests, unless the whole is asked for.
    ran = cli("results", rest, "--json")
    assert ran.json["requests"] == alone["failed"] and ran.json["joined"] == [rest]
    assert cli("results", rest, "--whole", "--json").json["joined"] == [ended, rest]
    ran = cli("retry", ended, "--json")
    assert (ran.code, ran.json["requests"]) == (0, 0)


def test_the_parts_of_a_file_are_read_as_one(
    cli: Cli, tmp_path: Path, server: DemoServer, clock: Clock, make_file: MakeFile
) -> None:
    text = f'[profiles.few]\nbase_url = "{server.base_url}"\n[profiles.few.limits]\nmax_requests = 4\n'
    (tmp_path / "config.toml").write_text('default = "few"\n' + text)
    path = make_file(10)
    parts = [part["batch_id"] for part in cli("submit", path, "--split", "--yes", "--json").json["parts"]]
    clock.jump(1000)
    assert cli("results", parts[1], "--json").json["requests"] == 4
    for part in (parts[2], parts[0]):
        ran = cli("results", part, "--whole", "-o", "all.jsonl", "--json")
        assert (ran.code, ran.json["requests"], ran.json["ok"], ran.json["joined"]) == (0, 10, 10, parts)
    lines = [json.loads(line)["custom_id"] for line in Path("all.jsonl").read_bytes().splitlines()]
    assert lines == [f"request-{number}" for number in range(10)]
    # A part whose files are gone is left out, and said to be.
    for found in (tmp_path / "state" / "results").rglob(f"{parts[1]}.*"):
        found.unlink()
    server.faults.add(Fault("files.content", "status", times=None, status=404))
    ran = cli("results", parts[0], "--whole", "--json")
    assert (ran.json["requests"], ran.json["joined"]) == (6, [parts[0], parts[2]])
    assert ran.json["left_out"][0]["id"] == parts[1] and "no longer on the server" in ran.json["left_out"][0]["reason"]


def test_a_list_that_cannot_be_had_is_told(cli: Cli, good: str, server: DemoServer) -> None:
    server.faults.add(Fault("batches.list", "status", times=None, status=500))
    ran = cli("results", good, "--json")
    assert (ran.code, ran.json["ok"]) == (0, 6)
    assert "Whether its requests were run again is only known from here" in ran.err


def test_a_retry_is_not_paid_for_results_that_are_not_here(
    cli: Cli, good: str, server: DemoServer, tmp_path: Path, home: Path
) -> None:
    """An earlier version kept what came of a file as all of it."""
    assert cli("results", good, "--json").json["ok"] == 6
    (kept,) = (tmp_path / "state" / "results").rglob(f"{good}.output.jsonl")
    whole = kept.read_bytes()
    kept.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    ran = cli("retry", good, "--submit", "--yes", "--json")
    assert (ran.code, ran.json["requests"], kept.read_bytes()) == (0, 0, whole)
    # Where a fresh one does not agree, its user decides.
    counts = {"request_counts": {"total": 7, "completed": 7, "failed": 0}}
    server.faults.add(Fault("batches.retrieve", "rewrite", times=2, merge=counts))
    more = home / "sums.jsonl"
    more.write_bytes(
        more.read_bytes() + more.read_bytes().splitlines(keepends=True)[0].replace(b"request-0", b"one-more")
    )
    ran = cli("retry", good, "--input", more, "--submit", "--yes", "--json")
    assert (ran.code, ran.json["requests"], ran.json["batch_id"]) == (1, 1, None)
    assert "--allow-mismatch" in ran.err and "The server reports 7 completed" in ran.err
    assert server.calls["batches.create"] == 1
    ran = cli("retry", good, "--input", more, "--submit", "--yes", "--json", "--allow-mismatch")
    assert (ran.code, server.calls["batches.create"]) == (0, 2), ran.err


def test_a_retry_of_everything_is_no_duplicate(
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock
) -> None:
    server.knobs.update({"failure_rate": 1.0})
    named = ("--description", "all, of it", "--meta", "note=a, b = c", "--meta", "team=search")
    parent = submitted(6, *named)
    clock.jump(1000)
    made: list[str] = []
    for of in (parent, parent, None):
        ran = cli("retry", of or made[-1], "--submit", "--yes", "--json")
        assert (ran.code, ran.json["requests"]) == (0, 6), ran.err
        assert ran.json["batch_id"] not in {parent, *made}
        # The same once more makes none: it is the same retry.
        again = cli("retry", of or made[-1], "--submit", "--yes", "--json")
        assert (again.code, again.json["batch_id"]) == (1, ran.json["batch_id"])
        shown = cli("show", ran.json["batch_id"], "--json").json["metadata"]
        assert shown.items() >= {"description": "all, of it", "note": "a, b = c", "team": "search"}.items()
        assert shown["lazybatch_parent"] == (of or made[-1])
        made.append(ran.json["batch_id"])
        clock.jump(1000)
    # By itself the content is still a duplicate.
    again = cli("submit", "sums.jsonl", "--yes", "--json")
    assert (again.code, again.json["batch_id"]) == (1, made[-1])


def test_a_batch_without_any_result_is_retried_whole(
    cli: Cli, submitted: Submitted, clock: Clock, home: Path, server: DemoServer
) -> None:
    batch_id = submitted(5)
    cli("cancel", batch_id, "--yes")
    clock.jump(1000)
    assert cli("show", batch_id, "--json").json["output_file_id"] is None
    ran = cli("retry", batch_id, "-o", "rest.jsonl", "--submit", "--yes", "--json")
    assert (ran.code, ran.json["requests"]) == (0, 5), ran.err
    assert ran.json["batch_id"] not in {None, batch_id}
    assert (home / "rest.jsonl").read_bytes() == (home / "sums.jsonl").read_bytes()
