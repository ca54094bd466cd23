"""Parts of a file: as few as the limits allow, and together what the file was."""

import hashlib
import os
import random
import resource
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.requests.samples import lines, request
from tui.files.output import Unwritable
from tui.files.source import Cancelled, Changed, Unreadable
from tui.requests.cost.estimate import estimate
from tui.requests.limits import Limits
from tui.requests.split import Part, Unsplittable, split
from tui.requests.validate import validate


def greedy(content: bytes, limits: Limits, weigh: Callable[[bytes], int] | None = None) -> list[bytes]:
    """The parts, as plainly as can be."""
    parts: list[list[bytes]] = []
    for raw in (
        content.splitlines(keepends=True) if b"\r" not in content else content.replace(b"\r", b"").splitlines(True)
    ):
        if not raw.strip():
            continue
        last = [*parts[-1], raw] if parts else []
        if (
            not last
            or len(last) > limits.max_requests
            or len(b"".join(last)) > limits.max_bytes
            or (weigh and sum(map(weigh, last)) > limits.max_embedding_inputs)
        ):
            parts.append([raw])
        else:
            parts[-1].append(raw)
    return [b"".join(part) for part in parts]


def check(parts: tuple[Part, ...], expected: list[bytes], folder: Path) -> None:
    assert [part.path.read_bytes() for part in parts] == expected
    assert [(part.bytes, part.sha256) for part in parts] == [(len(e), hashlib.sha256(e).hexdigest()) for e in expected]
    assert [part.requests for part in parts] == [len(e.removesuffix(b"\n").split(b"\n")) for e in expected]
    assert {part.path for part in parts} == set(folder.iterdir()) - {folder / "a.jsonl"}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sizes=st.lists(st.integers(0, 400), max_size=40),
    most=st.integers(1, 12),
    room=st.integers(420, 3000),
    blank=st.sampled_from([b"", b"\n", b" \t\n"]),
    ended=st.booleans(),
)
def test_parts_are_those_of_a_plain_loop(
    tmp_path: Path, small_blocks: None, *, sizes: list[int], most: int, room: int, blank: bytes, ended: bool
) -> None:
    content = blank.join(b"{" + b"x" * size + b"}\n" if size % 7 else b"no json %d\n" % size for size in sizes)
    content = content if ended else content.removesuffix(b"\n")
    (tmp_path / "a.jsonl").write_bytes(content)
    limits = Limits(max_requests=most, max_bytes=room)
    if not sizes:
        with pytest.raises(Unsplittable):
            split(tmp_path / "a.jsonl", limits=limits)
        return
    parts = split(tmp_path / "a.jsonl", limits=limits, digests=True)
    try:
        check(parts, greedy(content, limits), tmp_path)
        starts = [sum(map(len, content.split(b"\n")[: p.first_line - 1])) + p.first_line - 1 for p in parts]
        assert all(
            content[start:].startswith(part.path.read_bytes().split(b"\n")[0])
            for start, part in zip(starts, parts, strict=True)
        )
    finally:
        for part in parts:
            part.path.unlink()


