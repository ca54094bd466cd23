"""How states, counts and times of batches look everywhere."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.batches.batch import Batch, Status, timeline
from tui.batches.pace import Sample, misses_window_by, rate, seconds_left, sparkline, stalled
from tui.format.bar import bar
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import age, count, duration, fit, money, money_about, money_estimate, money_short, percent

if TYPE_CHECKING:
    from tui.batches.cost import Cost

# Word and role; the glyph comes beside them: a state is never told by its colour alone.
_LOOKS: Final = {
    Status.VALIDATING: ("validating", "running"),
    Status.IN_PROGRESS: ("running", "running"),
    Status.FINALIZING: ("finalizing", "running"),
    Status.CANCELLING: ("cancelling", "warn"),
    Status.COMPLETED: ("done", "ok"),
    Status.FAILED: ("failed", "bad"),
    Status.EXPIRED: ("expired", "warn"),
    Status.CANCELLED: ("cancelled", "dim"),
}
# Servers tell counts every ten minutes at the slowest; an estimate is off by a minute at any time.
_STILL: Final = 900.0
_LATE: Final = 60.0
_PARTS: Final = re.compile(r" \d+/\d+$|  [\d,]+(?:/[\d,]+)? parts(?: \S+)?$")
_HEAD: Final = 4  # cells of a name without which its end says nothing
# The date that a version of a model ends in: `-2024-07-18`, `-20241022`.
_DATE: Final = re.compile(r"-20\d\d-?(0[1-9]|1[0-2])-?([0-3]\d)$")


def word(status: Status) -> str:
    """The state in a word that a person would use."""
    return _LOOKS[status][0] if status in _LOOKS else "unknown"


def role(status: Status) -> str:
    """What a state means, as a role of colours."""
    return _LOOKS[status][1] if status in _LOOKS else "warn"


def status_cell(status: Status, raw: str = "") -> Cell:
    """Glyph and word; a state that only its provider knows is told in the provider's word."""
    if status not in _LOOKS:
        return Cell(f"{GLYPHS.unknown} {raw.lower() or 'unknown'}", "warn")
    return Cell(f"{GLYPHS.states[status]} {word(status)}", role(status))


def batch_status_cell(batch: Batch) -> Cell:
    """The same of a batch; one that its server no longer knows is told as that."""
    return Cell(f"{GLYPHS.none} gone", "dim") if batch.gone else status_cell(batch.status, batch.raw_status)


def tally_cell(status: Status, number: int) -> Cell:
    """A state with the number of batches that are in it: `▶ 3 running`."""
    return Cell(f"{GLYPHS.states.get(status, GLYPHS.unknown)} {count(number)} {word(status)}", role(status))


def bar_text(share: float, width: int) -> str:
    """A bar in the signs that this terminal has."""
    return bar(share, width, ascii=GLYPHS.ascii)


def progress_cell(batch: Batch, width: int) -> Cell:
    """A bar and a percentage in `width` cells; a "?" where the counts could not be read."""
    if "request_counts" in batch.oddities:
        return Cell("?".rjust(width), "warn")
    share = batch.counts.progress if batch.counts else None
    if share is None:
        return Cell(GLYPHS.none.rjust(width), "dim")
    return Cell(f"{bar_text(share, width - 5)}{percent(share):>5}", role(batch.status) if batch.active else "dim")


def progress_about_cell(share: float, status: Status, width: int) -> Cell:
    """The same of a `share` that is not known for certain: with a `~`."""
    return Cell(f"{bar_text(share, width - 5)}{f'~{percent(share)}':>5}", role(status))


def failed_cell(batch: Batch) -> Cell:
    """The share of failures among the requests that are over."""
    share = batch.counts.failed_share if batch.counts else None
    if share is None:
        return Cell(GLYPHS.none, "dim")
    return Cell(percent(share), "bad" if share >= 0.1 else "warn" if share else "dim")


def model_text(name: str, width: int) -> str:
    """The name of a model in `width` cells: of a dated version that is too long the year goes first, then the day.

    An ellipsis always tells that something was left out, so that no version looks like another model.
    """
    dated = _DATE.search(name)
    if cell_len(name) <= width or dated is None:
        return name
    short = f"{name[: dated.start()]}…{dated[1]}{dated[2]}"
    return short if cell_len(short) <= width else f"{name[: dated.start()]}…"


def parts_text(number: int, announced: int | None, spoilt: int) -> str:
    """How many parts of a file there are: `12 parts`, `3/12 parts ✗1` where one of them failed or expired."""
    of_all = "" if announced is None or announced <= number else f"/{count(announced)}"
    parts = f"{count(number)}{of_all} parts"
    return f"{parts} {GLYPHS.states[Status.FAILED]}{count(spoilt)}" if spoilt else parts


