"""What happens to the queue, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.batches.queue_order import Turn, Verdict, why
from tui.batches.quota import Room, family
from tui.flows.monitor import Offline
from tui.flows.submit.steps import Step
from tui.store.queue import Entry, State


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
        return self._turn(entry) is Turn.NOW

    def state(self, entry: Entry) -> State:
        """Its state; what waits and never will fit is held as well."""
        return State.HELD if self._turn(entry) is Turn.TOO_MUCH else entry.state

    def room_of(self, entry: Entry) -> Room | None:
        """The room that there is of its model."""
        return self.rooms.get(family(entry.model)) if entry.model else None

    def why(self, entry: Entry) -> str:
        """Why it is where it is, in words; empty where that goes without saying, or is not known."""
        verdict = self.verdicts.get(entry.id)
        if entry.state is State.WAITING and verdict is not None:
            return why(verdict, entry.amount, self.now)
        return entry.reason or ""

    def _turn(self, entry: Entry) -> Turn | None:
        verdict = self.verdicts.get(entry.id)
        return verdict.turn if verdict is not None and entry.state is State.WAITING else None


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
