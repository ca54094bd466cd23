"""The truth about a batch in numbers, next to what the server reports.

The counts that a server reports are not the truth: batches have been seen that report every request completed while
the error file holds requests with status 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tui.format.text import count, plural
from tui.results.failures import FailureGroup

# Requests that were never run, rather than run and failed.
EXPIRED: Final = "batch_expired"
CANCELLED: Final = "batch_cancelled"
NEVER_RUN: Final = frozenset({EXPIRED, CANCELLED})
_NAMED: Final = 3  # lines that cannot be read


@dataclass(frozen=True, slots=True)
class Reported:
    """Requests of the batch as the server counts them; None for what it does not say."""

    total: int | None = None
    completed: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A result line that cannot be read: where it stands, and the custom_id found in it, safe to show."""

    file: str
    line: int
    custom_id: str


@dataclass(frozen=True, slots=True)
class Used:
    """The tokens that so many requests have used, as their result lines tell; the cached are part of the input."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int


@dataclass(frozen=True, slots=True)
class Share:
    """What the files of one of several batches hold, in requests; `unreadable` are lines that none could be read of.

    `used` is None where not every answer tells what it used.
    """

    batch_id: str
    reported: Reported
    ok: int
    failed: int
    never_run: int
    refused: int = 0
    empty: int = 0
    unreadable: int = 0
    used: Used | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether the reported counts are those of the files; None when none was reported.

        Requests that were never run may be reported as failed or not at all: both agree. Which way a server counts a
        response without an answer, or had counted a line that cannot be read, is its own affair.
        """
        completed, failed = self.reported.completed, self.reported.failed
        if completed is None and failed is None:
            return None
        either = self.empty + self.unreadable
        more = either if completed is None else completed - self.ok - self.refused
        if not 0 <= more <= either:
            return False
        left = range(either + 1) if completed is None else (either - more,)
        return failed is None or any(
            failed in (self.failed + rest, self.failed - self.never_run + rest) for rest in (left[0], left[-1])
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a batch's requests, or of those of several batches that are read as one: then `joined` has each.

    `ok + refused + empty + failed + unreadable + missing == requests` (see `State`); a request with a good and a bad
    result is ok. Without an input file `requests` and `missing` are None and the others count the requests that have a
    result. `duplicate` and `unknown` are result lines: for a request that has its result already, for none of the
    input's requests. `unnamed` lines cannot be read and name none of the requests; `unread` has the first of all lines
    that cannot be read. `lenient` lines, at least, were read though no strict reader takes them. `repeated` requests
    share their custom_id with an earlier one, so that their results cannot be told apart. `used` is as in `Share`, and
    None for several batches.
    """

    requests: int | None
    ok: int
    failed: int
    missing: int | None
    duplicate: int
    unknown: int
    unreadable: int
    repeated: int
    failures: tuple[FailureGroup, ...]
    reported: Reported = Reported()
    joined: tuple[Share, ...] = ()
    refused: int = 0
    empty: int = 0
    unnamed: int = 0
    lenient: int = 0
    unread: tuple[Unread, ...] = ()
    used: Used | None = None

    @property
    def bad(self) -> bool:
        """Whether a request has no answer, or something else is not as it should be."""
        return bool(self.failed or self.empty or self.notes)

    @property
    def never_run(self) -> int:
        """Failures that only say that the batch expired or was cancelled first."""
        return sum(group.count for group in self.failures if group.code in NEVER_RUN)

    @property
    def foreign(self) -> bool:
        """Whether there are results, none of them for a request of the input: the files belong to another batch."""
        return self.unknown > 0 and not (self.ok or self.refused or self.empty or self.failed or self.unreadable)

    @property
    def agrees(self) -> bool | None:
        """As `Share.agrees`, and whether the requests are as many as were reported; of several batches, of each."""
        if self.joined:
            told = {share.agrees for share in self.joined}
            return False if False in told else True if True in told else None
        total = None if self.requests is None else self.reported.total
        unreadable = self.unreadable + self.unnamed
        counts = Share(
            "", self.reported, self.ok, self.failed, self.never_run, self.refused, self.empty, unreadable
        ).agrees
        return counts if total is None else total == self.requests and counts is not False

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be, a sentence each, the gravest first; empty when all is well."""
        return tuple(_notes(self))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing and no fault, a sentence each."""
        if not self.lenient:
            return ()
        lines = plural(self.lenient, "result line")
        return (
            f"At least {lines} {'is' if self.lenient == 1 else 'are'} not strict JSON, and could be read all the same.",
        )


def numbers(found: Share | Verdict, why: str = "") -> str:
    """`590 ok, 10 failed`, and apart from those that failed, told `why`, what else there is."""
    told = f"{count(found.ok)} ok, {count(found.failed - found.never_run)} failed{why}"
    others = (
        (found.never_run, "not run"),
        (found.refused, "refused"),
        (found.empty, "empty"),
        (found.unreadable, "unreadable"),
    )
    return ", ".join((told, *(f"{count(number)} {word}" for number, word in others if number)))


def _notes(verdict: Verdict) -> Iterator[str]:
    if verdict.foreign:
        results = plural(verdict.unknown, "result")
        yield f"None of the {results} answers a request of this input file: they belong to another batch."
        return
    for share in verdict.joined:
        if share.agrees is False:
            told, found = _reported(share.reported, None), numbers(share)
            yield f"Of {share.batch_id} the server reports {told}; its files have {found}."
    if verdict.agrees is False and not verdict.joined:
        yield f"The server reports {_reported(verdict.reported, verdict.requests)}; the files have {_found(verdict)}."
    if verdict.unread:
        yield _unread(verdict)
    if verdict.missing:
        yield f"{plural(verdict.missing, 'request')} {_has(verdict.missing)} no result."
    if verdict.unknown:
        answers = "answers" if verdict.unknown == 1 else "answer"
        yield f"{plural(verdict.unknown, 'result')} {answers} no request of this input file."
    if verdict.duplicate:
        yield f"{plural(verdict.duplicate, 'result')} came for a request that has one already; a good one counts."
    if verdict.repeated:
        yield (
            f"{plural(verdict.repeated, 'request')} {_has(verdict.repeated)} the custom_id of an earlier one: "
            "their results cannot be told apart."
        )


def _unread(verdict: Verdict) -> str:
    named = [
        f"line {count(unread.line)} of the {unread.file}" + (f" ({unread.custom_id})" if unread.custom_id else "")
        for unread in verdict.unread[:_NAMED]
    ]
    number = verdict.unreadable + verdict.unnamed
    more = f" and {count(number - len(named))} more" if number > len(named) else ""
    return f"{plural(number, 'result line')} cannot be read: {', '.join(named)}{more}."


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def _reported(reported: Reported, requests: int | None) -> str:
    told = [(reported.completed, "completed"), (reported.failed, "failed")]
    if requests is not None and reported.total != requests:
        told.insert(0, (reported.total, "requests"))
    return ", ".join(f"{count(number)} {word}" for number, word in told if number is not None)


def _found(verdict: Verdict) -> str:
    told = ""
    if group := next((group for group in verdict.failures if group.code not in NEVER_RUN), None):
        reason = group.code or ("no status" if group.status_code is None else f"status {group.status_code}")
        alone = group.count == verdict.failed - verdict.never_run
        told = f" with {reason}" if alone else f" ({count(group.count)} with {reason})"
    found = numbers(verdict, told)
    if verdict.requests in (None, verdict.reported.total):
        return found
    return f"{found}, of {plural(verdict.requests or 0, 'request')}"
