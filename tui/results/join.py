"""The files that came back for requests, joined to them by custom_id."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.files.id_index import IdTable
from tui.files.line_stream import Cancelled, Progress, Source, each_line
from tui.format.text import clean_line
from tui.results.check import NEVER_RUN, Reported, Share, Unread, Used, Verdict
from tui.results.failures import Triage
from tui.results.fast_parse import Result, read_result
from tui.results.finish import USUAL
from tui.results.match import RequestIndex
from tui.results.outcome import Outcome
from tui.results.row_state import State
from tui.results.usage import tokens_of

Finishes = dict[str, "array[int]"]
_STATES: Final[tuple[State, ...]] = ("missing", "unreadable", "empty", "refused", "ok", "failed")
_MISSING, _UNREADABLE, _EMPTY, _REFUSED, _OK, _FAILED = range(6)
_NUMBERS: Final = {state: number for number, state in enumerate(_STATES)}
# A failure has `_FAILED` plus the number of its group.
_UNREAD: Final = 20  # lines that are told of by their number
# A position is the offset of a result line times this, plus the place of its file among the sources.
_PLACES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Returned:
    """The result files of one batch, None where it has none, and what its server reports of it.

    With `wider` it ran other requests besides, whose results are no fault; with `counted` the server has told what
    they used, and the results are not asked for it.
    """

    output: Path | None
    errors: Path | None
    reported: Reported
    batch_id: str = ""
    wider: bool = False
    counted: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.output, self.errors) if path is not None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the whereabouts of each request's result, for the remainder and for exports.

    Rows are the requests of `requests` in order; without an input file it is None, and rows are the custom_ids of the
    results in the order in which they were met. The arrays are read through the methods and never changed.
    `finishes` has the `positions` of good answers that did not end by themselves, by their reason.
    """

    verdict: Verdict
    requests: RequestIndex | None
    sources: tuple[Source, ...]
    states: "array[int]"
    positions: "array[int]"
    lengths: "array[int]"
    finishes: Finishes

    def __len__(self) -> int:
        """Rows."""
        return len(self.states)

    def state(self, row: int) -> State:
        """What became of request `row`, from 0."""
        return _STATES[min(self.states[row], _FAILED)]

    def group(self, row: int) -> int | None:
        """The `FailureGroup.number` of request `row`, if it failed."""
        return self.states[row] - _FAILED if self.states[row] >= _FAILED else None

    def result(self, row: int) -> tuple[int, int, int] | None:
        """Place in `sources`, offset and length (line ending included) of the result of request `row`, if any."""
        if not self.lengths[row]:
            return None
        return self.positions[row] % _PLACES, self.positions[row] // _PLACES, self.lengths[row]

    @property
    def files(self) -> tuple[Source, ...]:
        """All files that it was made from."""
        return self.sources if self.requests is None else (*self.sources, *self.requests.files)


def judge(
    requests: RequestIndex | None, batches: Sequence[Returned], *, progress: Progress, cancelled: Cancelled
) -> Judgement:
    """Read the result files of `batches` against the requests, in about 50 bytes a request; for a worker thread.

    Several batches are one that runs requests and, behind it, those that ran some of them again: a request is ok when
    any of them has a good result for it, and else has failed as it did in the last of them. `progress` is told the
    bytes of all files together. Raises `ResultFileError`, `FileChangedError`, `StoppedError`.
    """
    sources = [[Source.of(path) for path in batch.paths] for batch in batches]
    total = sum(source.fingerprint.size for files in sources for source in files)
    tally = _Tally(requests)
    place = done = 0
    for batch, files in zip(batches, sources, strict=True):
        tally.begin(place, wider=batch.wider, counting=not batch.counted)
        for source in files:
            before = done
            tally.open(_called(batch, source.path, alone=len(batches) == 1))

            def told(read: int, _: int, before: int = before) -> None:
                progress(before + read, total)

            for offset, length, content in each_line(source.path, told, cancelled):
                tally.take(offset * _PLACES + place, length, content)
            done += source.fingerprint.size
            place += 1
        tally.end(batch)
    flat = tuple(source for files in sources for source in files)
    verdict = tally.verdict(batches)
    return Judgement(verdict, requests, flat, tally.states, tally.positions, tally.lengths, tally.finishes)


def _called(batch: Returned, path: Path, *, alone: bool) -> str:
    part = "output file" if path == batch.output else "error file"
    return part if alone or not batch.batch_id else f"{part} of {clean_line(batch.batch_id[:200])}"


