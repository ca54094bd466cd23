"""`validate`."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, MakeFile, process, request

FIELDS = {
    "file", "bytes", "sha256", "requests", "endpoint", "models", "ok", "problem_count", "problems", "warnings",
    "estimate",
}  # fmt: skip


def test_a_good_file(bare: Cli, make_file: MakeFile) -> None:
    path = make_file(3)
    ran = bare("validate", path, "--json")
    assert ran.code == 0
    assert ran.json == {
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "requests": 3,
        "endpoint": "/v1/chat/completions",
        "models": {"gpt-4o-mini": 3},
        "ok": True,
        "problem_count": 0,
        "problems": [],
        "warnings": [],
        "estimate": {
            "input_tokens": 45,
            "cost": None,  # nothing limits the output
            "currency": "USD",
            "basis": "45 input tokens from all lines; no limit on output; OpenAI's batch price.",
        },
    }
    assert "3 requests" in ran.err
    assert "estimated cost: from <$0.01." in ran.err


def test_every_problem_is_told(bare: Cli, home: Path) -> None:
    from tui.demo.seed.samples import problems

    path = home / "problems.jsonl"
    path.write_bytes(problems())
    ran = bare("validate", path, "--json")
    assert ran.code == 1
    assert set(ran.json) == FIELDS
    assert (ran.json["ok"], ran.json["problem_count"]) == (False, len(ran.json["problems"]))
    assert all(set(problem) == {"line", "code", "message", "param", "custom_id"} for problem in ran.json["problems"])
    found = {problem["line"]: problem for problem in ran.json["problems"]}
    assert found[3]["code"] == "duplicate_custom_id"
    assert found[3]["custom_id"] == "review-1"
    assert found[5]["param"] == "body.stream"
    assert [warning["code"] for warning in ran.json["warnings"]] == ["blank_line"]
    plain = bare("validate", path)
    assert plain.code == 1
    assert "line 5  streaming_unsupported" in plain.out


def test_no_more_than_a_thousand_problems(bare: Cli, home: Path) -> None:
    path = home / "bad.jsonl"
    path.write_bytes(b"{}\n" * 1500)
    ran = bare("validate", path, "--json")
    assert (len(ran.json["problems"]), ran.json["problem_count"]) == (1000, 1500 * 4)
    plain = bare("validate", path)
    assert "lines 1-250  missing_required_parameter  Missing required parameter: 'custom_id'" in plain.out
    assert "… and 5,000 more" in plain.out


def test_what_is_wrong_in_many_lines_is_told_once(bare: Cli, home: Path) -> None:
    path = home / "bad.jsonl"
    streamed = {2, 4, 5, 6, 9, 11, 13, 15, 17}
    path.write_bytes(b"".join(request(number, stream=number in streamed) for number in range(1, 20)))
    plain = bare("validate", path)
    assert "lines 2, 4-6, 9, 11, 13 and 2 others  streaming_unsupported" in plain.out
    assert "9 streaming_unsupported" in plain.out


def test_the_endpoint_that_it_is_meant_for(bare: Cli, make_file: MakeFile) -> None:
    ran = bare("validate", make_file(2), "--endpoint", "/v1/responses", "--json")
    assert ran.code == 1
    assert {problem["code"] for problem in ran.json["problems"]} >= {"invalid_url"}


def test_limits_are_the_profiles(bare: Cli, make_file: MakeFile, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[profiles.a]\n[profiles.a.limits]\nmax_requests = 2\n")
    ran = bare("validate", make_file(3), "--json")
    assert [problem["code"] for problem in ran.json["problems"]] == ["too_many_requests"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_cannot_be_read_is_exit_2(bare: Cli, home: Path, kind: str) -> None:
    path = home / "input"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    ran = bare("validate", path, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
    assert str(path) in ran.err
    assert len(ran.err.splitlines()) == 1


def test_an_empty_file(bare: Cli, home: Path) -> None:
    (home / "empty.jsonl").touch()
    ran = bare("validate", "empty.jsonl", "--json")
    assert (ran.code, ran.json["problems"][0]["code"], ran.json["requests"]) == (1, "empty_file", 0)


def test_nothing_of_a_file_reaches_the_terminal_as_a_command(bare: Cli, home: Path) -> None:
    path = home / "evil\x1b[2J.jsonl"
    path.write_bytes(request(1, model="\x1b]52;c;x\x07") + request(2))
    for ran in (bare("validate", path), bare("validate", path, "--json")):
        assert ran.code == 1
        assert "\x1b" not in ran.out + ran.err


def test_a_name_that_is_no_utf8(home: Path) -> None:
    path = os.fsencode(home) + b"/caf\xe9.jsonl"
    Path(os.fsdecode(path)).write_bytes(request(1))
    ran = process("validate", Path(os.fsdecode(path)), "--json")
    assert ran.code == 0
    assert ran.json["file"].endswith("caf\ufffd.jsonl")
