"""What is at stake when batches are cancelled: work that is done and paid for, work and money that a cancel saves."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from tui.batches.batch import Batch
from tui.batches.cost import Cost
from tui.format.text import count, fit, money, plural

MANY: Final = 10  # batches above which a yes is not enough: their number has to be typed
_NAME: Final = 7  # cells of a batch's name that are enough where its row is in sight


@dataclass(frozen=True, slots=True)
class Stake:
    """Sums over `batches` batches: requests over and not, US dollars spent and to be spent.

    None for a sum of which nothing is known; `counted` and `priced` if it holds all batches. `measured` if what is
    spent is what the server's own count of tokens comes to; what is saved is an estimate always.
    """

    batches: int
    done: int | None
    left: int | None
    spent: float | None
    saved: float | None
    counted: bool
    priced: bool
    measured: bool


def stake(batches: Iterable[Batch], cost_of: Callable[[Batch], Cost | None]) -> Stake:
    """What is at stake in `batches`."""
    every = list(batches)
    counts = [
        (batch.counts.ended, max(0, batch.counts.total - batch.counts.ended)) for batch in every
        if batch.counts is not None and batch.counts.total and batch.counts.ended is not None
    ]  # fmt: skip
    costs = [cost for batch in every if (cost := cost_of(batch)) is not None]
    spent = [cost.so_far for cost in costs if cost.so_far is not None]
    saved = [cost.at_end - (cost.so_far or 0.0) for cost in costs if cost.at_end is not None]
    return Stake(
        len(every),
        sum(done for done, _ in counts) if counts else None,
        sum(left for _, left in counts) if counts else None,
        sum(spent) if spent else None,
        sum(saved) if saved else None,
        counted=len(counts) == len(every),
        priced=len(spent) == len(saved) == len(every),
        measured=bool(spent) and all(cost.measured for cost in costs if cost.so_far is not None),
    )


def question(name: str, profile: str, host: str, at_stake: Stake, room: int) -> str:
    """Whether to cancel the batch called `name`, or all of them, in at most `room` cells.

    All there is to say if there is room, else what matters most: the host goes first, which the head of the screen
    tells too, then all but the beginning of the name.
    """
    many = at_stake.batches > 1
    whole = plural(at_stake.batches, "batch", "batches") if many else name
    brief = count(at_stake.batches) if many else fit(name, min(cell_len(name), _NAME)).rstrip()
    long, medium, short, least, work = _details(at_stake)
    at = f" at {profile} · {host}"
    ways = (
        (whole, at, long), (whole, at, medium), (whole, at, short), (whole, f" at {profile}", short),
        (brief, f" at {profile}", short), (brief, "", short), (brief, f" at {profile}", least), (brief, "", least),
        (brief, "", work), (brief, "", ""),
    )  # fmt: skip
    texts = (f"Cancel {what}{where}? {detail}".rstrip() for what, where, detail in ways)
    found = next((text for text in texts if cell_len(text) <= room), "Cancel?")
    # What is left of the room is the name's.
    spare = room - cell_len(found)
    if spare > 0 and not many and brief != name and found.startswith(f"Cancel {brief}"):
        longer = fit(name, min(cell_len(name), _NAME + spare)).rstrip()
        found = found.replace(brief, longer, 1)
    return found


def sentence(at_stake: Stake) -> str:
    """What is at stake, in full."""
    return _details(at_stake)[0]


def _details(at_stake: Stake) -> tuple[str, str, str, str, str]:
    """What is at stake in fewer and fewer words."""
    requests, terse, small = _requests(at_stake)
    exact, rough = _money(at_stake, money), _money(at_stake, _rough_money)
    long = f"{requests}. {exact[:1].upper()}{exact[1:]}." if exact else f"{requests}. What it costs is not known."
    return (
        long,
        "; ".join(filter(None, (terse, exact))),
        "; ".join(filter(None, (small, rough))),
        rough or small,
        small,
    )


def _requests(at_stake: Stake) -> tuple[str, str, str]:
    done, left = at_stake.done, at_stake.left
    if done is None or left is None:
        return "Requests not counted", "not counted", ""
    more = "" if at_stake.counted else "+"
    return (
        f"{count(done)}{more} {'request' if done == 1 else 'requests'} done, {count(left)}{more} left",
        f"{count(done)}{more} done, {count(left)}{more} left",
        f"{_rough(done)}{more}/{_rough(done + left)}{more} done",
    )


def _money(at_stake: Stake, written: Callable[[float], str]) -> str:
    def told() -> Iterator[str]:
        more = "" if at_stake.priced else "+"
        if at_stake.spent is not None:
            yield f"{'' if at_stake.measured else 'est. '}{written(at_stake.spent)}{more} spent"
        if at_stake.saved is not None:
            known = at_stake.measured or at_stake.spent is None
            yield f"{'est. ' if known else ''}{written(at_stake.saved)}{more} saved"

    return ", ".join(told())


def _rough(number: float) -> str:
    """Two or three digits of a number: `999`, `1.2k`, `39k`, `5M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size * 0.9995:
            value = number / size
            return f"{value:.1f}".removesuffix(".0") + unit if value < 9.95 else f"{value:.0f}{unit}"
    return f"{number:.0f}" if number >= 9.95 else f"{number:g}"


def _rough_money(dollars: float) -> str:
    if dollars < 1:
        return money(dollars)
    return f"${_rough(round(dollars, 1) if dollars < 9.95 else dollars)}"


def outcome_of(batch: Batch) -> str:
    """What a batch that was cancelled has come to: `cancelled, 1,200 of 4,000 requests done`."""
    counts = batch.counts
    if counts is None or counts.ended is None or not counts.total:
        return f"{batch.status}"
    return f"{batch.status}, {count(counts.ended)} of {plural(counts.total, 'request')} done"
