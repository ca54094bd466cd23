"""`lazybatch queue`: adding, ordering, sending, and who is at it."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile, start
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

ENTRY = {
    "id", "name", "state", "why", "file", "sha256", "requests", "input_tokens", "model", "endpoint", "metadata",
    "batch_id", "added_at",
}  # fmt: skip


@pytest.fixture
def three(cli: Cli, make_file: MakeFile) -> list[Path]:
    """Three files that wait."""
    files = [make_file(number, f"{number}.jsonl") for number in (1, 2, 3)]
    ran = cli("queue", "add", *files, "--yes", "--json")
    assert ran.code == 0, ran.err
    assert [entry["requests"] for entry in ran.json["entries"]] == [1, 2, 3]
    return files


def listed(cli: Cli) -> list[tuple[int, str]]:
    return [(entry["id"], entry["state"]) for entry in cli("queue", "--json").json["entries"]]


def test_nothing_waits(cli: Cli, server: DemoServer) -> None:
    assert cli("queue", "run", "--once").code == 0
    assert server.calls == {}
    ran = cli("queue")
    assert (ran.code, ran.out) == (0, "")
    assert "Nothing waits." in ran.err
    assert cli("queue", "--json").json == {"entries": [], "room": {}, "sender": None}


def test_the_room_that_there_is(cli: Cli, submitted: Callable[..., str], tmp_path: Path) -> None:
    submitted(2)
    _allow(tmp_path, 2_000_000)
    found = cli("queue", "--json").json["room"]["gpt-4o-mini"]
    assert found["limit"] == {"tokens": 2_000_000, "requests": None}
    assert found["enqueued"]["requests"] == 2
    assert found["batches_of_unknown_size"] == 0
    assert cli("queue").out == f"gpt-4o-mini: 2.0M limit · {found['enqueued']['tokens']} enqueued\n"


def test_what_waits_and_why(cli: Cli, three: list[Path], server: DemoServer) -> None:
    ran = cli("queue", "--json")
    assert ran.code == 0
    first, second, third = ran.json["entries"]
    assert set(first) == ENTRY
    assert (first["file"], first["model"], first["state"], first["why"]) == (
        str(three[0]), "gpt-4o-mini", "waiting", "goes out next",
    )  # fmt: skip
    assert second["why"] == "waits until the provider has taken in the one before"
    assert third["why"] == "waits behind one of the same model"
    plain = cli("queue")
    assert "goes out next" in plain.out
    assert "Nothing sends it now" in plain.err
    assert server.calls.get("files.create", 0) == 0


def test_without_a_key_the_list_is_told_and_no_more(
    cli: Cli, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    ran = cli("queue")
    assert ran.code == 0
    assert "1.jsonl" in ran.out
    assert "The room at the provider is not known: there is no API key. Set OPENAI_API_KEY." in ran.err
    assert cli("queue", "run", "--once").code == 2


def test_it_is_ordered_by_hand(cli: Cli, three: list[Path]) -> None:
    ran = cli("queue", "move", "3", "first", "--json")
    assert (ran.code, [entry["id"] for entry in ran.json["entries"]]) == (0, [3, 1, 2])
    assert cli("queue", "move", "3", "down").out == "1. 1  1.jsonl\n2. 3  3.jsonl\n3. 2  2.jsonl\n"
    already = cli("queue", "move", "1", "up")
    assert already.code == 0
    assert "there already" in already.err
    assert cli("queue", "move", "9", "up").code == 1
    ran = cli("queue", "remove", "1", "9", "--json")
    assert ran.code == 1
    assert ran.json == [{"id": 1, "removed": True}, {"id": 9, "removed": False}]
    assert listed(cli) == [(3, "waiting"), (2, "waiting")]


def test_it_goes_out_in_order_as_room_frees(cli: Cli, three: list[Path], clock: Clock, tmp_path: Path) -> None:
    tokens = [entry["input_tokens"] for entry in cli("queue", "--json").json["entries"]]
    _allow(tmp_path, sum(tokens[:2]))
    first = cli("queue", "run", "--once", "--json")
    assert first.code == 0, first.err
    events = [json.loads(line) for line in first.out.splitlines()]
    assert [(event["id"], event["state"]) for event in events] == [(1, "sent"), (2, "sent"), (3, "waiting")]
    assert "limit ·" in events[-1]["why"]
    clock.jump(60)
    assert cli("queue", "run", "--once").code == 0
    assert [state for _, state in listed(cli)] == ["sent"] * 3
    assert cli("queue", "move", "3", "up").code == 1
    batches = cli("list", "--json").json
    assert sorted(batch["name"] for batch in batches) == ["1.jsonl", "2.jsonl", "3.jsonl"]


def _allow(tmp_path: Path, tokens: int) -> None:
    """Have the profile say how many tokens may wait."""
    import os

    (tmp_path / "config.toml").write_text(
        f'[profiles.a]\nbase_url = "{os.environ["OPENAI_BASE_URL"]}"\n'
        f"[profiles.a.limits.enqueued_tokens]\ngpt-4o-mini = {tokens}\n"
    )


def test_bad_files_are_told_and_the_others_queued(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    good, bad = make_file(2, "good.jsonl"), make_file(2, "bad.jsonl", stream=True)
    ran = cli("queue", "add", bad, good, "--yes", "--json", "--description", "nightly", "--meta", "team=a")
    assert ran.code == 1
    assert "streaming_unsupported" in ran.err
    (entry,) = ran.json["entries"]
    assert (entry["file"], entry["metadata"]) == (str(good), {"description": "nightly", "team": "a"})
    again = cli("queue", "add", good, "--yes", "--json")
    assert (again.code, again.json) == (1, {"entries": []})
    assert "waits in the queue already, as 1." in again.err
    assert cli("queue", "add", good, "--yes", "--again").code == 0
    assert cli("queue", "add", good.with_name("none.jsonl"), "--yes").code == 2
    assert server.calls == {}


def test_parts_wait_like_files(cli: Cli, make_file: MakeFile, tmp_path: Path, server: DemoServer) -> None:
    (tmp_path / "config.toml").write_text(
        f'[profiles.few]\nbase_url = "{server.base_url}"\n[profiles.few.limits]\nmax_requests = 4\n'
    )
    path = make_file(10)
    without = cli("queue", "add", path, "--yes", "--json")
    assert (without.code, without.json) == (1, {"entries": []})
    assert "--split queues it in 3 parts" in without.err
    ran = cli("queue", "add", path, "--split", "--yes", "--json", "--description", "sums")
    assert ran.code == 0, ran.err
    assert [entry["metadata"]["description"] for entry in ran.json["entries"]] == ["sums 1/3", "sums 2/3", "sums 3/3"]
    assert len({entry["metadata"]["lazybatch_group"] for entry in ran.json["entries"]}) == 1


def test_a_held_entry_is_told(cli: Cli, three: list[Path]) -> None:
    three[0].unlink()
    ran = cli("queue", "run", "--once")
    assert ran.code == 1
    assert f"{three[0]} is no longer there" in ran.out
    assert listed(cli)[:2] == [(1, "held"), (3, "waiting")]


def test_a_server_that_is_away(cli: Cli, three: list[Path], server: DemoServer) -> None:
    server.faults.add(Fault("*", "status", status=503, times=None))
    ran = cli("queue")
    assert ran.code == 3
    assert "1.jsonl" in ran.out
    assert cli("queue", "run", "--once").code == 3


def test_without_a_yes_nobody_can_be_asked(cli: Cli, make_file: MakeFile) -> None:
    ran = cli("queue", "add", make_file())
    assert (ran.code, ran.out) == (2, "")
    assert "--yes" in ran.err


@pytest.mark.parametrize("verb", [["add", "x.jsonl", "--yes"], ["run", "--once"], ["move", "1", "up"], ["remove", "1"]])
def test_a_read_only_profile_only_looks(cli: Cli, three: list[Path], verb: list[str]) -> None:
    ran = cli("queue", *verb, "--read-only")
    assert ran.code == 2
    assert "is read-only" in ran.err
    assert cli("queue", "--read-only").code == 0


def test_the_second_says_who_is_at_it_and_a_killed_one_is_not(
    cli: Cli, make_file: MakeFile, submitted: Callable[..., str], server: DemoServer
) -> None:
    running = start("queue", "run", "--interval", "0.1")
    try:
        _until(lambda: cli("queue", "--json").json["sender"])
        second = cli("queue", "run", "--once")
        assert second.code == 1
        assert f"lazybatch queue run sends what waits (process {running.pid}, for " in second.err
        cli("queue", "add", make_file(2), "--yes")
        _until(lambda: [state for _, state in listed(cli)] == ["sent"])
    finally:
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    assert cli("queue", "--json").json["sender"] is None
    cli("queue", "add", make_file(3), "--yes")
    server.clock.jump(60)
    assert cli("queue", "run", "--once").code == 0
    assert [state for _, state in listed(cli)] == ["sent", "sent"]


def test_an_interrupt_leaves_what_waits(cli: Cli, three: list[Path], server: DemoServer) -> None:
    running = start("queue", "run", "--interval", "0.1")
    _until(lambda: server.calls.get("batches.create"))
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"the next run goes on" in err
    assert (3, "waiting") in listed(cli)


def _until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
