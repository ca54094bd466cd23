"""Mended copies: what changes, what does not, and what is left behind when it fails."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.requests.samples import CHAT, files, lines, request
from tui.files.output import Unwritable
from tui.files.source import Cancelled, Changed, Source
from tui.requests import fix as module
from tui.requests.fix import MendReport, Unmendable, mend
from tui.requests.validate import validate


def mended(folder: Path, content: bytes) -> tuple[bytes, MendReport]:
    path, out = folder / "requests.jsonl", folder / "mended.jsonl"
    path.write_bytes(content)
    report = mend(path, out)
    assert path.read_bytes() == content
    assert sorted(folder.iterdir()) == [out, path]
    assert report.bytes == out.stat().st_size
    return out.read_bytes(), report


def told(report: MendReport) -> list[tuple[int, str]]:
    return [(change.line, change.code) for change in report.changes]


def test_everything_that_can_be_put_right(tmp_path: Path) -> None:
    big = (
        b'{"custom_id":"b", "extra": [1e999, 123456789012345678901234567890 , "\\u00e9"], "method":"post", "url":"%b",'
    )
    big = big % CHAT.encode() + b' "body": {"model":"m", "stream" : true, "seed": 1.50, "messages":[{"x" : 1}],'
    big += b' "stream_options":{"include_usage":true}}}'
    no_method = {key: value for key, value in request("c").items() if key != "method"}
    content = (
        b"\xef\xbb\xbf" + lines(request("a"), b"", big, no_method, b" \t") + lines(request("d")).replace(b"\n", b"\r\n")
    )
    out, report = mended(tmp_path, content + lines(request("e", stream="yes"), request("f", stream=False)))
    assert told(report) == [
        *((1, "byte_order_mark"), (2, "blank_line"), (3, "invalid_method"), (3, "streaming_unsupported")),
        *((4, "missing_required_parameter"), (5, "blank_line"), (6, "crlf"), (7, "invalid_type")),
    ]
    assert report.change_count == 8 and report.counts_by_code["blank_line"] == 2
    assert report.changes[3].custom_id == "b" and report.changes[3].message == "stream and stream_options left out."
    assert validate(tmp_path / "mended.jsonl").ok
    first, second, third, fourth, _, sixth = out.splitlines(keepends=True)
    assert first == lines(request("a")) and fourth == lines(request("d"))
    assert sixth == lines(request("f", stream=False))
    assert (
        b'[1e999, 123456789012345678901234567890 , "\\u00e9"]' in second
        and b'"seed":1.50,"messages":[{"x" : 1}]' in second
    )
    assert b"stream" not in second
    assert json.loads(third) == request("c")


def test_a_good_file_is_copied_byte_for_byte(tmp_path: Path) -> None:
    for content in (lines(request("a"), request("b")), lines(request("a"))[:-1], b""):
        out, report = mended(tmp_path, content)
        assert out == content and report.change_count == 0


def test_what_has_no_single_right_form_stays(tmp_path: Path) -> None:
    content = lines(
        request(""), b"{", b"[]", b"\xff", request("a", model="x", messages=[]) | {"url": "/"}, request("a")
    )
    out, report = mended(tmp_path, content)
    assert out == content and not report.changes


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\n\n", b" "])
def test_nothing_but_what_goes(tmp_path: Path, content: bytes) -> None:
    assert mended(tmp_path, content)[0] == b""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=files())
def test_the_copy_of_any_file_has_only_problems_that_the_file_had(
    tmp_path: Path, small_blocks: None, content: bytes
) -> None:
    out, report = mended(tmp_path, content)
    copy, source = validate(tmp_path / "mended.jsonl"), validate(tmp_path / "requests.jsonl")
    mendable = {"byte_order_mark", "invalid_method", "streaming_unsupported"}
    assert not mendable & copy.counts_by_code.keys() and not copy.warnings
    assert not [problem for problem in copy.problems if problem.param in ("method", "body.stream")]
    assert copy.requests == source.requests or b"\xef\xbb\xbf" in content
    again, second = tmp_path / "again.jsonl", mend(tmp_path / "mended.jsonl", tmp_path / "again.jsonl")
    assert again.read_bytes() == out and second.change_count == 0
    again.unlink()
    touched = {change.line for change in report.changes}
    if b"\n" in content:
        untouched = [raw for number, raw in enumerate(content.split(b"\n"), 1) if raw and number not in touched]
        assert set(untouched) <= set(out.split(b"\n"))


def test_changes_are_counted_in_full_and_kept_in_part(tmp_path: Path) -> None:
    _, report = mended(tmp_path, b"\n" * 3000)
    assert report.change_count == 3000 and len(report.changes) == 1000


def test_it_has_the_permissions_of_the_source(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for mode in (0o600, 0o640):
        path.write_bytes(lines(request()))
        path.chmod(mode)
        mend(path, out)
        assert out.stat().st_mode & 0o777 == mode


def fail(path: Path, out: Path, expected: type[Exception], **options: Any) -> None:
    before = sorted(path.parent.iterdir())
    with pytest.raises(expected):
        mend(path, out, **options)
    assert sorted(path.parent.iterdir()) == before


def test_failures_leave_nothing_behind(tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    content = lines(*(request(f"{n}") for n in range(50)))
    path.write_bytes(content)
    (tmp_path / "link.jsonl").hardlink_to(path)
    fail(path, path, Unwritable)
    fail(path, tmp_path / "link.jsonl", Unwritable)
    fail(path, tmp_path / "missing" / "b.jsonl", Unwritable)
    fail(path, out, Cancelled, cancelled=lambda: True)
    fail(path, out, Changed, progress=lambda done, total: os.utime(path, ns=(1, 1)))
    out.mkdir()
    fail(path, out, Unwritable)
    out.rmdir()
    assert path.read_bytes() == content
    monkeypatch.setattr(module, "LONGEST_LINE", 1)
    path.write_bytes(b"x" * 2000)
    monkeypatch.setattr(Source.blocks, "__defaults__", (100, None))
    fail(path, out, Unmendable)


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(request()))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable, match="No space left on device"):
        mend(path, tmp_path / "b.jsonl")
    assert list(tmp_path.iterdir()) == [path]
