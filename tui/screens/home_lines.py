"""What the lines around the home table say: the account, the sums, the row under the cursor."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tui.batches.batch import Batch, Status
from tui.settings import Profile
from tui.text import count, duration
from tui.widgets import looks
from tui.widgets.column import Cell

# What is on its way is one number in the sums: the table tells the steps apart.
_RUNNING: Final = frozenset({Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING})
_TALLY: Final = (
    Status.IN_PROGRESS, Status.CANCELLING, Status.COMPLETED, Status.FAILED, Status.EXPIRED, Status.CANCELLED,
    Status.UNKNOWN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is shown is. Times in Unix seconds of this machine's clock, `next_try` only while offline."""

    seen_at: float | None
    heard: bool
    next_try: float | None = None

    def cells(self) -> list[Cell]:
        """The words for it; nothing that ticks while all is well."""
        now = time.time()
        age = duration(now - self.seen_at) if self.seen_at else None
        if self.next_try is not None:
            told = f"updated {age} ago" if age else "no answer yet"
            return [Cell(f"✗ {told} · next try in {duration(self.next_try - now)}", "bad")]
        if self.heard:
            return [Cell("● live", "ok")]
        return [Cell(f"as of {age} ago · connecting", "warn")] if age else [Cell("connecting", "dim")]


def account(profile: Profile) -> list[Cell]:
    """Whose batches these are."""
    cells = [Cell("lazybatch", "accent"), Cell(f"  {profile.name} · {profile.host}")]
    if profile.project:
        cells.append(Cell(f" · {profile.project}"))
    if profile.key_hint:
        cells.append(Cell(f" · key {profile.key_hint}", "dim"))
    if profile.read_only:
        cells.append(Cell(" · read-only", "warn"))
    return cells


def tally(batches: Iterable[Batch], width: int) -> list[Cell]:
    """How many batches are in which state, as many of the states as `width` cells have room for."""
    states = (batch.status for batch in batches)
    numbers = Counter(Status.IN_PROGRESS if status in _RUNNING else status for status in states)
    cells: list[Cell] = []
    for cell in (looks.tally_cell(status, numbers[status]) for status in _TALLY if numbers[status]):
        # What does not fit is left out whole: half a word would mislead.
        width -= len(cell.text) + 2
        if width >= -2:
            cells += [cell, Cell("  ")]
    return cells or [Cell("no batches", "dim")]


def strip(batch: Batch, now: float) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """What `batch` has gone through, or why it failed, and what it has come to."""
    told = [looks.counts_text(batch), looks.rate_text(batch, now)]
    if batch.counts and batch.counts.failed:
        told.append(f"fails {count(batch.counts.failed)}")
    left = looks.stages_text(batch, now)
    if batch.status is Status.FAILED and batch.errors:
        error = batch.errors[0]
        left = (f"line {error.line}: " if error.line else "") + error.message
    return [Cell(left)], [Cell(" · ".join(filter(None, told)), "dim")]