class _Tally:
    """The rows' states while the results come in."""

    def __init__(self, requests: RequestIndex | None) -> None:
        rows = 0 if requests is None else len(requests)
        self.requests = requests
        self.ids = IdTable() if requests is None else requests.ids
        self.states = array("H", bytes(2 * rows))
        self.positions = array("Q", bytes(8 * rows))
        self.lengths = array("Q", bytes(8 * rows))
        self.finishes: Finishes = {}
        self.shares: list[Share] = []
        self._triage = Triage()
        self._duplicate = self._unknown = self._unnamed = self._lenient = 0
        self._unread: list[Unread] = []
        self._file, self._line = "", 0  # which is read
        self._turn: dict[int, int] = {}  # where several requests share a custom_id: which is to be answered next
        self._first = 0  # the place of the batch's first file
        self._wider = False
        self._counting = True  # what was used
        self._met: Counter[State] = Counter()  # of the batch
        self._never_run = self._unnamed_before = 0
        self._requests = self._input = self._output = self._cached = 0  # that told what they used, and their tokens
        self._untold = False  # whether one that may have used some did not tell

    def begin(self, place: int, *, wider: bool, counting: bool) -> None:
        """The files of the next batch come now, the first of them at `place`."""
        self._first, self._wider, self._counting = place, wider, counting
        self._turn.clear()
        self._met.clear()
        self._never_run, self._unnamed_before = 0, self._unnamed
        self._requests = self._input = self._output = self._cached = 0
        self._untold = False

    def open(self, file: str) -> None:
        """The lines of the next file come now."""
        self._file, self._line = file, 0

    def end(self, batch: Returned) -> None:
        """That was all of the batch."""
        reported = Reported() if batch.wider else batch.reported
        met, unnamed = self._met, self._unnamed - self._unnamed_before
        self.shares.append(
            Share(
                batch.batch_id, reported, met["ok"], met["failed"], self._never_run, met["refused"], met["empty"],
                met["unreadable"] + unnamed, self._used(),
            )
        )  # fmt: skip

    def take(self, position: int, length: int, content: bytes) -> None:
        """Count one line of a result file."""
        self._line += 1
        if content.isspace():
            return
        result = read_result(content, len(content) == length, self._counting)
        custom_id, outcome = result.custom_id, result.outcome
        self._lenient += result.lenient
        if self._counting:
            self._count(result)
        row = self._row(custom_id)
        if outcome is None:
            self._tell_unread(custom_id or "")
        if custom_id is None or row < 0:
            self._unnamed += outcome is None
            self._unknown += outcome is not None and not self._wider
            return
        again = self._answered(row)
        if again and (following := self._turn.get(row, self.ids.after(row))) >= 0:
            self._turn[row] = self.ids.after(following)
            row, again = following, False
        state = self.states[row]
        self._duplicate += again or state == _OK
        # Nobody knows whether what came twice was run twice.
        self._untold |= again
        new: State = "unreadable" if outcome is None else outcome.state
        if state != _MISSING:
            if not _counts(new, state, again=again):
                return
            # A good result after a bad one, or what came of running it again.
            self._take_back(state, again)
        self._met[new] += 1
        if outcome is not None and new == "failed":
            self.states[row] = self._bad(custom_id, outcome, row)
        else:
            self.states[row] = _NUMBERS[new]
            if new == "ok":
                self._ended(position, result)
        self.positions[row] = position
        self.lengths[row] = length

    def verdict(self, batches: Sequence[Returned]) -> Verdict:
        known = self.requests is not None
        missing = self.states.count(_MISSING)
        if known and missing and missing <= self._unnamed and len(batches) == 1:
            # Every request without a result has one among the lines that name none.
            self._unnamed -= missing
            for row, state in enumerate(self.states):
                if state == _MISSING:
                    self.states[row] = _UNREADABLE
            missing = 0
        ok, refused, empty, unreadable = map(self.states.count, (_OK, _REFUSED, _EMPTY, _UNREADABLE))
        return Verdict(
            requests=len(self.states) if known else None,
            ok=ok,
            failed=len(self.states) - ok - refused - empty - unreadable - missing,
            missing=missing if known else None,
            duplicate=self._duplicate,
            unknown=self._unknown,
            unreadable=unreadable,
            repeated=self.requests.repeated if self.requests is not None else 0,
            failures=self._triage.groups(),
            reported=batches[0].reported if len(batches) == 1 else Reported(),
            joined=tuple(self.shares) if len(batches) > 1 else (),
            refused=refused,
            empty=empty,
            unnamed=self._unnamed,
            lenient=self._lenient,
            unread=tuple(self._unread),
            used=self.shares[0].used if len(batches) == 1 else None,
        )

    def _count(self, result: Result) -> None:
        if (tokens := tokens_of(result.usage)) is not None:
            self._requests += 1
            self._input += tokens[0]
            self._output += tokens[1]
            self._cached += tokens[2]
        elif result.outcome is None or result.outcome.state != "failed":
            self._untold = True

    def _used(self) -> Used | None:
        if self._untold or not self._requests:
            return None
        return Used(self._requests, self._input, self._output, self._cached)

    def _answered(self, row: int) -> bool:
        """Whether this batch has a result for the row already."""
        return self.states[row] != _MISSING and self.positions[row] % _PLACES >= self._first

    def _tell_unread(self, custom_id: str) -> None:
        if len(self._unread) < _UNREAD:
            self._unread.append(Unread(self._file, self._line, clean_line(custom_id[:200])))

    def _ended(self, position: int, result: Result) -> None:
        if result.finish not in USUAL:
            self.finishes.setdefault(clean_line(result.finish[:60]), array("Q")).append(position)

    def _bad(self, custom_id: str, outcome: Outcome, row: int) -> int:
        self._never_run += outcome.code in NEVER_RUN
        return _FAILED + self._triage.add(outcome.status_code, outcome.code, outcome.message, custom_id, row)

    def _take_back(self, state: int, again: bool) -> None:
        code = self._triage.take_back(state - _FAILED) if state >= _FAILED else None
        if again:
            self._met[_STATES[min(state, _FAILED)]] -= 1
            self._never_run -= code in NEVER_RUN

    def _row(self, custom_id: str | None) -> int:
        if custom_id is None:
            return -1
        row = self.ids.first(custom_id)
        if row < 0 and self.requests is None:
            row = len(self.ids)
            self.ids.add(custom_id)
            self.states.append(_MISSING)
            self.positions.append(0)
            self.lengths.append(0)
        return row


def _counts(new: State, state: int, *, again: bool) -> bool:
    """Whether a result takes the place of what the request came to so far: of one in the same batch if `again`."""
    if state in {_OK, _REFUSED}:
        return new == "ok" and state != _OK
    return not again or new in {"ok", "refused"} or (state == _UNREADABLE and new != "unreadable")
