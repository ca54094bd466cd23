"""What results that were read tell of a batch's cost, where its server tells nothing."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.commands.test_costs import costs, told
from tests.cli.conftest import KEY, Cli
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

ZEROS = {"total": 0, "completed": 0, "failed": 0}


def spent(server: DemoServer, file_id: str) -> float:
    """What the result lines of a file come to at OpenAI's batch price of gpt-4o-mini."""
    asked = urllib.request.Request(f"{server.base_url}/files/{file_id}/content")  # noqa: S310  (a loopback URL)
    asked.add_header("Authorization", f"Bearer {KEY}")
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        used = [json.loads(line)["response"]["body"]["usage"] for line in answer]
    tokens = ((int(each["prompt_tokens"]), int(each["completion_tokens"])) for each in used)
    return sum(0.075e-6 * given + 0.3e-6 * made for given, made in tokens)


@pytest.mark.parametrize("counts", [ZEROS, None, {"total": 5, "completed": 5, "failed": 0}])
def test_the_usage_of_results_is_the_measure(
    cli: Cli,
    submitted: Callable[..., str],
    server: DemoServer,
    clock: Clock,
    counts: dict[str, int] | None,
) -> None:
    batch_id = submitted()
    clock.jump(1000)
    told(server, usage=None, request_counts=counts)
    (listed,) = cli("list", "--json").json
    known = counts if counts and counts["total"] else {"total": None, "completed": None, "failed": None}
    assert listed["requests"] == known
    assert costs(listed)[2] is not True
    ran = cli("results", batch_id, "--json")
    assert ran.code == 0 and ran.json["ok"] == 5
    expected = pytest.approx(spent(server, listed["output_file_id"]), abs=1e-6)
    (listed,) = cli("list", "--json").json
    assert costs(listed) == costs(cli("show", batch_id, "--json").json) == (expected, expected, True)
    assert listed["requests"] == known
    # What the server counts goes before.
    told(server, usage={"input_tokens": 1_000_000, "output_tokens": 1_000_000, "total_tokens": 2_000_000})
    assert costs(cli("show", batch_id, "--json").json) == (0.375, 0.375, True)


def test_results_that_are_in_doubt_are_no_measure(
    cli: Cli, submitted: Callable[..., str], server: DemoServer, clock: Clock
) -> None:
    batch_id = submitted()
    clock.jump(1000)
    told(server, usage=None, model="a-model", request_counts={"total": 9, "completed": 9, "failed": 0})
    cli("results", batch_id)
    told(server, usage=None, model="gpt-4o-mini", request_counts={"total": 9, "completed": 9, "failed": 0})
    cost: dict[str, Any] = cli("show", batch_id, "--json").json
    assert cost["cost_measured"] is not True
