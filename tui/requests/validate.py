"""An input file held to every rule, from its first byte to its last."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tui.files.duplicate_ids import Repeat
from tui.files.encoding import Encoding
from tui.files.source import LONGEST_LINE, Block, Cancelled, Changed, Digest, Identity, Source, Unreadable
from tui.requests import strict_json
from tui.requests.checker import Checker
from tui.requests.limits import Limits
from tui.requests.problem import Fault, Problem, Wrong, cut
from tui.requests.rules import BOM, is_blank, repeated

__all__ = ["Cancelled", "Changed", "Identity", "Limits", "Problem", "Report", "Unreadable", "validate"]

MOST_PROBLEMS: Final = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of an input file after every byte of it was looked at."""

    path: Path
    bytes: int
    sha256: str
    """In hexadecimal."""
    requests: int
    """Lines that are not blank, right or wrong."""
    endpoint: str | None
    """The one asked for, or that of the first line which names a known one."""
    models: Mapping[str, int]
    """Requests by model, in order of appearance; at most 1,000 names, each cut to 200 characters."""
    inputs: int
    """Embeddings inputs, summed; 0 at other endpoints."""
    problems: tuple[Problem, ...]
    """The first 1,000: those of the whole file (line None), then in line order."""
    problem_count: int
    """All, also those that `problems` has no room for."""
    counts_by_code: Mapping[str, int]
    """All problems by code."""
    warnings: tuple[Problem, ...]
    """Blank lines, the first 1,000; that lines end in CR LF is said once, at the first that does.

    Before them, of the whole file (line None), that OpenAI does not have its endpoint."""
    warning_count: int
    identity: Identity
    encoding: Encoding | None = None
    """What the file is written in, where that is not UTF-8: nothing of it was looked at then, nor counted."""

    @property
    def ok(self) -> bool:
        """Whether nothing but warnings was found."""
        return self.problem_count == 0


