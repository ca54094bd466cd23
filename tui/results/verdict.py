"""The truth about a batch in numbers, next to what the server reports.

The counts that a server reports are not the truth: batches have been seen that report every request completed while
the error file holds requests with status 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tui.results.triage import FailureGroup
from tui.text import count, plural

# Requests that were never run, rather than run and failed.
EXPIRED: Final = "batch_expired"
CANCELLED: Final = "batch_cancelled"
NEVER_RUN: Final = frozenset({EXPIRED, CANCELLED})


@dataclass(frozen=True, slots=True)
class Reported:
    """Requests of the batch as the server counts them; None for what it does not say."""

    total: int | None = None
    completed: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What the files of one of several batches hold: requests with a good result, and those with a bad one alone."""

    batch_id: str
    reported: Reported
    ok: int
    failed: int
    never_run: int

    @property
    def agrees(self) -> bool | None:
        """Whether the reported counts are those of the files; None when none was reported.

        Requests that were never run may be reported as failed or not at all: both agree.
        """
        completed, failed = self.reported.completed, self.reported.failed
        if completed is None and failed is None:
            return None
        return completed in (None, self.ok) and failed in (None, self.failed, self.failed - self.never_run)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a batch's requests, or of those of several batches that are read as one: then `joined` has each.

    `ok + failed + missing == requests`; a request with a good and a bad result is ok. Without an input file `requests`
    and `missing` are None and the others count the requests that have a result. `duplicate` and `unknown` are result
    lines: for a request that has its result already, for none of the input's requests. `unreadable` lines are no JSON
    objects or end too early. `repeated` requests share their custom_id with an earlier one, so that their results
    cannot be told apart.
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

    @property
    def never_run(self) -> int:
        """Failures that only say that the batch expired or was cancelled first."""
        return sum(group.count for group in self.failures if group.code in NEVER_RUN)

    @property
    def foreign(self) -> bool:
        """Whether there are results, none of them for a request of the input: the files belong to another batch."""
        return self.unknown > 0 and self.ok + self.failed == 0

    @property
    def agrees(self) -> bool | None:
        """As `Share.agrees`, and whether the requests are as many as were reported; of several batches, of each."""
        if self.joined:
            told = {share.agrees for share in self.joined}
            return False if False in told else True if True in told else None
        total = None if self.requests is None else self.reported.total
        counts = Share("", self.reported, self.ok, self.failed, self.never_run).agrees
        return counts if total is None else total == self.requests and counts is not False

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be, a sentence each, the gravest first; empty when all is well."""
        return tuple(_notes(self))


def numbers(ok: int, failed: int, never_run: int, why: str = "") -> str:
    """`590 ok, 10 failed`, and apart from those that failed, told `why`, those that were never run."""
    told = f"{count(ok)} ok, {count(failed - never_run)} failed{why}"
    return f"{told}, {count(never_run)} not run" if never_run else told


def _notes(verdict: Verdict) -> Iterator[str]:
    if verdict.foreign:
        results = plural(verdict.unknown, "result")
        yield f"None of the {results} answers a request of this input file: they belong to another batch."
        return
    for share in verdict.joined:
        if share.agrees is False:
            told, found = _reported(share.reported, None), f"{numbers(share.ok, share.failed, share.never_run)}"
            yield f"Of {share.batch_id} the server reports {told}; its files have {found}."
    if verdict.agrees is False and not verdict.joined:
        yield f"The server reports {_reported(verdict.reported, verdict.requests)}; the files have {_found(verdict)}."
    if verdict.unreadable:
        yield f"{plural(verdict.unreadable, 'result line')} cannot be read: download the results again."
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
    found = numbers(verdict.ok, verdict.failed, verdict.never_run, told)
    if verdict.requests in (None, verdict.reported.total):
        return found
    return f"{found}, of {plural(verdict.requests or 0, 'request')}"
