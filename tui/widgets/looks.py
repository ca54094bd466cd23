"""How states, counts and times of batches look everywhere."""

from typing import Final

from tui.batches.batch import Batch, Status, timeline
from tui.batches.pace import rate, seconds_left
from tui.text import age, count, duration, percent
from tui.widgets.bar import bar
from tui.widgets.column import Cell

# Word, glyph, role: a state is never told by its colour alone.
_LOOKS: Final = {
    Status.VALIDATING: ("validating", "◇", "running"),
    Status.IN_PROGRESS: ("running", "▶", "running"),
    Status.FINALIZING: ("finalizing", "◆", "running"),
    Status.CANCELLING: ("cancelling", "◌", "warn"),
    Status.COMPLETED: ("done", "✓", "ok"),
    Status.FAILED: ("failed", "✗", "bad"),
    Status.EXPIRED: ("expired", "◷", "warn"),
    Status.CANCELLED: ("cancelled", "⊘", "dim"),
}


def word(status: Status) -> str:
    """The state in a word that a person would use."""
    return _LOOKS[status][0] if status in _LOOKS else "unknown"


def role(status: Status) -> str:
    """What a state means, as a role of colours."""
    return _LOOKS[status][2] if status in _LOOKS else "warn"


def status_cell(status: Status, raw: str = "") -> Cell:
    """Glyph and word; a state that only its provider knows is told in the provider's word."""
    if status not in _LOOKS:
        return Cell(f"? {raw.lower() or 'unknown'}", "warn")
    text, glyph, meaning = _LOOKS[status]
    return Cell(f"{glyph} {text}", meaning)


def tally_cell(status: Status, number: int) -> Cell:
    """A state with the number of batches that are in it: `▶ 3 running`."""
    text, glyph, meaning = _LOOKS.get(status, ("unknown", "?", "warn"))
    return Cell(f"{glyph} {count(number)} {text}", meaning)


def progress_cell(batch: Batch, width: int) -> Cell:
    """A bar and a percentage in `width` cells; a "?" where the counts could not be read."""
    if "request_counts" in batch.oddities:
        return Cell("?".rjust(width), "warn")
    share = batch.counts.progress if batch.counts else None
    if share is None:
        return Cell("–".rjust(width), "dim")
    return Cell(f"{bar(share, width - 5)}{percent(share):>5}", role(batch.status) if batch.status.active else "dim")


def failed_cell(batch: Batch) -> Cell:
    """The share of failures among the requests that are over."""
    share = batch.counts.failed_share if batch.counts else None
    if share is None:
        return Cell("–", "dim")
    return Cell(percent(share), "bad" if share >= 0.1 else "warn" if share else "dim")


def counts_text(batch: Batch) -> str:
    """`32,514 of 50,000`, or what is known of it."""
    if batch.counts is None or batch.counts.total is None or not (batch.counts.total or batch.counts.ended):
        return "requests not counted"
    over = batch.counts.ended
    return f"{'?' if over is None else count(over)} of {count(batch.counts.total)}"


def rate_text(batch: Batch, now: float) -> str:
    """Requests a minute so far; empty when there is nothing to go by."""
    pace = rate(batch, now)
    if pace is None:
        return ""
    return f"{count(round(pace * 60))}/min" if pace * 60 >= 10 else f"{pace * 60:.1f}/min"


def eta_cell(batch: Batch, now: float) -> Cell:
    """The time left at the rate so far."""
    left = seconds_left(batch, now)
    return Cell("–", "dim") if left is None else Cell(duration(left))


def age_cell(at: int | None, now: float) -> Cell:
    """How long ago something was, in one unit."""
    return Cell("?", "warn") if at is None else Cell(age(now - at), "dim")


def stages_text(batch: Batch, now: float) -> str:
    """The states gone through with the time spent in each: `validating 14s → running 1h52m`."""
    stages = timeline(batch)
    told = []
    for stage in stages:
        if stage.seconds is not None:
            told.append(f"{word(stage.status)} {duration(stage.seconds)}")
        elif stage.status.active:
            told.append(f"{word(stage.status)} {duration(now - stage.at)}")
        else:
            told.append(word(stage.status))
    return " → ".join(told)
