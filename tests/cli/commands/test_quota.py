"""What a model's quota says of a submission; tokens that cannot be counted are not none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, MakeFile
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer


@pytest.fixture
def limited(cli: Cli, tmp_path: Path, server: DemoServer) -> Cli:
    """The commands under a profile with a quota of 200 tokens, at a provider of its own endpoints."""
    (tmp_path / "config.toml").write_text(
        f'default = "few"\n[profiles.few]\nbase_url = "{server.base_url}"\n'
        "[profiles.few.limits]\nother_endpoints = true\n"
        "[profiles.few.limits.enqueued_tokens]\ngpt-4o-mini = 200\n"
    )
    return cli


def lines(home: Path, url: str, *bodies: dict[str, Any]) -> Path:
    path = home / "other.jsonl"
    made = (
        {"custom_id": str(number), "method": "POST", "url": url, "body": {"model": "gpt-4o-mini", **body}}
        for number, body in enumerate(bodies)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in made))
    return path


WORDS = "Nothing here is worth more than four words. " * 40


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v4/chat/completions", {"messages": [{"role": "user", "content": WORDS}]}),
        ("/v2/messages", {"system": WORDS, "messages": [{"role": "user", "content": "Hello"}]}),
        ("/v3/responses", {"input": WORDS}),
        ("/v4/embeddings", {"input": [WORDS]}),
        ("/openai/deployments/a/completions", {"prompt": WORDS}),
    ],
)
def test_tokens_are_counted_by_what_the_body_says(
    limited: Cli, home: Path, server: DemoServer, url: str, body: dict[str, Any]
) -> None:
    path = lines(home, url, body)
    found = limited("validate", path, "--json").json["estimate"]
    assert 350 < found["input_tokens"] < 450
    ran = limited("submit", path, "--yes")
    assert ran.code == 1
    assert "where 200 are allowed at one time" in ran.err
    assert server.calls == {}


def test_what_cannot_be_counted_is_not_none(limited: Cli, home: Path, server: DemoServer) -> None:
    path = lines(home, "/v1/rerank", {"query": "a", "documents": [WORDS]})
    found = limited("validate", path, "--json").json["estimate"]
    assert (found["input_tokens"], found["cost"]) == (None, None)
    assert "not counted: requests of an unknown kind" in found["basis"]
    for command in (("submit", path), ("queue", "add", path), ("submit", path, "--split")):
        ran = limited(*command, "--yes")
        assert ran.code == 1, command
        assert "Tokens not counted: not all input tokens can be counted (requests of an unknown kind)" in ran.err
    assert server.calls == {}
    ran = limited("split", path, "--max-tokens", "100")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot be split by tokens" in ran.err
    assert limited("queue", "add", path, "--yes", "--over-budget").code == 0
    assert limited("queue", "--json").json["entries"][0]["input_tokens"] is None


def test_images_have_no_upper_end(limited: Cli, home: Path) -> None:
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    path = lines(home, "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}], "max_tokens": 9})
    ran = limited("submit", path, "--yes")
    assert ran.code == 1
    assert "Tokens not counted: not all input tokens can be counted (images, audio and files)" in ran.err
    assert limited("validate", path, "--json").json["estimate"]["cost"] is None


def test_without_room_it_is_refused_or_waits(limited: Cli, make_file: MakeFile, server: DemoServer) -> None:
    assert limited("submit", make_file(12), "--yes").code == 0
    path = make_file(11)
    ran = limited("submit", path, "--yes", "--json")
    assert (ran.code, ran.json["batch_id"]) == (1, None)
    assert "No room now: 200 limit" in ran.err
    assert "--queue has it wait for room." in ran.err
    assert server.calls["batches.create"] == 1
    ran = limited("submit", path, "--yes", "--json", "--queue")
    assert (ran.code, ran.json["batch_id"]) == (0, None)
    assert ran.json["queued"] == limited("queue", "--json").json["entries"][-1]["id"]
    assert server.calls["batches.create"] == 1


def test_a_retry_is_held_against_it(
    cli: Cli, make_file: MakeFile, server: DemoServer, tmp_path: Path, clock: Clock
) -> None:
    batch_id = cli("submit", make_file(100), "--yes", "--json").json["batch_id"]
    while not (cli("show", batch_id, "--json").json["requests"]["completed"] or 0):
        clock.jump(0.5)
    assert cli("cancel", batch_id, "--yes").code == 0
    clock.jump(3600)
    (tmp_path / "config.toml").write_text(
        f'[profiles.few]\nbase_url = "{server.base_url}"\n[profiles.few.budget]\nbatch = 0.0000001\n'
    )
    ran = cli("retry", batch_id, "--submit", "--yes", "--json")
    assert (ran.code, ran.json["batch_id"]) == (1, None), ran.err
    assert "Over budget: more than a batch may cost" in ran.err
    assert server.calls["batches.create"] == 1
    assert cli("retry", batch_id, "--submit", "--yes", "--over-budget").code == 0
    assert server.calls["batches.create"] == 2
