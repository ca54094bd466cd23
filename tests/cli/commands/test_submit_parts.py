"""`submit --split`, and `--again` where a provider cannot be asked."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

FIELDS = {"submission", "batch_id", "input_file_id", "sha256", "requests", "parts"}


@pytest.fixture
def few(cli: Cli, tmp_path: Path, server: DemoServer) -> Cli:
    """The commands under a profile that allows four requests a file."""
    text = f'[profiles.few]\nbase_url = "{server.base_url}"\n[profiles.few.limits]\nmax_requests = 4\n'
    (tmp_path / "config.toml").write_text('default = "few"\n' + text)
    return cli


def _names(cli: Cli) -> list[str]:
    return sorted(batch["name"] for batch in cli("list", "--all", "--json").json)


def test_without_the_option_it_is_named(few: Cli, make_file: MakeFile, server: DemoServer) -> None:
    ran = few("submit", make_file(10), "--yes", "--json")
    assert (ran.code, ran.json["parts"]) == (1, [])
    assert "--split submits it in 3 parts" in ran.err
    assert server.calls == {}


def test_each_part_once(few: Cli, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(10)
    ran = few("submit", path, "--split", "--yes", "--json", "--description", "sums")
    assert ran.code == 0, ran.err
    assert set(ran.json) == FIELDS
    assert [part["requests"] for part in ran.json["parts"]] == [4, 4, 2]
    assert b"".join(Path(part["file"]).read_bytes() for part in ran.json["parts"]) == path.read_bytes()
    assert len({part["group"] for part in ran.json["parts"]}) == 1
    assert len({part["batch_id"] for part in ran.json["parts"]}) == 3
    assert _names(few) == ["sums 1/3", "sums 2/3", "sums 3/3"]
    second = few("submit", path, "--split", "--yes", "--json")
    assert second.code == 1
    assert [part["batch_id"] for part in second.json["parts"]] == [part["batch_id"] for part in ran.json["parts"]]
    assert "All parts" in second.err
    assert server.calls["batches.create"] == 3
    assert few("submit", path, "--split", "--yes", "--again").code == 0
    assert server.calls["batches.create"] == 6


def test_a_break_tells_how_far_it_came_and_is_gone_on_with(few: Cli, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(10)
    server.faults.add(Fault("batches.create", "slow", delay_s=0.0))
    server.faults.add(Fault("batches.create", "status", status=400, message="Enough."))
    broken = few("submit", path, "--split", "--yes", "--json", "--description", "sums")
    assert broken.code == 1
    assert "Part 2 of 3: Enough. Part 1 is there." in broken.err
    assert [bool(part["batch_id"]) for part in broken.json["parts"]] == [True, False, False]
    server.faults.clear()
    ran = few("submit", path, "--split", "--yes", "--json", "--description", "sums")
    assert ran.code == 0, ran.err
    assert ran.json["parts"][0]["batch_id"] == broken.json["parts"][0]["batch_id"]
    assert _names(few) == ["sums 1/3", "sums 2/3", "sums 3/3"]


def test_parts_without_room_wait_in_the_queue(
    few: Cli, make_file: MakeFile, server: DemoServer, tmp_path: Path
) -> None:
    settings = tmp_path / "config.toml"
    # Room for the first part of four requests, and not for another one.
    settings.write_text(settings.read_text() + "[profiles.few.limits.enqueued_requests]\ngpt-4o-mini = 7\n")
    path = make_file(10)
    ran = few("submit", path, "--split", "--yes", "--json", "--description", "sums")
    assert ran.code == 0, ran.err
    assert "There is no room for 2 parts now: lazybatch queue run sends the rest" in ran.err
    assert [bool(part["batch_id"]) for part in ran.json["parts"]] == [True, False, False]
    waiting = [entry["id"] for entry in few("queue", "--json").json["entries"] if entry["state"] == "waiting"]
    assert [part["queued"] for part in ran.json["parts"]] == [None, *waiting]
    assert few("submit", path, "--split", "--yes").code == 0
    for _ in range(2):
        server.clock.jump(60)
        assert few("queue", "run", "--once").code == 0
    assert _names(few) == ["sums 1/3", "sums 2/3", "sums 3/3"]
    assert server.calls["batches.create"] == 3


def test_a_small_file_is_submitted_whole(few: Cli, make_file: MakeFile) -> None:
    ran = few("submit", make_file(3), "--split", "--yes", "--json")
    assert (ran.code, ran.json["parts"]) == (0, [])
    assert ran.json["batch_id"]


def test_other_problems_are_not_cut_away(few: Cli, make_file: MakeFile, server: DemoServer) -> None:
    ran = few("submit", make_file(10, stream=True), "--split", "--yes", "--json")
    assert ran.code == 1
    assert "streaming_unsupported" in ran.err
    assert server.calls == {}


def test_again_is_the_way_out_where_nobody_can_be_asked(cli: Cli, make_file: MakeFile, server: DemoServer) -> None:
    path = make_file(3)
    server.faults.add(Fault("batches.create", "drop_after"))
    server.faults.add(Fault("batches.list", "status", status=404, times=None))
    for _ in range(2):
        ran = cli("submit", path, "--yes", "--json")
        assert ran.code == 3
        assert f"lazybatch submit {path} --again" in ran.err
    assert server.calls["batches.create"] == 1
    ran = cli("submit", path, "--yes", "--json", "--again")
    assert ran.code == 0, ran.err
    assert server.calls["batches.create"] == 2
    assert "submitted the file again all the same" in ran.err


def test_more_tokens_than_may_wait_at_once(cli: Cli, make_file: MakeFile, server: DemoServer, tmp_path: Path) -> None:
    text = f'default = "few"\n[profiles.few]\nbase_url = "{server.base_url}"\n'
    (tmp_path / "config.toml").write_text(text + "[profiles.few.limits.enqueued_tokens]\ngpt-4o-mini = 60\n")
    path = make_file(10)
    ran = cli("submit", path, "--split", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert len(ran.json["parts"]) > 2
    assert b"".join(Path(part["file"]).read_bytes() for part in ran.json["parts"]) == path.read_bytes()
    whole = cli("submit", make_file(11), "--yes", "--json")
    assert (whole.code, whole.json["parts"], whole.json["batch_id"]) == (1, [], None)
    assert "Over the limit on tokens: about" in whole.err
    assert "where 60 are allowed at one time." in whole.err
    assert "--yes does not allow that, --over-budget does. --split submits it in parts." in whole.err
