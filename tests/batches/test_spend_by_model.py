"""What was spent on each model."""

from dataclasses import replace

from tui.batches.batch import Batch, Counts, Status
from tui.batches.cost import Cost
from tui.batches.spend_by_model import Entry, ledger
from tui.batches.spending import Sum

DONE = Batch("b", Status.COMPLETED, "completed", created_at=1000, model="m", counts=Counts(10, 8, 2))
COSTS = {
    "one": Cost(1.0, 1.0, measured=True),
    "running": Cost(2.0, 5.0, measured=False),
    "dear": Cost(9.0, 9.0, measured=True),
    "free": Cost(0.0, 0.0, measured=True),
}


def entries(*batches: Batch, since: float = 0) -> list[Entry]:
    return ledger(batches, lambda batch: COSTS.get(batch.id), lambda batch: batch.model, since)


def test_the_dearest_model_comes_first() -> None:
    running = replace(DONE, id="running", status=Status.IN_PROGRESS, counts=Counts(10, 4, 0))
    found = entries(replace(DONE, id="one"), running, replace(DONE, id="dear", model="n"))
    assert found == [
        Entry("n", 8, Sum(9.0, 9.0, measured=True, batches=1)),
        Entry("m", 12, Sum(3.0, 6.0, measured=False, batches=2)),
    ]
    assert [entry.each for entry in found] == [9 / 8, 3 / 12]


def test_what_nobody_knows_comes_last_and_has_no_price() -> None:
    odd = replace(DONE, id="odd", model=None, counts=None)
    free = replace(DONE, id="free", model="z")
    found = entries(odd, replace(DONE, id="one"), replace(DONE, id="unpriced"), free)
    assert [(entry.model, entry.sum.unknown, entry.each) for entry in found] == [
        ("m", 1, None),
        ("z", 0, 0.0),
        (None, 1, None),
    ]


def test_what_is_old_or_was_refused_is_left_out() -> None:
    refused = replace(DONE, id="free", status=Status.FAILED, counts=Counts(0, 0, 0))
    assert entries(refused, replace(DONE, id="one", created_at=None)) == []
    assert entries(replace(DONE, id="one"), since=1000.5) == []
    assert len(entries(replace(DONE, id="one"), since=1000)) == 1
