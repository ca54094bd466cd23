"""The columns of the home table, and a batch as a row of them."""

from collections.abc import Mapping
from typing import Final

from tui.batches.batch import Batch
from tui.text import count, duration
from tui.widgets import looks
from tui.widgets.column import Cell, Column

_PROGRESS: Final = 15
COLUMNS: Final = (
    Column("status", "STATUS", 12),
    Column("name", "NAME", 22, flex=4),
    Column("model", "MODEL", 16, priority=5, flex=1),
    Column("endpoint", "ENDPOINT", 20, priority=8),
    Column("progress", "PROGRESS", _PROGRESS, priority=1),
    Column("requests", "REQUESTS", 16, align="right", priority=6),
    Column("fail", "FAIL", 6, align="right", priority=2),
    Column("rate", "RATE", 10, align="right", priority=7),
    Column("eta", "ETA", 6, align="right", priority=3),
    Column("expires", "EXPIRES", 7, align="right", priority=9),
    Column("age", "AGE", 4, align="right", priority=4),
    Column("id", "ID", 38, priority=10),
)


def row(batch: Batch, name: str, now: float, doubted: bool = False) -> Mapping[str, Cell]:
    """The cells of `batch`; `now` in Unix seconds of the server's clock; `doubted` if its files say otherwise."""
    ended = not batch.status.active
    return {
        "status": looks.status_cell(batch.status, batch.raw_status),
        "name": Cell(name),
        "model": Cell(batch.model or "–", "" if batch.model else "dim"),
        "endpoint": Cell((batch.endpoint or "?").removeprefix("/v1/"), "dim"),
        "progress": looks.progress_cell(batch, _PROGRESS),
        "requests": _requests(batch),
        "fail": Cell(f"⚠{looks.failed_cell(batch).text}", "warn") if doubted else looks.failed_cell(batch),
        "rate": Cell(looks.rate_text(batch, now) or "–", "dim"),
        "eta": looks.eta_cell(batch, now),
        "expires": Cell("–", "dim") if ended or not batch.expires_at else Cell(duration(batch.expires_at - now)),
        "age": looks.age_cell(batch.created_at, now),
        "id": Cell(batch.id, "dim"),
    }


def _requests(batch: Batch) -> Cell:
    if batch.counts is None or not batch.counts.total:
        return Cell("–", "dim")
    over = batch.counts.ended
    return Cell(f"{'?' if over is None else count(over)}/{count(batch.counts.total)}")
