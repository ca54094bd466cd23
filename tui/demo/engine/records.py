"""What the server keeps of each file, upload, batch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make an input file that is not on disk yet: ``rows`` requests of one ``kind``, fixed by ``seed``.

    They are numbered from ``first`` on, as those of one part of a split file are.
    """

    kind: str
    rows: int
    seed: int
    model: str
    first: int = 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A stored file. ``bytes`` is None until a file with a recipe has been made; times are Unix seconds."""

    id: str
    filename: str
    purpose: str
    bytes: int | None
    created_at: float
    expires_at: float | None
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload in parts. ``status`` is ``pending``, ``completed`` or ``cancelled``; expiry follows from the clock."""

    id: str
    filename: str
    purpose: str
    bytes: int
    mime_type: str
    created_at: float
    expires_at: float
    status: str = "pending"
    file_id: str | None = None
    file_expires_s: int | None = None


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part of an upload, ``bytes`` long, at ``start`` of what is stored as ``blob``."""

    id: str
    upload_id: str
    created_at: float
    bytes: int
    blob: str
    start: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one request, or summed over many."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )

    def scaled(self, share: float) -> Usage:
        """The same mix of tokens for ``share`` (0 to 1) of the requests."""
        return Usage(
            int(self.input * share), int(self.cached * share), int(self.output * share), int(self.reasoning * share)
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why validation failed; ``line`` counts from 1, None when the whole file is meant."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch will go, in seconds of the server's clock and requests per second.

    ``failure_rate`` is the share of requests (0 to 1) that fail; ``ceiling`` the share after which progress stalls
    until the window ends (1 for never).
    """

    validating_s: float
    pace: float
    shortest_run_s: float
    finalizing_s: float
    cancelling_s: float
    failure_rate: float = 0.0
    ceiling: float = 1.0
    window_s: float = 86_400.0
    drain_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """What validation found: either problems, or how many requests there are, for which model.

    ``requested`` is the model's name as the requests give it, ``model`` its dated name.
    ``usage`` is an estimate for the whole file, exact for its input side. ``bad`` holds the places in the order of
    completion, ascending, of requests that the model refuses whatever the plan's failure rate says.
    """

    problems: tuple[Problem, ...] = ()
    total: int = 0
    requested: str | None = None
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    bad: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a batch whose result files are written."""

    ended_at: float
    completed: int
    failed: int
    usage: Usage
    output_file_id: str | None
    error_file_id: str | None


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch as it is stored: what was asked, what validation found, what was planned; never its present status."""

    id: str
    endpoint: str
    input_file_id: str
    completion_window: str
    created_at: float
    plan: Plan
    seed: int
    metadata: dict[str, str] | None = None
    output_expires_s: int | None = None
    check: Check | None = None
    ready_at: float | None = None
    cancel_at: float | None = None
    result: Result | None = None
