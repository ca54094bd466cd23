"""Input, output and error file of a batch, joined by custom_id."""

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tui.results.ids import IdTable
from tui.results.match import RequestIndex
from tui.results.outcome import Outcome
from tui.results.reading import read_result
from tui.results.stream import Cancelled, Fingerprint, Progress, each_line, fingerprint_of
from tui.results.triage import Triage
from tui.results.verdict import Reported, Verdict

State = Literal["ok", "failed", "missing"]
_MISSING: Final = 0
_OK: Final = 1
_FAILED: Final = 2  # plus the number of the failure's group


@dataclass(frozen=True, slots=True)
class Source:
    """A result file as it was when it was read."""

    path: Path
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the whereabouts of each request's result, for the remainder and for exports.

    Rows are the requests of `requests` in order; without an input file it is None, and rows are the custom_ids of the
    results in the order in which they were met. The arrays are read through the methods and never changed.
    """

    verdict: Verdict
    requests: RequestIndex | None
    sources: tuple[Source, ...]
    states: "array[int]"
    offsets: "array[int]"  # of the result, times 2, plus its place in `sources`
    lengths: "array[int]"

    def __len__(self) -> int:
        """Rows."""
        return len(self.states)

    def state(self, row: int) -> State:
        """What became of request `row`, from 0."""
        number = self.states[row]
        return "missing" if number == _MISSING else "ok" if number == _OK else "failed"

    def group(self, row: int) -> int | None:
        """The `FailureGroup.number` of request `row`, if it failed."""
        return self.states[row] - _FAILED if self.states[row] >= _FAILED else None

    def result(self, row: int) -> tuple[int, int, int] | None:
        """Place in `sources`, offset and length (line ending included) of the result of request `row`, if any."""
        if self.states[row] == _MISSING:
            return None
        return self.offsets[row] & 1, self.offsets[row] >> 1, self.lengths[row]


def judge(
    requests: RequestIndex | None,
    output: Path | None,
    errors: Path | None,
    *,
    reported: Reported,
    progress: Progress,
    cancelled: Cancelled,
) -> Judgement:
    """Read the result files against the requests, in about 50 bytes a request; for a worker thread.

    `progress` is told the bytes of both files together. Raises `ResultFileError`, `FileChangedError`, `StoppedError`.
    """
    paths = [path for path in (output, errors) if path is not None]
    sources = tuple(Source(path, fingerprint_of(path)) for path in paths)
    total = sum(source.fingerprint.size for source in sources)
    tally = _Tally(requests)
    done = 0
    for place, source in enumerate(sources):
        before = done

        def told(read: int, _: int, before: int = before) -> None:
            progress(before + read, total)

        for offset, length, content in each_line(source.path, told, cancelled):
            tally.take(place, offset, length, content)
        done += source.fingerprint.size
    return Judgement(tally.verdict(reported), requests, sources, tally.states, tally.offsets, tally.lengths)


class _Tally:
    """The rows' states while the results come in."""

    def __init__(self, requests: RequestIndex | None) -> None:
        rows = 0 if requests is None else len(requests)
        self.requests = requests
        self.ids = IdTable() if requests is None else requests.ids
        self.states = array("H", bytes(2 * rows))
        self.offsets = array("Q", bytes(8 * rows))
        self.lengths = array("Q", bytes(8 * rows))
        self.triage = Triage()
        self.duplicate = self.unknown = self.unreadable = 0
        self._turn: dict[int, int] = {}  # where several requests share a custom_id: which is to be answered next

    def take(self, place: int, offset: int, length: int, content: bytes) -> None:
        """Count one line of the result file at `place` in the sources."""
        if content.isspace():
            return
        custom_id, outcome = read_result(content, whole=len(content) == length)
        if outcome is None:
            self.unreadable += 1
            return
        row = self._row(custom_id)
        if custom_id is None or row < 0:
            self.unknown += 1
            return
        if self.states[row] != _MISSING:
            following = self._turn.get(row, self.ids.after(row))
            if following < 0:
                self.duplicate += 1
                if not outcome.ok or self.states[row] == _OK:
                    return
                # A good result after a bad one: the request has what it needs.
                self.triage.take_back(self.states[row] - _FAILED)
            else:
                self._turn[row] = self.ids.after(following)
                row = following
        self.states[row] = _OK if outcome.ok else _FAILED + self._group(custom_id, outcome, row)
        self.offsets[row] = offset << 1 | place
        self.lengths[row] = length

    def verdict(self, reported: Reported) -> Verdict:
        ok = self.states.count(_OK)
        missing = self.states.count(_MISSING)
        known = self.requests is not None
        return Verdict(
            requests=len(self.states) if known else None,
            ok=ok,
            failed=len(self.states) - ok - missing,
            missing=missing if known else None,
            duplicate=self.duplicate,
            unknown=self.unknown,
            unreadable=self.unreadable,
            repeated=self.requests.repeated if self.requests is not None else 0,
            failures=self.triage.groups(),
            reported=reported,
        )

    def _row(self, custom_id: str | None) -> int:
        if custom_id is None:
            return -1
        row = self.ids.first(custom_id)
        if row < 0 and self.requests is None:
            row = len(self.ids)
            self.ids.add(custom_id)
            self.states.append(_MISSING)
            self.offsets.append(0)
            self.lengths.append(0)
        return row

    def _group(self, custom_id: str, outcome: Outcome, row: int) -> int:
        return self.triage.add(outcome.status_code, outcome.code, outcome.message, custom_id, row)
