"""Parts of one file as one row: sums, states, names, and what becomes of it as parts come and go."""

from dataclasses import replace
from typing import Any

import pytest

from tui.batches.batch import GROUP_KEY, Batch, Counts, Status
from tui.batches.book import Book
from tui.batches.cost import Cost
from tui.batches.group_sums import costs, progress_about
from tui.batches.groups import Group, Groups
from tui.batches.pace import Sample, rate, seconds_left
from tui.batches.sort import Order

NOW = 10_000.0
# US dollars, by a batch's id.
COSTS = {"b1": 1.5, "b2": 2.5, "b9": 3.0}
RUNNING, DONE, FAILED = Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED


def part(number: int, status: Status = RUNNING, *, of: int = 3, group: str = "g", **more: Any) -> Batch:
    made = Batch(
        f"b{number}", status, status.value, created_at=1000 + number, in_progress_at=2000 + number,
        expires_at=50_000 + number, endpoint="/v1/embeddings", model="small", counts=Counts(1000, 400, 10),
        metadata=(("description", f"embed-docs {number}/{of}"), (GROUP_KEY, group)),
    )  # fmt: skip
    return replace(made, **more)


def name_of(batch: Batch) -> str:
    return batch.description or batch.id


def known(*parts: Batch) -> tuple[Book, Groups]:
    book = Book()
    book.apply(parts)
    return book, Groups(book, name_of)


def grouped(*parts: Batch) -> Group:
    book, groups = known(*parts)
    key = groups.key_of(next(iter(book)))
    assert key is not None
    found = groups.get(key)
    assert found is not None
    return found


def rows(groups: Groups, *batches: Batch, order: Order | None = None) -> list[str]:
    return groups.rows(batches, order or Order(), NOW, lambda _: (), lambda batch: COSTS.get(batch.id))


def test_parts_are_summed_in_their_order() -> None:
    group = grouped(part(3), part(1, DONE, counts=Counts(1000, 1000, 0)), part(2))
    assert [found.id for found in group.parts] == ["b1", "b2", "b3"]
    whole = group.whole
    assert (whole.description, group.announced, whole.status) == ("embed-docs", 3, RUNNING)
    assert whole.counts == Counts(3000, 1800, 20)
    # The first of the beginnings, and the first end of a window among those that still run.
    assert (whole.created_at, whole.in_progress_at, whole.expires_at) == (1001, 2001, 50_002)
    assert (whole.endpoint, whole.model) == ("/v1/embeddings", "small")


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ("in_progress failed completed", "in_progress"),
        ("validating finalizing", "finalizing"),
        ("validating failed", "validating"),
        ("cancelling validating", "validating"),
        ("cancelling completed", "cancelling"),
        ("completed failed expired", "failed"),
        ("completed expired cancelled", "expired"),
        ("completed cancelled", "cancelled"),
        ("completed completed", "completed"),
        ("unknown cancelling", "unknown"),
    ],
)
def test_the_most_telling_state_stands_for_all(states: str, whole: str) -> None:
    parts = (part(number, Status(state), raw_status=f"raw {state}") for number, state in enumerate(states.split()))
    group = grouped(*parts)
    assert (group.whole.status.value, group.whole.raw_status) == (whole, f"raw {whole}")
    assert group.spoilt == states.count("failed") + states.count("expired")


def test_it_ends_with_its_last_part() -> None:
    ended = grouped(part(1, DONE, completed_at=3000), part(2, Status.CANCELLED, cancelled_at=4000))
    assert (ended.whole.ended_at, ended.whole.elapsed(NOW)) == (4000, 2999)
    assert grouped(part(1, DONE, completed_at=3000), part(2, DONE)).whole.ended_at is None
    assert grouped(part(1, DONE, completed_at=3000), part(2)).whole.elapsed(NOW) == NOW - 1001


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        # A part that is still being validated: the server says 0, and that is not all there will be.
        ({"status": Status.VALIDATING, "counts": Counts(0, 0, 0)}, Counts(None, 400, 10)),
        ({"status": Status.VALIDATING, "counts": None}, Counts(None, 400, 10)),
        # Refused there: nothing will come of it.
        ({"status": FAILED, "counts": Counts(0, 0, 0)}, Counts(1000, 400, 10)),
        ({"status": FAILED, "counts": None}, Counts(1000, 400, 10)),
        ({"status": Status.CANCELLED, "counts": Counts(0, 0, 0)}, Counts(1000, 400, 10)),
        ({"counts": Counts(500, None, 5)}, Counts(1500, None, 15)),
        ({"counts": None}, Counts(None, None, None)),
    ],
)
def test_a_sum_of_some_never_passes_for_that_of_all(other: dict[str, Any], counts: Counts) -> None:
    assert grouped(part(1), part(2, **other)).whole.counts == counts


def test_a_part_that_is_not_counted_yet_is_taken_for_one_like_the_others() -> None:
    waits = part(3, Status.VALIDATING, counts=Counts(0, 0, 0))
    # 820 of 2,000, and a third thousand to come.
    assert progress_about([part(1), part(2), waits]) == pytest.approx(820 / 3000)
    assert progress_about([waits]) is None
    assert progress_about([part(1), part(2, counts=None)]) is None, "it runs, and its server does not count"


def test_what_cannot_be_read_of_a_part_cannot_of_the_whole() -> None:
    assert grouped(part(1), part(2, oddities=("usage",))).whole.oddities == ()
    odd = grouped(part(1), part(2, counts=None, oddities=("request_counts", "usage")))
    assert odd.whole.oddities == ("request_counts",)
    assert grouped(part(1), part(2, model="large")).whole.model is None


