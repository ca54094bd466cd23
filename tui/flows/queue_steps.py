"""What happens to the queue, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.batches.headroom import Room
from tui.batches.turns import Turn, Verdict
from tui.flows.monitor import Offline
from tui.flows.steps import Step
from tui.state.queue import Entry, State


@dataclass(frozen=True, slots=True)
class Looked:
    """The queue as it stands: why each waits, the room by model, the server's time.

    `told` is False where the server was not asked, because nothing waits.
    """

    entries: tuple[Entry, ...]
    verdicts: Mapping[int, Verdict]
    rooms: Mapping[str, Room]
    now: float
    told: bool = True

    def turn(self, entry: Entry) -> bool:
        """Whether `entry` may go out now."""
        verdict = self.verdicts.get(entry.id)
        return entry.state is State.WAITING and verdict is not None and verdict.turn is Turn.NOW


@dataclass(frozen=True, slots=True)
class Going:
    """A step of the entry that is being sent."""

    entry: Entry
    step: Step


@dataclass(frozen=True, slots=True)
class Went:
    """An entry has its batch; `batch` is None where an earlier process had sent it."""

    entry: Entry
    batch: Batch | None = None


@dataclass(frozen=True, slots=True)
class CameBack:
    """The batch of an entry was refused for want of room: it waits again, at its old place."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Stopped:
    """An entry is held: it does not go out by itself any more, for the reason that it carries."""

    entry: Entry


QueueStep = Looked | Going | Went | CameBack | Stopped | Offline
