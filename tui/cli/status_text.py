"""A batch's state and progress as words for a plain terminal."""

from tui.batches.batch import Batch, Status
from tui.batches.cost import Cost
from tui.format.text import count, money, money_estimate, percent

# The screen's glyphs; the words are the API's own, because --status takes them.
_GLYPHS = {
    Status.VALIDATING: "◇",
    Status.IN_PROGRESS: "▶",
    Status.FINALIZING: "◆",
    Status.CANCELLING: "◌",
    Status.COMPLETED: "✓",
    Status.FAILED: "✗",
    Status.EXPIRED: "◷",
    Status.CANCELLED: "⊘",
    Status.UNKNOWN: "?",
}
_COLOURS = {
    Status.IN_PROGRESS: 36,
    Status.FINALIZING: 36,
    Status.CANCELLING: 33,
    Status.COMPLETED: 32,
    Status.FAILED: 31,
    Status.EXPIRED: 31,
    Status.CANCELLED: 33,
}


def state(batch: Batch) -> str:
    """Glyph and word; the provider's own word where there is no other."""
    word = batch.raw_status if batch.status is Status.UNKNOWN else batch.status.value
    return f"{_GLYPHS[batch.status]} {word}"


def coloured(text: str, status: Status) -> str:
    """`text` in the colour of `status`, of the terminal's own 16."""
    colour = _COLOURS.get(status)
    return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"


def done(batch: Batch) -> str:
    """How many requests are over, of how many; `?` for what is not known."""
    counts = batch.counts
    # Some servers answer 0 of 0 for what they have not counted.
    if counts is None or counts.ended is None or (counts.total == 0 and not counts.ended):
        return "?" if "request_counts" in batch.oddities else "–"
    return f"{count(counts.ended)}/{'?' if counts.total is None else count(counts.total)}"


def share(batch: Batch) -> str:
    """The share of the requests that is over."""
    progress = batch.counts.progress if batch.counts else None
    return "–" if progress is None else percent(progress)


def cost(known: Cost | None) -> str:
    """What it has cost so far; `~` before an estimate."""
    if known is None or known.so_far is None:
        return "–"
    return money(known.so_far) if known.measured else money_estimate(known.so_far)


def failed(batch: Batch) -> str:
    """The share of the requests that are over which failed."""
    part = batch.counts.failed_share if batch.counts else None
    return "–" if part is None else percent(part)