def test_parts_are_named_by_the_files_that_they_were_made_of() -> None:
    book = Book()
    book.apply(part(number, metadata=((GROUP_KEY, "g"),)) for number in (1, 2))
    files = {"b1": "docs.part-02-of-03.jsonl", "b2": "docs.part-01-of-03.jsonl"}
    groups = Groups(book, lambda batch: files.get(batch.id) or name_of(batch))
    group = groups.get("\0g")
    assert group is not None
    assert (group.whole.description, group.announced, [found.id for found in group.parts]) == ("docs", 3, ["b2", "b1"])
    files.update(b1="one", b2="two")
    groups.forget()
    other = groups.get("\0g")
    assert other is not None
    # Names that have nothing in common: that of the first.
    assert (other.whole.description, other.announced) == ("one", None)


def test_rows_close_and_open() -> None:
    alone = part(9, group="other", created_at=1002)
    parts = [part(1, DONE), part(2), part(3)]
    _, groups = known(alone, *parts)
    key = groups.key_of(parts[0])
    assert key is not None
    # A single part of a file is no group.
    assert groups.key_of(alone) is None
    assert rows(groups, alone, *parts) == ["b9", key]
    groups.opened.add(key)
    assert rows(groups, alone, *parts) == ["b9", key, "b3", "b2", "b1"]
    assert rows(groups, alone, *parts, order=Order("name")) == [key, "b1", "b2", "b3", "b9"]
    # What a filter lets through stands in it; without any of its parts it goes.
    assert rows(groups, alone, parts[1]) == ["b9", key, "b2"]
    assert rows(groups, alone) == ["b9"]


def test_it_is_summed_anew_when_a_part_changes_and_comes_apart() -> None:
    book, groups = known(part(1), part(2))
    key = groups.key_of(part(1))
    assert key is not None
    first = groups.get(key)
    assert first is groups.get(key)
    book.apply([part(2, counts=Counts(1000, 900, 0)), part(3)])
    second = groups.get(key)
    assert second is not None
    assert (len(second.parts), second.whole.counts) == (3, Counts(3000, 1700, 20))
    # A part that is gone stays in its place, and is no state of the whole while others are left.
    book.mark_gone(["b1", "b3", "never"])
    third = groups.get(key)
    assert third is not None and not third.whole.gone and third.whole.active
    book.mark_gone(["b2"])
    fourth = groups.get(key)
    assert fourth is not None and fourth.whole.gone and not fourth.whole.active
    # Elsewhere they have no group any more.
    book.apply([part(1, group="h"), part(3, group="i")])
    assert groups.get(key) is None
    assert groups.key_of(part(2)) is None


def test_a_part_that_changes_its_group_leaves_the_other() -> None:
    book, _ = known(part(1), part(2))
    book.apply([part(2, group="h")])
    assert {group: set(ids) for group, ids in book.groups.items()} == {"g": {"b1"}, "h": {"b2"}}
    book.apply([part(2, metadata=())])
    assert dict(book.groups) == {"g": {"b1"}}


def test_an_id_of_a_batch_is_no_key_of_a_group() -> None:
    book, groups = known(part(1), part(2))
    assert groups.get("g") is None and groups.get("b1") is None and groups.get("\0nothing") is None
    assert book.get("\0g") is None


def test_rates_of_parts_add_up() -> None:
    """Two go at 2 and 3 requests a second; a third has ended and counts as it is."""
    parts = (
        part(1, counts=Counts(10_000, 1200, 0)), part(2, counts=Counts(10_000, 2800, 0)),
        part(3, DONE, counts=Counts(500, 500, 0)),
    )  # fmt: skip
    samples = {
        "b1": tuple(Sample(NOW - 600 + at, 2 * at) for at in range(0, 601, 60)),
        "b2": tuple(Sample(NOW - 600 + at, 1000 + 3 * at) for at in range(0, 601, 60)),
    }
    _, groups = known(*parts)
    key = groups.key_of(parts[0])
    assert key is not None
    added = groups.samples(key, lambda batch_id: samples.get(batch_id, ()))
    assert (added[0], added[-1]) == (Sample(NOW - 600, 1500), Sample(NOW, 4500))
    group = groups.get(key)
    assert group is not None
    assert rate(group.whole, NOW, added) == pytest.approx(5)
    assert seconds_left(group.whole, NOW, added) == pytest.approx((20_500 - 4500) / 5, abs=60)
    assert groups.samples("b1", lambda batch_id: samples[batch_id]) == samples["b1"]


def test_a_part_that_is_looked_at_later_makes_no_leap() -> None:
    early = tuple(Sample(float(at), at) for at in range(0, 600, 60))
    late = (Sample(300.0, 700), Sample(360.0, 700))
    _, groups = known(part(1), part(2))
    added = groups.samples("\0g", {"b1": early, "b2": late}.__getitem__)
    assert [sample.ended - 700 for sample in added] == [sample.ended for sample in early]


def test_costs_add_up_where_each_is_known() -> None:
    alone, parts = part(9, group="other"), [part(1), part(2)]
    _, groups = known(alone, *parts)
    # The costliest first: the two together are $4.
    assert rows(groups, alone, *parts, order=Order("cost")) == ["\0g", "b9"]
    dearer = [*parts, part(3)]
    _, groups = known(alone, *dearer)
    assert rows(groups, alone, *dearer, order=Order("cost")) == ["b9", "\0g"]
    one, other = Cost(1.5, 3.0, measured=True), Cost(0.5, None, measured=False)
    assert costs([one, one]) == Cost(3.0, 6.0, measured=True)
    assert costs([one, other]) == Cost(2.0, None, measured=False)
    assert costs([one, None]) is None
