"""The columns of the home table, and a batch as a row of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.batches import display
from tui.batches.batch import Batch
from tui.batches.pace import Sample
from tui.batches.sort import BY_STATE, Order
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import count, duration
from tui.ui.widgets.table.column import Column, unseen

if TYPE_CHECKING:
    from tui.batches.cost import Cost
    from tui.batches.groups import Group

_PROGRESS: Final = 15
COLUMNS: Final = (
    Column("status", "STATUS", 12),
    Column("name", "NAME", 22, flex=4, cut=display.name_text),
    Column("model", "MODEL", 16, priority=5, flex=1, cut=display.model_text),
    Column("endpoint", "ENDPOINT", 18, priority=8),
    Column("progress", "PROGRESS", _PROGRESS, priority=1),
    Column("requests", "REQUESTS", 14, align="right", priority=6),
    Column("fail", "FAIL", 6, align="right", priority=2),
    Column("rate", "RATE", 10, align="right", priority=7),
    Column("eta", "ETA", 6, align="right", priority=3),
    Column("elapsed", "ELAPSED", 8, align="right", priority=10),
    Column("expires", "EXPIRES", 8, align="right", priority=9),
    Column("cost", "COST", 6, align="right", priority=4),
    Column("age", "AGE", 4, align="right", priority=4),
    Column("id", "ID", 38, priority=11),
)


def row(
    batch: Batch,
    name: str,
    now: float,
    samples: Sequence[Sample] = (),
    cost: "Cost | None" = None,
    *,
    doubted: bool = False,
    alarm: bool = False,
    awaited: bool = False,
    expires_in: float | None = None,
) -> Mapping[str, Cell]:
    """The cells of `batch`; `now` in Unix seconds of the server's clock.

    `doubted` if its files say otherwise than its counts, `alarm` if it breaks a rule of the guard, `awaited` if
    its end is to be told. `cost` is None while it is not known, `expires_in` the seconds for which its results are kept
    if that is to be seen to.
    """
    name = f"{GLYPHS.awaited} {name}" if awaited else name
    elapsed = batch.elapsed(now)
    return {
        "status": display.batch_status_cell(batch),
        "name": Cell(f"{GLYPHS.alarm} {name}", "bad") if alarm else Cell(name, "dim" if batch.gone else ""),
        "model": Cell(batch.model or GLYPHS.none, "" if batch.model and not batch.gone else "dim"),
        "endpoint": Cell((batch.endpoint or "?").removeprefix("/v1/"), "dim"),
        "progress": display.progress_cell(batch, _PROGRESS),
        "requests": _requests(batch),
        "fail": Cell(f"{GLYPHS.doubt}{display.failed_cell(batch).text}", "warn")
        if doubted
        else display.failed_cell(batch),
        "rate": Cell(display.rate_text(batch, now, samples) or GLYPHS.none, "dim"),
        "eta": display.eta_cell(batch, now, samples) if expires_in is None else Cell("save", "warn"),
        "elapsed": Cell(GLYPHS.none if elapsed is None else duration(elapsed), "dim"),
        "expires": _expires(batch, now, expires_in),
        "cost": display.cost_cell(cost),
        "age": display.age_cell(batch.created_at, now),
        "id": Cell(batch.id, "dim"),
    }


def group_label(group: "Group", opened: bool) -> str:
    """What stands in the column of names for the parts of one file: `▸ embed-docs  12 parts`."""
    fold = GLYPHS.unfolded if opened else GLYPHS.folded
    return f"{fold} {group.whole.description}  {display.parts_text(len(group.parts), group.announced, group.spoilt)}"


def group_progress(group: "Group") -> Cell:
    """How far the parts of one file are together; with a `~` while some are not counted or not known yet."""
    from tui.batches.group_sums import progress_about

    whole = group.whole
    if group.incomplete or whole.counts is None or whole.counts.total is None:
        share = progress_about(group.parts, group.announced)
        if share is not None:
            return display.progress_about_cell(share, whole.status, _PROGRESS)
        if group.incomplete:
            return Cell(GLYPHS.none.rjust(_PROGRESS), "dim")
    return display.progress_cell(whole, _PROGRESS)


def columns(order: Order, kept: str = "") -> list[Column]:
    """The columns, with an arrow at the one that the rows are sorted by if their user has asked for it.

    `kept` is the choice among them that is kept; empty for all in their usual order.
    """
    found: Sequence[Column] = COLUMNS
    if kept:
        from tui.ui.screens.batches.columns import chosen

        found = chosen(kept, COLUMNS).of(COLUMNS)
    arrow = GLYPHS.descending if order.descending else GLYPHS.ascending
    return [
        column._replace(title=column.title + arrow)
        if column.key == order.column and (order.column != BY_STATE or order.reverse)
        else column
        for column in found
    ]


def unseen_order(order: Order, shown: Sequence[Column]) -> list[Cell]:
    """What the rows are sorted by, where their user has asked for it and no title in the table tells."""
    if order == Order():
        return []
    title = next(column.title for column in columns(order) if column.key == order.column)
    return unseen(title, order.column, shown)


def _expires(batch: Batch, now: float, expires_in: float | None) -> Cell:
    """The end of its window, or of its results where they are to be saved."""
    if expires_in is not None:
        return Cell(duration(expires_in), "warn")
    if not batch.active or not batch.expires_at:
        return Cell(GLYPHS.none, "dim")
    return Cell(duration(batch.expires_at - now))


def _requests(batch: Batch) -> Cell:
    if batch.counts is None or not batch.counts.total:
        return Cell(GLYPHS.none, "dim")
    over = batch.counts.ended
    return Cell(f"{'?' if over is None else count(over)}/{count(batch.counts.total)}", "dim" if batch.gone else "")
