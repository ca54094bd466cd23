"""The steps of a submission, and what they are told with."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.batches.batch import PARENT_KEY, Batch
from tui.batches.cost import Expected
from tui.client.errors import Kind, WireError
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp
from tui.format.text import duration
from tui.requests.validate import Report
from tui.store.journal import Submission

# Seconds between two looks after an unclear answer. Only when the last look has found nothing either is the work taken
# back: two minutes after the call, for what stands behind a gateway that gave up may still be at it.
LOOKS: Sequence[float] = (0.5, 1, 2, 4, 8, 15, 30, 60)
TRIES = 3
PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no second try


@dataclass(frozen=True, slots=True)
class Order:
    """What a person has said yes to. `again` allows a second batch of the same content.

    It also writes off a submission of which the provider cannot tell whether it came to a batch. `expected` is what the
    estimate says of the file, if there is one: it is kept, to tell what the batch costs while it runs.

    `file_id` is an upload of the same bytes, which is used if it is still there. `submission_id` is a new id for the
    submission, by which who gave it finds it in the journal whatever happens. `adopt` is the id of the batch that its
    user has recognised as that of a submission of which the provider cannot tell what it came to. `retried` are the
    batches of which this is a retry: their results were read, so that no content that they share makes it a duplicate.
    """

    report: Report
    endpoint: str
    metadata: Mapping[str, str]
    again: bool = False
    expected: Expected | None = None
    file_id: str | None = None
    submission_id: str | None = None
    adopt: str | None = None
    retried: frozenset[str] = frozenset()

    @property
    def no_duplicate_of(self) -> frozenset[str]:
        """The batches that had the same requests and are not what this would be a duplicate of."""
        parent = self.metadata.get(PARENT_KEY)
        return self.retried | {parent} if parent else self.retried


@dataclass(frozen=True, slots=True)
class Uploading:
    """Bytes sent so far, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The server has the file; `adopted` if it was there already from an attempt that got no answer."""

    file_id: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """A call got no clear answer; the server is being asked what came of it."""

    error: WireError


@dataclass(frozen=True, slots=True)
class Looking:
    """The server is asked whether a create that nobody answered made a batch: look `look` of `of` comes next.

    `seconds` is how long the looks still wait for it at most; what a slow server takes to answer comes on top. `fresh`
    is the first step of a look, the others only tell that time passes. `withdrawn` once the uploaded file is deleted.
    `error` is what the look before got in place of an answer.
    """

    look: int
    of: int
    seconds: float
    fresh: bool
    withdrawn: bool = False
    error: LazybatchError | None = None

    @property
    def sentence(self) -> str:
        """What is being asked, and how long it may take."""
        asked = "whether a batch came before the upload was deleted" if self.withdrawn else "whether it made the batch"
        told = f"Asking the server {asked}: look {self.look} of {self.of}, up to {duration(self.seconds)} more"
        return f"{told}." if self.error is None else f"{told}. The last look: {self.error.sentence}"


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """No batch is shown: the uploaded file is being deleted, so that none can come of that create later."""

    file_id: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The uploaded file is gone, and no batch was made of it: the submission begins anew."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Created:
    """The batch is there."""

    batch: Batch
    submission: Submission
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Already:
    """The same content was submitted before and did not fail: nothing was sent.

    `submission` is None where that was done elsewhere, and only the batch's metadata tells.
    """

    submission: Submission | None
    batch: Batch


Step = Uploading | Uploaded | Unclear | Looking | Withdrawing | Withdrawn | GivenUp | Created | Already


class Unknowable(LazybatchError):  # noqa: N818  # what it says of the outcome; the base is an Error by name
    """Whether a batch was created can never be found out here: the provider does not show it, or not to this key.

    Only its user can look elsewhere, and decide: an `Order` with `again` writes the open submission off, one that
    names one of `candidates` adopts it.
    """

    def __init__(self, sentence: str, candidates: Sequence[Batch] = ()) -> None:
        super().__init__(sentence, 3)
        self.candidates = tuple(candidates)


class OtherwiseSubmitted(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The file's requests went out before, whole or in other parts: only its user can decide to pay for them twice."""


class Forgotten(OtherwiseSubmitted):
    """The server no longer knows the batch that `submission` came to: it may have run, and been paid for."""

    def __init__(self, submission: Submission, host: str) -> None:
        on = time.strftime("%Y-%m-%d %H:%M", time.localtime(submission.opened_at))
        told = f"This was submitted as {submission.batch_id} on {on}; {host} no longer knows that batch."
        super().__init__(f"{told} Nothing was sent.", 1)
        self.submission = submission


def passing(error: WireError) -> bool:
    """Whether the same call may succeed later: nothing was decided against it."""
    return error.unclear or error.kind in {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.SERVER}


def left_undone(error: LazybatchError) -> str:
    """What is to be told after an error that a submission ended with, where it is sure that no batch came of it.

    What the server may have made unasked is found out before a submission ends, or is told in a sentence of its own.
    """
    if not isinstance(error, WireError):
        return ""
    return f"No batch was created.{' Submit the file again to go on with it.' if passing(error) else ''}"
