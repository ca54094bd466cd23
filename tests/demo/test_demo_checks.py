"""Validation of whatever bytes are sent."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.demo.engine import checks, results
from tui.demo.engine.checks import Limits, check
from tui.demo.engine.records import BatchRecord, Check, Plan

CHAT = "/v1/chat/completions"
BATCH = BatchRecord("batch_x", CHAT, "file-x", "24h", 1e9, Plan(1, 10, 1, 1, 1, failure_rate=0.1), 7, ready_at=1e9)
GOOD = (
    b'{"custom_id":"%d","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","messages":[{"x":%s}]}}'
)


def checked(path: Path, content: bytes) -> Check:
    path.write_bytes(content)
    return check(BATCH, path, Limits(), threading.Event())


LINE = st.binary(max_size=40) | st.sampled_from(
    [
        GOOD % (1, b"1"),
        GOOD % (2, b"1e999"),
        GOOD % (3, b"9" * 5_000),
        GOOD % (4, b'"\\ud800"'),
        GOOD % (5, b"[" * 900),
        GOOD % (6, b"[" * 900 + b"]" * 900),
        GOOD % (7, b"NaN"),
        b"\xef\xbb\xbf" + GOOD % (8, b"1"),
        b"",
        b" \t",
        b"\r",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=5))
def test_any_file_is_either_refused_or_answered(tmp_path: Path, lines: list[bytes]) -> None:
    source = tmp_path / "input"
    found = checked(source, b"\n".join(lines))
    assert bool(found.problems) != bool(found.total)
    if found.total:
        output, errors = tmp_path / "output", tmp_path / "errors"
        wrote = results.write(replace(BATCH, check=found), source, output, errors, threading.Event())
        assert wrote.completed + wrote.failed == found.total
        rows = [path.read_bytes().count(b"\n") for path in (output, errors) if path.exists()]
        assert sum(rows) == found.total
        output.unlink(missing_ok=True)
        errors.unlink(missing_ok=True)


def test_blank_lines_count_as_lines_but_not_as_requests(tmp_path: Path) -> None:
    good = [GOOD % (n, b"1") for n in range(3)]
    assert checked(tmp_path / "a", b"\n\n".join(good) + b"\n\n").total == 3
    found = checked(tmp_path / "b", b"\n\n".join([*good, good[0]]))
    assert [(p.code, p.line) for p in found.problems] == [("duplicate_custom_id", 7)]


def test_a_sea_of_problems_is_bounded(tmp_path: Path) -> None:
    found = checked(tmp_path / "a", b"{\n" * 5_000)
    assert [p.line for p in found.problems] == list(range(1, 1_001))


def test_work_ends_when_the_server_stops(tmp_path: Path) -> None:
    stopping = threading.Event()
    stopping.set()
    path = tmp_path / "input"
    path.write_bytes(b"".join(GOOD % (n, b"1") + b"\n" for n in range(600)))
    with pytest.raises(results.StoppedError):
        check(BATCH, path, Limits(), stopping)
    ready = replace(BATCH, check=checks.check(BATCH, path, Limits(), threading.Event()))
    with pytest.raises(results.StoppedError):
        results.write(ready, path, tmp_path / "o", tmp_path / "e", stopping)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["input"]


def test_foreseen_usage_is_about_what_is_used(tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {
                "custom_id": f"{n}",
                "method": "POST",
                "url": CHAT,
                "body": {"model": "gpt-5", "messages": [{"role": "user", "content": f"Explain tides, case {n}."}]},
            }
        )
        for n in range(2_000)
    ]
    source = tmp_path / "input"
    found = checked(source, "\n".join(lines).encode())
    sure = replace(BATCH, check=found, plan=replace(BATCH.plan, failure_rate=0.0))
    wrote = results.write(sure, source, tmp_path / "o", tmp_path / "e", threading.Event())
    assert wrote.usage.input == found.usage.input
    assert wrote.usage.output == pytest.approx(found.usage.output, rel=0.1)
    assert wrote.usage.reasoning == pytest.approx(found.usage.reasoning, rel=0.1)