def validate(
    path: Path,
    *,
    endpoint: str | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Every problem of an input file; `limits` default to OpenAI's.

    Streams: memory is bounded by some 10 MB, 20 bytes a request, and the longest line (one that is longer than a whole
    file may be, or than 256 MiB, is reported and not kept). `progress` is told the bytes done and in total after each
    MiB, `cancelled` is asked as often. Meant for a thread: what holds the
    interpreter lock takes half a millisecond at a time, for a line of many MiB about one millisecond a MiB.

    Raises `Unreadable`, `Changed` or `Cancelled`, each with one sentence.
    """
    with Source(path, progress, cancelled) as source, Digest() as digest:
        return _Validation(source, digest, Checker(endpoint, limits)).run()


class _Validation:
    """One reading of one file."""

    def __init__(self, source: Source, digest: Digest, checker: Checker) -> None:
        self._source = source
        self._digest = digest
        self._checker = checker
        self._line = 1
        """The next line."""
        self._problems: list[Problem] = []
        self._counts: Counter[str] = Counter()
        self._warnings: list[Problem] = []
        self._warning_count = 0
        self._crlf: Problem | None = None
        self._crlf_count = 0
        # For finding a line again: the first line of each block, and its offset.
        self._block_lines = array("q")
        self._block_offsets = array("q")

    def run(self) -> Report:
        if (encoding := self._source.encoding) is not None:
            return self._not_utf8(encoding)
        longest = min(self._checker.limits.max_bytes, LONGEST_LINE)
        for block in self._source.blocks(longest, self._digest):
            self._block_lines.append(self._line)
            self._block_offsets.append(block.offset)
            if block.skipped:
                self._too_long(block, longest)
            elif not self._at_once(block):
                self._each_line(block)
        repeats = self._repeats()
        faults = self._checker.file_faults(self._source.identity.size)
        whole = [Problem(None, *fault[:3], detail=fault.detail) for fault in faults]
        self._counts.update(problem.code for problem in whole)
        lines = sorted([*self._problems, *repeats], key=lambda problem: problem.line or 0)
        return self._report((whole + lines)[:MOST_PROBLEMS])

    def _not_utf8(self, encoding: Encoding) -> Report:
        for _ in self._source.blocks(digest=self._digest):
            pass
        self._counts["wrong_encoding"] = 1
        report = self._report([Problem(None, "wrong_encoding", encoding.sentence)])
        return replace(report, encoding=encoding)

    def _report(self, problems: list[Problem]) -> Report:
        warnings = self._warnings
        if self._crlf:
            crlf = replace(self._crlf, message=f"{self._crlf_count:,} lines end in CR LF; a plain LF is enough.")
            warnings = sorted([crlf, *warnings], key=lambda warning: warning.line or 0)[:MOST_PROBLEMS]
        unusual = self._checker.unusual
        if unusual:
            warnings = [Problem(None, *unusual[:3]), *warnings][:MOST_PROBLEMS]
        sha256 = self._digest.hexdigest()
        self._source.check_unchanged()
        return Report(
            path=self._source.path,
            bytes=self._source.identity.size,
            sha256=sha256,
            requests=self._checker.requests,
            endpoint=self._checker.endpoint,
            models=dict(self._checker.models),
            inputs=self._checker.inputs,
            problems=tuple(problems),
            problem_count=self._counts.total(),
            counts_by_code=dict(self._counts),
            warnings=tuple(warnings),
            warning_count=self._warning_count + bool(self._crlf) + bool(unusual),
            identity=self._source.identity,
        )

    def _at_once(self, block: Block) -> bool:
        lines = block.lines
        each: list[bytes] = []
        # A long line is a bytearray, which is not copied.
        if isinstance(lines, bytes) and b"\r" in lines:
            # To look for two bytes takes longer than all the rest.
            each = lines.split(b"\n")
            lines = b"\n".join([line.removesuffix(b"\r") for line in each])
        if taken := self._checker.take(lines, self._line):
            self._count_all_crlf(each, block.offset)
        elif not each:
            taken, wrong = self._checker.sort_out(lines, self._line, block.offset)
            for line in wrong:
                self._add(line)
        self._line += taken
        return taken > 0

    def _each_line(self, block: Block) -> None:
        offset = block.offset
        for raw in block.each():
            length = len(raw) + 1
            if raw.endswith(b"\r"):
                self._count_crlf(self._line, offset)
            request = raw.rstrip(b"\r") if raw.endswith(b"\r") else raw
            if is_blank(request):
                self._blank(offset)
            else:
                self._add(self._checker.check(request, self._line, offset))
            self._line += 1
            offset += length

    def _add(self, wrong: Wrong) -> None:
        for fault in wrong.faults:
            self._counts[fault.code] += 1
        if len(self._problems) < MOST_PROBLEMS:
            self._problems += wrong.problems()

    def _blank(self, offset: int) -> None:
        self._warning_count += 1
        if len(self._warnings) < MOST_PROBLEMS:
            message = "This line is blank and will be ignored."
            self._warnings.append(Problem(self._line, "blank_line", message, offset=offset))

    def _count_all_crlf(self, lines: Sequence[bytes], offset: int) -> None:
        for line, raw in enumerate(lines, self._line):
            if raw.endswith(b"\r"):
                self._count_crlf(line, offset)
            offset += len(raw) + 1

    def _count_crlf(self, line: int, offset: int) -> None:
        self._crlf_count += 1
        self._crlf = self._crlf or Problem(line, "crlf", "", offset=offset)

    def _too_long(self, block: Block, longest: int) -> None:
        message = f"This line has {block.skipped:,} bytes; lines of more than {longest:,} are not read."
        self._add(Wrong(self._line, block.offset, None, [Fault("line_too_long", message)]))
        self._checker.requests += 1
        self._line += 1

    def _repeats(self) -> list[Problem]:
        """Lines with a custom_id of an earlier line, the first 1,000 of them confirmed from the file."""
        total, repeats = self._checker.ids.repeats(MOST_PROBLEMS, self._source.cancelled)
        if self._source.cancelled():
            raise Cancelled
        problems = []
        for repeat in repeats:
            problem = self._repeat(repeat)
            if problem:
                problems.append(problem)
            if self._source.cancelled():
                raise Cancelled
        total -= len(repeats) - len(problems)
        if total:
            self._counts["duplicate_custom_id"] += total
        return problems

    def _repeat(self, repeat: Repeat) -> Problem | None:
        custom_id, offset = self._custom_id(repeat.line)
        if custom_id != self._custom_id(repeat.first)[0]:
            return None
        fault: Fault = repeated(repeat)
        return Problem(repeat.line, *fault[:3], cut(custom_id, 200), offset, fault.detail)

    def _custom_id(self, line: int) -> tuple[str, int]:
        """Of a line that was read before, with the line's offset."""
        block = bisect_right(self._block_lines, line) - 1
        start = self._block_offsets[block]
        last = block + 1 == len(self._block_offsets)
        end = self._source.identity.size if last else self._block_offsets[block + 1]
        lines = self._source.read(start, end - start)
        position = 0
        for _ in range(line - self._block_lines[block]):
            position = lines.find(b"\n", position) + 1
        stop = lines.find(b"\n", position)
        raw = lines[position:] if stop < 0 else lines[position:stop]
        try:
            read = strict_json.read_line(raw.removeprefix(BOM) if line == 1 else raw)
        except (ValueError, TypeError):
            raise Changed(self._source.path) from None
        return strict_json.text(read.custom_id), start + position
