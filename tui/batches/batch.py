"""One batch as it was last seen, whatever provider it came from.

The Batch API promises only `id, object, endpoint, input_file_id, completion_window, status, created_at`; everything
else may be missing or null, so all of it is optional here. Times are Unix seconds on the server's clock.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """A batch's state in OpenAI's words; `UNKNOWN` for a word of another provider that has no equivalent."""

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def active(self) -> bool:
        """Whether the server may still change the batch by itself; an unknown word counts as active."""
        return self not in ENDED


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.EXPIRED, Status.CANCELLED})
# Work is still being spent in these: a cancel stops something.
CANCELLABLE = frozenset({Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING, Status.UNKNOWN})


# Named tuples here and wherever the first frame needs a class: Python makes them in a tenth of a dataclass's time.
class Counts(NamedTuple):
    """Requests of a batch as the server reports them: not the truth (the result files are), and any may be unknown.

    `share` is what a server tells that reports how far the batch is, 0 to 1, instead.
    """

    total: int | None = None
    completed: int | None = None
    failed: int | None = None
    share: float | None = None

    @property
    def ended(self) -> int | None:
        """Requests that are over, well or badly."""
        if self.completed is None and self.failed is None:
            return None
        return (self.completed or 0) + (self.failed or 0)

    @property
    def progress(self) -> float | None:
        """The share that is over, 0 to 1; by the counts unknown while the total is unknown or still zero."""
        over = self.ended
        return min(1.0, over / self.total) if self.total and over is not None else self.share

    @property
    def failed_share(self) -> float | None:
        """The share of the requests that are over which failed, 0 to 1."""
        over = self.ended
        return self.failed / over if over and self.failed is not None else None


class BatchError(NamedTuple):
    """Why the server refused an input file: `line` counts from 1, and is None for the file as a whole."""

    code: str | None
    message: str
    line: int | None = None
    param: str | None = None


class Usage(NamedTuple):
    """Tokens that a batch has used, as the server counts them."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as one answer of the server told it. All text is already safe to show (`tui.format.text.clean_line`)."""

    id: str
    status: Status
    raw_status: str
    created_at: int | None = None
    endpoint: str | None = None
    model: str | None = None
    completion_window: str | None = None
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    expires_at: int | None = None
    counts: Counts | None = None
    usage: Usage | None = None
    errors: tuple[BatchError, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    # Names of fields that held something no rule here can read: shown as "?", never guessed.
    oddities: tuple[str, ...] = ()
    # The server no longer knows it: all else is what was last seen of it.
    gone: bool = False

    @property
    def active(self) -> bool:
        """Whether the server may still change it by itself; not one that the server no longer knows."""
        return self.status.active and not self.gone

    @property
    def cancellable(self) -> bool:
        """Whether a cancel of it would stop something."""
        return self.status in CANCELLABLE and not self.gone

    @property
    def description(self) -> str | None:
        """What its maker called it, where the metadata has one of the keys in common use."""
        return described(self.metadata)

    @property
    def submission(self) -> str | None:
        """The id that lazybatch put into the metadata when it made the batch."""
        return next((value for key, value in self.metadata if key == SUBMISSION_KEY), None)

    @property
    def content(self) -> str | None:
        """The first half of its input file's SHA-256, where lazybatch made the batch, on whatever machine."""
        return dict(self.metadata).get(CONTENT_KEY)

    @property
    def group(self) -> str | None:
        """The id that the parts of one file have in common, if this is one of them."""
        return dict(self.metadata).get(GROUP_KEY)

    @property
    def parent(self) -> str | None:
        """The id of the batch whose requests without a good result this one runs again."""
        return dict(self.metadata).get(PARENT_KEY)

    @property
    def ended_at(self) -> int | None:
        """When it reached the state that it is in, if it has ended and the server told."""
        status = self.status
        if status is Status.COMPLETED:
            return self.completed_at
        if status is Status.FAILED:
            return self.failed_at
        if status is Status.EXPIRED:
            return self.expired_at
        return self.cancelled_at if status is Status.CANCELLED else None

    def elapsed(self, now: float) -> float | None:
        """Seconds from its making to its end, or until `now` while it has none; None where a time is not known."""
        until = now if self.active else self.ended_at
        return None if until is None or self.created_at is None else max(0.0, until - self.created_at)


SUBMISSION_KEY = "lazybatch_submission"
# The first half of the input file's SHA-256, by which the same content is known again from another machine.
CONTENT_KEY = "lazybatch_content"
# Metadata that the parts of one file share: the first quarter of the whole file's SHA-256, a dash, and what tells one
# time of submitting it from another.
GROUP_KEY = "lazybatch_group"
# The batch whose requests without a good result this one runs again.
PARENT_KEY = "lazybatch_parent"
OWN_KEYS = frozenset({SUBMISSION_KEY, CONTENT_KEY, GROUP_KEY, PARENT_KEY})
_NAME_KEYS = ("description", "batch_description", "name", "title", "job", "job_name")


def described(metadata: Collection[tuple[str, str]]) -> str | None:
    """What somebody called a batch in its metadata, where that has one of the keys in common use."""
    # No dictionary of them: it is asked for of ten thousand batches at a key.
    for wanted in _NAME_KEYS:
        for key, value in metadata:
            if key == wanted and value:
                return value
    return None


class Stage(NamedTuple):
    """A status that a batch entered `at`, and how many seconds it stayed (None while it lasts, or when unknown)."""

    status: Status
    at: int
    seconds: int | None = None


def timeline(batch: Batch) -> tuple[Stage, ...]:
    """The statuses that `batch` went through, oldest first, from the time stamps that the server gave.

    Where it gave none for the start of the run, nobody knows how long validating took.
    """
    entered = sorted(_entered(batch), key=lambda pair: pair[1])
    ends = [at for _, at in entered[1:]]
    stages = [
        Stage(status, at, ends[place] - at if place < len(ends) else None) for place, (status, at) in enumerate(entered)
    ]
    if stages and batch.in_progress_at is None and batch.status is not Status.FAILED:
        stages = [stage._replace(seconds=None) if stage.status is Status.VALIDATING else stage for stage in stages]
    return tuple(stages)


def _entered(batch: Batch) -> Iterator[tuple[Status, int]]:
    stamps = (
        (Status.VALIDATING, batch.created_at),
        (Status.IN_PROGRESS, batch.in_progress_at),
        (Status.FINALIZING, batch.finalizing_at),
        (Status.CANCELLING, batch.cancelling_at),
        (Status.COMPLETED, batch.completed_at),
        (Status.FAILED, batch.failed_at),
        (Status.EXPIRED, batch.expired_at),
        (Status.CANCELLED, batch.cancelled_at),
    )
    for status, at in stamps:
        if at is not None:
            yield status, at
