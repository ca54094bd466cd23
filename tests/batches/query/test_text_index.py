"""What words are looked for in is kept from key to key, and is never of a batch as it was."""

from dataclasses import replace

from tui.batches.batch import Batch, Status
from tui.batches.query.text_index import Texts

RUNNING = Batch("b1", Status.IN_PROGRESS, "in_progress", metadata=(("description", "Nightly"), ("team", "Élan")))
OTHER = Batch("b2", Status.FAILED, "failed", model="gpt-4o")
BOTH = [RUNNING, OTHER]


def test_words_are_found_in_all_that_a_batch_is_known_by() -> None:
    texts = Texts()
    for word, found in (
        ("nightly", [RUNNING]), ("élan", [RUNNING]), ("b", BOTH), ("gpt-4o", [OTHER]), ("running", [RUNNING]),
        ("failed", [OTHER]), ("ames", BOTH), ("nightly\nb", []), ("weekly", []),
    ):  # fmt: skip
        assert texts.having(BOTH, [(word, True)], lambda _: "names") == found
        assert texts.having(BOTH, [(word, False)], lambda _: "names") == [each for each in BOTH if each not in found]
    assert texts.having(BOTH, [("b", True), ("failed", False)], lambda _: "") == [RUNNING]
    assert texts.having(BOTH, [], lambda _: "") == BOTH


def test_a_batch_that_has_changed_is_looked_at_anew() -> None:
    texts = Texts()
    texts.having(BOTH, [], lambda batch: batch.id)
    done = replace(RUNNING, status=Status.COMPLETED)
    assert texts.having([done, OTHER], [("done", True)], lambda batch: batch.id) == [done]
    assert texts.having([done, OTHER], [("running", True)], lambda batch: batch.id) == []


def test_another_name_is_found_once_the_old_one_is_forgotten() -> None:
    texts = Texts()
    assert texts.having(BOTH, [("sums", True)], lambda _: "b") == []
    texts.forget()
    assert texts.having(BOTH, [("sums", True)], lambda batch: f"sums-{batch.id}.jsonl") == BOTH
