"""What the lines around the home table say: the account, the sums, the row under the cursor."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from tui.batches import display
from tui.batches.batch import Batch, Status
from tui.batches.pace import Sample
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import count, duration, money, plural
from tui.settings.profiles import Profile

if TYPE_CHECKING:
    from tui.batches.cost import Cost
    from tui.batches.groups import Group

# What is on its way is one number in the sums: the table tells the steps apart.
_RUNNING: Final = frozenset({Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING})
_TALLY: Final = (
    Status.IN_PROGRESS, Status.CANCELLING, Status.COMPLETED, Status.FAILED, Status.EXPIRED, Status.CANCELLED,
    Status.UNKNOWN,
)  # fmt: skip

WIDE: Final = 100  # cells from which on there is room for what is good to know
_SPARKLINE: Final = 20
_EDGES: Final = 3  # cells of a line that stay blank: at its ends, and between its two sides


class Freshness(NamedTuple):
    """How old what is shown is. Times in Unix seconds of this machine's clock, `next_try` only while offline.

    `interval` is the time in seconds between two rounds, if its user has chosen one; `calls` those of the last minute.
    `gap` tells why older batches may be missing.
    """

    seen_at: float | None
    heard: bool
    next_try: float | None = None
    paused: bool = False
    interval: float | None = None
    calls: int | None = None
    gap: Cell | None = None

    def cells(self) -> list[Cell]:
        """The words for it; nothing that ticks while all is well."""
        told = [self._state()]
        if self.gap is not None:
            told += [Cell(f" {GLYPHS.dot} ", "dim"), self.gap]
        if self.interval is not None:
            told.append(Cell(f" {GLYPHS.dot} every {duration(self.interval)}", "dim"))
        if self.calls is not None:
            told.append(Cell(f" {GLYPHS.dot} {plural(self.calls, 'call')}/min", "dim"))
        return told

    def _state(self) -> Cell:
        now = time.time()
        age = duration(now - self.seen_at) if self.seen_at else None
        if self.next_try is not None:
            told = f"updated {age} ago" if age else "no answer yet"
            if self.paused:
                return Cell(f"{GLYPHS.lost} {told} {GLYPHS.dot} paused", "bad")
            return Cell(f"{GLYPHS.lost} {told} {GLYPHS.dot} next try in {duration(self.next_try - now)}", "bad")
        if self.paused:
            return Cell(f"paused {GLYPHS.dot} as of {age} ago" if age else "paused", "warn")
        if self.heard:
            return Cell(f"{GLYPHS.live} live", "ok")
        return Cell(f"as of {age} ago {GLYPHS.dot} connecting", "warn") if age else Cell("connecting", "dim")


def account(profile: Profile) -> list[Cell]:
    """Whose batches these are."""
    cells = [Cell("lazybatch", "accent"), Cell(f"  {profile.name} · {profile.host}")]
    if profile.guard is not None and profile.guard.auto_cancel and not profile.read_only:
        cells.append(Cell(" · auto-cancel armed", "warn"))
    if profile.project:
        cells.append(Cell(f" · {profile.project}"))
    if profile.read_only:
        cells.append(Cell(" · read-only", "warn"))
    return cells


def key(profile: Profile, width: int, others: Sequence[Cell]) -> list[Cell]:
    """The end of the key and the variable it came from, as much of that as `others` leave room for in `width` cells."""
    room = width - _EDGES - sum(cell_len(cell.text) for cell in others)
    hint = f" · key {profile.key_hint}"
    # What does not fit is left out whole: half a name would mislead.
    told = next((text for text in (f"{hint} from {profile.key_env}", hint) if cell_len(text) <= room), "")
    return [Cell(told, "dim")] if profile.key_hint and told else []


def tally(
    batches: Iterable[Batch],
    width: int,
    cost_of: "Callable[[Batch], Cost | None]" = lambda _: None,
    over_budget: Sequence[str] = (),
) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """How many batches are in which state, as many of the states as `width` cells have room for.

    And what those will have cost that are active, behind what was spent `over_budget`.
    """
    active: list[Batch] = []
    numbers: Counter[Status] = Counter()
    for batch in batches:
        if batch.gone:
            continue
        numbers[Status.IN_PROGRESS if batch.status in _RUNNING else batch.status] += 1
        if batch.active:
            active.append(batch)
    right = _estimated([cost_of(batch) for batch in active])
    if over_budget:
        right[:0] = [Cell(", ".join(over_budget), "bad"), *([Cell("  ")] if right else [])]
    width -= sum(len(cell.text) for cell in right) + 2 if right else 0
    cells: list[Cell] = []
    for cell in (display.tally_cell(status, numbers[status]) for status in _TALLY if numbers[status]):
        # What does not fit is left out whole: half a word would mislead.
        width -= len(cell.text) + 2
        if width >= -2:
            cells += [cell, Cell("  ")]
    return cells or [Cell("no batches", "dim")], right


def _estimated(costs: "Sequence[Cost | None]") -> list[Cell]:
    """What active batches will have cost in the end; a plus for those of which nobody knows."""
    known = [cost.at_end for cost in costs if cost is not None and cost.at_end is not None]
    return [Cell(f"est. {money(sum(known))}{'+' if len(known) < len(costs) else ''}")] if known else []


def to_save(number: int, width: int, others: Sequence[Cell]) -> list[Cell]:
    """How many batches have results that the server will not keep much longer, if `others` leave room for that."""
    told = f"{GLYPHS.doubt} {count(number)} to save"
    room = width - sum(len(cell.text) for cell in others) - 2
    return [Cell(told, "warn")] if number and len(told) <= room else []


def marked(number: int) -> list[Cell]:
    """How many batches a key would be about, where it is not the one under the cursor."""
    return [Cell(f"{count(number)} marked", "accent"), Cell("  ")] if number else []


def strip(
    batch: Batch,
    now: float,
    width: int,
    *,
    samples: Sequence[Sample] = (),
    broken: Sequence[str] = (),
    cost: "Cost | None" = None,
    expires_in: float | None = None,
) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """What is wrong with `batch`, or what it has gone through, and what it has come to; in `width` cells."""
    right = _come_to(batch, now, width, samples, cost)
    if told := wrong(batch, now, samples, broken, expires_in):
        # What is wrong must not be cut off for what is merely good to know.
        length = sum(cell_len(cell.text) for cell in (*told, *right))
        return told, right if length + _EDGES <= width else [Cell(display.counts_text(batch), "dim")]
    if batch.status is Status.FAILED and batch.errors:
        from tui.batches.quota import refused

        if (refusal := refused(batch)) is not None:
            return [Cell(refusal.sentence)], []
        error = batch.errors[0]
        told = [Cell((f"line {error.line}: " if error.line else "") + error.message)]
        return told, right if sum(cell_len(cell.text) for cell in (*told, *right)) + _EDGES <= width else []
    return [Cell(display.stages_text(batch, now))], right


def group_strip(
    group: "Group",
    now: float,
    width: int,
    *,
    samples: Sequence[Sample],
    cost: "Cost | None",
    told: Sequence[Cell] | None,
) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """What is `told` to be wrong with a part, or the states that the parts are in, and what they have come to."""
    right = _come_to(group.whole, now, width, samples, cost)
    if group.incomplete:
        right = [Cell(f"{count(len(group.parts))} of {plural(group.announced or 0, 'part')}: ", "dim"), *right]
    return told or tally(group.parts, width - sum(len(cell.text) for cell in right) - 4)[0], right


def wrong(
    batch: Batch, now: float, samples: Sequence[Sample], broken: Sequence[str], expires_in: float | None
) -> list[Cell]:
    """What is `broken`, else what is wrong with its progress or its results; empty while all is well."""
    if broken:
        return [Cell(f"{GLYPHS.alarm} {' '.join(broken)}", "bad")]
    warnings = display.pace_warnings(batch, now, samples)
    if expires_in is not None:
        warnings.append(f"results expire in {duration(expires_in)}: d saves them")
    return [Cell(f" {GLYPHS.dot} ".join(warnings), "warn")] if warnings else []


def _come_to(batch: Batch, now: float, width: int, samples: Sequence[Sample], cost: "Cost | None") -> list[Cell]:
    told = [display.counts_text(batch), display.rate_text(batch, now, samples)]
    if batch.counts and batch.counts.failed:
        told.append(f"fails {count(batch.counts.failed)}")
    right = [Cell(f" {GLYPHS.dot} ".join(filter(None, told)), "dim")]
    if width >= WIDE and (price := display.cost_text(batch, cost)):
        right.append(Cell(f" {GLYPHS.dot} {price}", "dim"))
    drawn = display.sparkline_text(samples, now, _SPARKLINE) if batch.status is Status.IN_PROGRESS else ""
    return [Cell(drawn, "running"), Cell("  "), *right] if width >= WIDE and drawn else right