def test_names_and_folder(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.b.jsonl", tmp_path / "parts"
    folder.mkdir()
    path.write_bytes(lines(*(request(f"{n}") for n in range(120))))
    parts = split(path, folder, limits=Limits(max_requests=50), digests=True)
    assert [part.path.name for part in parts] == [f"a.b.part-0{n}-of-03.jsonl" for n in (1, 2, 3)]
    assert [(part.requests, part.first_line) for part in parts] == [(50, 1), (50, 51), (20, 101)]
    assert all(validate(part.path).ok and validate(part.path).sha256 == part.sha256 for part in parts)
    again = split(path, folder, limits=Limits(max_requests=1))
    assert {part.sha256 for part in again} == {None}
    assert again[6].path.name == "a.b.part-007-of-120.jsonl"
    assert b"".join(part.path.read_bytes() for part in again) == path.read_bytes()


def test_more_parts_than_a_process_may_have_open_files(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" * 100)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 20, before[1]))
    try:
        parts = split(path, limits=Limits(max_requests=1), digests=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    check(parts, [b"{}\n"] * 100, tmp_path)


def test_embeddings_inputs(tmp_path: Path, small_blocks: None) -> None:
    path = tmp_path / "a.jsonl"
    inputs = [1, 4, 3, 3, 5, 1, 1, 8, 2]
    content = lines(*(request(f"{n}", "/v1/embeddings", input=["x"] * k) for n, k in enumerate(inputs)))
    path.write_bytes(content)
    limits = Limits(max_embedding_inputs=8)
    parts = split(path, limits=limits, digests=True)
    assert [part.requests for part in parts] == [3, 2, 2, 1, 1]
    check(parts, greedy(content, limits, lambda raw: raw.count(b'"x"')), tmp_path)
    with pytest.raises(Unsplittable, match=r"Line 5 alone has 5 embeddings inputs; a part may have 4\."):
        split(path, limits=Limits(max_embedding_inputs=4))


def chat(number: int, words: int, model: str = "gpt-4o-mini") -> bytes:
    messages = [{"role": "user", "content": " ".join(["apple"] * words)}]
    return lines(request(f"{number}", model=model, messages=messages))


def test_a_token_budget(tmp_path: Path, small_blocks: None) -> None:
    """Each part has as many requests as go into it, by the count that the estimate makes of it alone."""
    path = tmp_path / "a.jsonl"
    words = random.Random(3).choices((0, 5, 40, 90), k=60)
    content = b"".join(chat(number, many) for number, many in enumerate(words))
    path.write_bytes(content)

    @cache
    def tokens(raw: bytes) -> int:
        (tmp_path / "one").write_bytes(raw)
        counted = estimate(validate(tmp_path / "one"), exact=True).input_tokens
        (tmp_path / "one").unlink()
        return counted

    parts = split(path, limits=Limits(max_tokens=200), digests=True)
    weighed = Limits(max_embedding_inputs=200)
    check(parts, greedy(content, weighed, tokens), tmp_path)
    assert all(tokens(part.path.read_bytes()) <= 200 for part in parts)
    most = max(map(tokens, content.splitlines(keepends=True)))
    with pytest.raises(Unsplittable, match=rf"Line \d+ alone has {most} input tokens; a part may have {most - 1}\."):
        split(path, limits=Limits(max_tokens=most - 1))


@pytest.mark.parametrize("size", [900, 5000])
def test_a_line_over_the_limit_by_itself(tmp_path: Path, small_blocks: None, size: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" * 10 + b"{" + b"x" * size + b"}\n")
    with pytest.raises(Unsplittable, match=rf"Line 11 alone has {size + 3:,} bytes; a part may have 800") as error:
        split(path, limits=Limits(max_bytes=800))
    assert error.value.exit_code == 1
    assert list(tmp_path.iterdir()) == [path]


def fail(path: Path, expected: type[Exception], folder: Path | None = None, **options: Any) -> None:
    before = sorted(path.parent.iterdir())
    with pytest.raises(expected):
        split(path, folder, limits=Limits(max_requests=7), **options)
    assert sorted(path.parent.iterdir()) == before


def test_failures_leave_nothing_behind(tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    for content in (b"", b"\n \n"):
        path.write_bytes(content)
        fail(path, Unsplittable)
    path.write_bytes(lines(*(request(f"{n}") for n in range(50))))
    fail(tmp_path / "missing.jsonl", Unreadable)
    fail(path, Unwritable, tmp_path / "missing")
    fail(path, Cancelled, cancelled=iter([False] * 5 + [True] * 100).__next__)
    fail(path, Changed, progress=lambda done, total: os.utime(path, ns=(1, 1)))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    fail(path, Unwritable)
