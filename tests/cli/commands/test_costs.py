"""What commands say of the costs of batches."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, MakeFile
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer

Submitted = Callable[..., str]
NAMES = ("cost", "cost_at_end", "cost_measured")
USAGE = {"input_tokens": 1_000_000, "output_tokens": 1_000_000, "total_tokens": 2_000_000}
# At OpenAI's batch price of gpt-4o-mini, $0.075 and $0.30 for a million tokens.
MEASURED = (0.375, 0.375, True)


def told(server: DemoServer, **merge: Any) -> None:
    """What the server says of each batch from now on."""
    server.faults.clear()
    server.faults.add(Fault("batches.*", "rewrite", times=None, merge=merge))


def costs(batch: dict[str, Any]) -> tuple[object, ...]:
    return tuple(batch[name] for name in NAMES)


def test_tokens_that_were_counted(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    batch_id = submitted()
    clock.jump(1000)
    told(server, usage=USAGE)
    (listed,) = cli("list", "--json").json
    assert costs(listed) == costs(cli("show", batch_id, "--json").json) == MEASURED
    assert "$0.38" in cli("list").out
    assert "cost      $0.38" in cli("show", batch_id).out


def test_what_earlier_batches_used_tells_of_a_running_one(
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock
) -> None:
    submitted(2)
    clock.jump(1000)
    told(server, usage=USAGE, request_counts={"total": 2, "completed": 2, "failed": 0})
    cli("list")
    running = submitted(4, name="more.jsonl")
    told(server, status="in_progress", usage=None, request_counts={"total": 4, "completed": 1, "failed": 0})
    batch = cli("show", running, "--json").json
    # The input is our own estimate's: next to nothing.
    assert batch["cost_measured"] is False
    assert batch["cost"] == pytest.approx(0.15, abs=1e-4)
    assert batch["cost_at_end"] == pytest.approx(0.60, abs=1e-4)
    assert "about $0.15 so far, about $0.60 in the end" in cli("show", running).out
    assert "~$0.15" in cli("list").out


@pytest.mark.parametrize(
    "odd",
    [
        {"usage": None},
        {"usage": "much"},
        {"usage": {"input_tokens": -5, "output_tokens": None}},
        {"usage": USAGE, "model": "a-model-of-our-own"},
        {"usage": USAGE, "endpoint": "/v1/images/generations"},
    ],
)
def test_what_is_not_known_is_null(
    cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock, odd: dict[str, Any]
) -> None:
    batch_id = submitted()
    clock.jump(1000)
    told(server, **odd)
    assert costs(cli("show", batch_id, "--json").json) == (None, None, None)
    assert "cost" not in cli("show", batch_id).out
    (listed,) = cli("list", "--json").json
    assert listed["id"] == batch_id and costs(listed) == (None, None, None)


def test_a_filter_by_cost(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    batch_id = submitted()
    clock.jump(1000)
    told(server, usage=USAGE)

    def found(query: str) -> list[str]:
        return [batch["id"] for batch in cli("list", "--json", "--filter", query).json]

    assert found("cost:>0.3") == found("cost:<=$0.38") == found("cost:0.38") == [batch_id]
    assert found("cost:>5") == found("!cost:<5") == []
    told(server, usage=USAGE, model="a-model-of-our-own")
    assert found("cost:>0") == found("cost:<=0") == []


def test_a_cancel_by_cost(cli: Cli, submitted: Submitted, server: DemoServer, clock: Clock) -> None:
    submitted()
    clock.jump(5)
    told(server, status="in_progress", usage=USAGE)
    assert cli("cancel", "--filter", "cost:>5", "--yes", "--json").json == []
    (end,) = cli("cancel", "--filter", "cost:>0.3", "--yes", "--json").json
    assert end["outcome"] == "cancelling"


def test_without_a_state_it_goes_by_the_server(
    cli: Cli, submitted: Submitted, server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted()
    told(server, status="completed", model="gpt-4o-mini", usage=USAGE)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "lazybatch.sqlite3").write_bytes(b"no database" * 1000)
    for state in (broken, tmp_path / "none"):
        monkeypatch.setenv("LAZYBATCH_STATE", str(state))
        ran = cli("list", "--json")
        assert (ran.code, costs(ran.json[0])) == (0, MEASURED)
    assert not (tmp_path / "none").exists()


def settings(home: Path, server: DemoServer, budget: str) -> None:
    """A profile on the server with this budget."""
    (home.parent / "config.toml").write_text(
        f'[profiles.lab]\nbase_url = "{server.base_url}"\n[profiles.lab.budget]\n{budget}\n'
    )


@pytest.fixture
def earlier(cli: Cli, submitted: Submitted, server: DemoServer) -> dict[str, Any]:
    """What the server says of its batches: one of two requests has ended today, and cost $0.375."""
    submitted(2)
    counts = {"total": 2, "completed": 2, "failed": 0}
    said = {"status": "completed", "model": "gpt-4o-mini", "usage": USAGE, "request_counts": counts}
    told(server, **said)
    cli("list")
    return said


def test_a_budget_is_held_against_a_submission(
    cli: Cli, earlier: dict[str, Any], server: DemoServer, home: Path, make_file: MakeFile
) -> None:
    path = make_file(4, "more.jsonl")
    # Half a million tokens of output each, at $0.30 a million.
    assert "estimated cost: about $0.60." in cli("validate", path).out
    server.faults.clear()
    settings(home, server, "day = 0.9\nmonth = 100\nbatch = 0.5")
    server.faults.add(Fault("batches.list", "rewrite", times=None, merge=earlier))
    ran = cli("submit", path, "--yes", "--json")
    assert (ran.code, ran.json["batch_id"]) == (1, None)
    assert "Over budget: more than a batch may cost: $0.50." in ran.err
    assert "Over budget: more than is left today: $0.53 of $0.90." in ran.err
    assert "this month" not in ran.err
    assert "--yes does not allow that, --over-budget does." in ran.err
    assert len(cli("list", "--json").json) == 1
    assert cli("submit", path, "--yes", "--over-budget").code == 0
    assert len(cli("list", "--json").json) == 2
    # What is there already costs nothing more: that is what is told, not the budget.
    again = cli("submit", path, "--yes")
    assert (again.code, "was submitted already" in again.err, "Over budget" in again.err) == (1, True, False)


def test_parts_are_held_against_it(cli: Cli, server: DemoServer, home: Path, make_file: MakeFile) -> None:
    settings(home, server, "day = 0.000001")
    text = (home.parent / "config.toml").read_text()
    (home.parent / "config.toml").write_text(text + "[profiles.lab.limits]\nmax_requests = 2\n")
    path = make_file(4, max_tokens=50)
    ran = cli("submit", path, "--split", "--yes", "--json")
    assert (ran.code, [part["batch_id"] for part in ran.json["parts"]]) == (1, [None, None])
    assert cli("list", "--json").json == []
    assert cli("submit", path, "--split", "--yes", "--over-budget").code == 0
    # Nor does what was begun: it is gone on with.
    assert "Over budget" not in cli("submit", path, "--split", "--yes").err


def test_a_cost_that_is_not_known_is_not_within_a_budget(
    cli: Cli, server: DemoServer, home: Path, make_file: MakeFile
) -> None:
    settings(home, server, "batch = 50")
    path = make_file(2, model="nobody-prices-this")
    for command in (("submit", path), ("queue", "add", path)):
        ran = cli(*command, "--yes")
        assert ran.code == 1
        assert "Cost not known: it cannot be held against the budget." in ran.err
    assert cli("submit", path, "--yes", "--over-budget").code == 0


def test_a_budget_that_is_not_passed_says_nothing(
    cli: Cli, server: DemoServer, home: Path, make_file: MakeFile
) -> None:
    settings(home, server, "day = 50\nbatch = 50")
    ran = cli("submit", make_file(2), "--yes")
    assert (ran.code, "Over budget" in ran.err) == (0, False)


def test_what_was_spent_may_not_be_known(cli: Cli, server: DemoServer, home: Path, make_file: MakeFile) -> None:
    settings(home, server, "day = 50")
    server.faults.add(Fault("batches.list", "status", times=None, status=404, message="no such route"))
    ran = cli("submit", make_file(2), "--yes")
    assert ran.code == 1
    assert "Spend not known: " in ran.err
    assert cli("submit", make_file(2), "--yes", "--over-budget").code == 0


def test_a_budget_that_cannot_be_is_one_sentence(cli: Cli, server: DemoServer, home: Path, make_file: MakeFile) -> None:
    settings(home, server, "day = -1")
    ran = cli("submit", make_file(2), "--yes")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "the budget of a day must be a number of US dollars above 0." in ran.err


@pytest.mark.usefixtures("earlier")
def test_files_that_wait_are_held_against_it_together(
    cli: Cli, server: DemoServer, home: Path, make_file: MakeFile
) -> None:
    settings(home, server, "day = 1.4\nbatch = 0.7")
    files = [make_file(number, f"{number}.jsonl") for number in (4, 3)]
    # $0.60 and $0.45: each is within what is left, $1.03, and both are not.
    assert "Over budget" not in cli("queue", "add", files[0], "--yes").err
    ran = cli("queue", "add", *files, "--yes", "--again")
    assert ran.err.count("Over budget: more than is left today") == ran.err.count("Over budget") == 1, ran.err


def test_a_broken_state_is_told_once_and_the_list_goes_on(
    cli: Cli, submitted: Submitted, server: DemoServer, tmp_path: Path
) -> None:
    batch_id = submitted()
    with closing(sqlite3.connect(next(tmp_path.rglob("lazybatch.sqlite3")))) as state:
        state.executescript("DROP TABLE usages; DROP TABLE prices")
    told(server, status="completed", usage=USAGE)
    ran = cli("list", "--json")
    assert [batch["id"] for batch in ran.json] == [batch_id]
    assert ran.err.count("cannot be used: no such table: usages") == 1
    assert ran.err.count("cannot be used: no such table: prices") == 1
