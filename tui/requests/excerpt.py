"""The line that a problem is about, as far as a screen shows it, with the place in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.format.text import clean_line
from tui.requests.problem import Problem
from tui.requests.rules import BOM

# A place further on than this is not marked: a line may have hundreds of MiB.
_READ: Final = 2 << 20
_AROUND: Final = 600  # bytes kept on either side of the place
_BYTE = re.compile(r"\bbyte (\d+)")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_COLON = re.compile(rb"\s*:\s*")
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s,{}\[\]"]+')


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What stands before the place, at it and after it, each safe to show on one line; `place` may be empty."""

    before: str
    place: str
    after: str


def excerpt(path: Path, problem: Problem) -> Excerpt | None:
    """The part of `path` around the place of `problem`; None where it is about the file or cannot be read any more.

    Reads at most 2 MiB; for a thread. The place is a byte that the decoder named, or the key that `problem.param` names
    with its value; it is empty where neither is known or there.
    """
    if problem.offset is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            raw = os.pread(descriptor, _READ, problem.offset)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    end = raw.find(b"\n")
    whole = end >= 0 or len(raw) < _READ
    raw = raw[:end] if end >= 0 else raw
    start, stop = _place(raw, problem, whole=whole)
    first, last = max(0, start - _AROUND), min(len(raw), stop + _AROUND)
    before, place, after = raw[first:start], raw[start:stop], raw[stop:last]
    cut_end = "…" if last < len(raw) or not whole else ""
    return Excerpt("…" * (first > 0) + _shown(before), _shown(place), _shown(after) + cut_end)


def _shown(raw: bytes) -> str:
    return clean_line(raw.decode("utf-8", "replace"))


def _place(raw: bytes, problem: Problem, *, whole: bool) -> tuple[int, int]:
    """From which byte of `raw` to which; both the same where nothing can be marked."""
    if problem.code == "byte_order_mark":
        return 0, len(BOM)
    if named := _BYTE.search(problem.detail):
        # The decoder was given the line without the mark.
        start = int(named[1]) + (len(BOM) if raw.startswith(BOM) and problem.line == 1 else 0)
        return (start, start + 1) if start < len(raw) else (0, 0)
    if problem.detail == "The line ends too early." and whole:
        # Its last character, which may take several bytes, is where something is missing.
        return len(raw) - len(raw.decode("utf-8", "replace")[-1:].encode()), len(raw)
    return (_member(raw, problem.param.split(".")[:2]) or (0, 0)) if problem.param else (0, 0)


def _member(raw: bytes, names: list[str]) -> tuple[int, int] | None:
    """Where the key stands that `names` lead to from the outermost object, with its value if that is short.

    Where the way ends before the last name, nothing: what is not there cannot be marked.
    """
    depth, level = 0, 0
    for token in _TOKEN.finditer(raw):
        if token[0] in {b"{", b"["}:
            depth += 1
            continue
        if token[0] in {b"}", b"]"}:
            depth -= 1
            if depth <= level:
                return None
            continue
        colon = _COLON.match(raw, token.end())
        if depth != level + 1 or colon is None or token[0][1:-1] != names[level].encode():
            continue
        value = _SCALAR.match(raw, colon.end())
        if level + 1 < len(names) and value is None:
            level += 1
            continue
        return token.start(), value.end() if value and value.end() - value.start() <= _AROUND else token.end()
    return None