def name_text(name: str, width: int) -> str:
    """A batch's name in `width` cells: of a part its number stays, of parts together how many they are."""
    tail = _PARTS.search(name)
    room = width - cell_len(tail[0]) if tail else 0
    if tail is None or cell_len(name) <= width or room < _HEAD:
        return name
    return fit(name[: tail.start()], room) + tail[0]


def counts_text(batch: Batch) -> str:
    """`32,514 of 50,000`, or what is known of it."""
    if batch.counts is None or batch.counts.total is None or not (batch.counts.total or batch.counts.ended):
        return f"requests not counted{' yet' if batch.status is Status.VALIDATING else ''}"
    over = batch.counts.ended
    return f"{'?' if over is None else count(over)} of {count(batch.counts.total)}"


def rate_text(batch: Batch, now: float, samples: Sequence[Sample] = ()) -> str:
    """Requests a minute as of late; empty when there is nothing to go by."""
    pace = rate(batch, now, samples)
    if pace is None:
        return ""
    return f"{count(round(pace * 60))}/min" if pace * 60 >= 10 else f"{pace * 60:.1f}/min"


def eta_cell(batch: Batch, now: float, samples: Sequence[Sample] = ()) -> Cell:
    """The time left at the rate as of late; a warning where the batch stalls or will miss its window."""
    left = seconds_left(batch, now, samples)
    if left is None:
        return Cell(GLYPHS.none, "dim")
    return Cell(duration(left), "warn" if pace_warnings(batch, now, samples) else "")


def pace_warnings(batch: Batch, now: float, samples: Sequence[Sample] = ()) -> list[str]:
    """What is wrong with the progress of a running batch: `stalled 25m`, `will miss its window by 3h`."""
    told = []
    still = stalled(samples, batch, now)
    if still is not None and still >= _STILL:
        told.append(f"stalled {duration(still)}")
    pace = rate(batch, now, samples)
    over = misses_window_by(batch, pace, now)
    if pace is not None and over is not None and over >= _LATE:
        told.append(f"will miss its window by {duration(over)}")
    return told


def sparkline_text(samples: Sequence[Sample], now: float, width: int) -> str:
    """The rate over the last hour in `width` cells; empty where nobody has looked."""
    drawn = sparkline(samples, now, width, ascii_only=GLYPHS.ascii)
    return drawn if drawn.strip() else ""


def cost_cell(cost: "Cost | None") -> Cell:
    """What a batch has cost so far, in six cells; `~` before what nobody has counted."""
    if cost is None or cost.so_far is None:
        return Cell(GLYPHS.none, "dim")
    if not cost.measured:
        return Cell(money_estimate(cost.so_far, money_short), "dim")
    # Whole dollars and cents as long as six cells hold them, so that the points stand below one another.
    exact = money(cost.so_far) if 0 < cost.so_far < 99.995 else money_short(cost.so_far)
    return Cell(exact, "" if cost.so_far else "dim")


def cost_text(batch: Batch, cost: "Cost | None") -> str:
    """`$3.12 so far, about $4.80 in the end`, or what is known of it; empty where nothing is."""
    if cost is None:
        return ""
    so_far = "" if cost.so_far is None else _amount(cost.so_far, exact=cost.measured)
    if not batch.active:
        return so_far
    at_end = "" if cost.at_end is None or batch.status is Status.CANCELLING else _amount(cost.at_end)
    if at_end == so_far:
        return f"{so_far} in the end" if so_far else ""
    return ", ".join(f"{amount} {when}" for amount, when in ((so_far, "so far"), (at_end, "in the end")) if amount)


def _amount(dollars: float, *, exact: bool = False) -> str:
    return money_about(dollars) if not exact or 0 < dollars < 0.01 else money(dollars)


def age_cell(at: int | None, now: float) -> Cell:
    """How long ago something was, in one unit."""
    return Cell("?", "warn") if at is None else Cell(age(now - at), "dim")


def stages_text(batch: Batch, now: float) -> str:
    """The states gone through with the time spent in each: `validating 14s → running 1h52m`.

    A time that the server does not tell is left out: `validating → running`.
    """
    stages = timeline(batch)
    told = []
    for stage in stages:
        if stage.seconds is not None:
            told.append(f"{word(stage.status)} {duration(stage.seconds)}")
        elif batch.active and stage.status is batch.status:
            told.append(f"{word(stage.status)} {duration(now - stage.at)}")
        else:
            told.append(word(stage.status))
    if stages and all(stage.status is not batch.status for stage in stages):
        told.append(word(batch.status) if batch.status in _LOOKS else batch.raw_status.lower())
    return f" {GLYPHS.arrow} ".join(told)
