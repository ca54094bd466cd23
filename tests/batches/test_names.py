"""What a batch is called."""

import pytest

from tui.batches.batch import SUBMISSION_KEY, Batch, Status
from tui.batches.names import Named, Names, submission_name
from tui.batches.stored_files import StoredFile


def _batch(key: str = "batch_1", **metadata: str) -> Batch:
    return Batch(key, Status.COMPLETED, "completed", input_file_id="file-1", metadata=tuple(metadata.items()))


def test_the_best_that_is_known() -> None:
    names = Names()
    batch = _batch()
    assert names.name_of(batch) == "batch_1"
    assert names.nameless([batch]) == [batch]
    assert names.learn_files([StoredFile("file-1", "reviews.0123456789abcdef0123.jsonl"), StoredFile("file-2")])
    assert not names.learn_files([StoredFile("file-1", "reviews.jsonl")])
    assert names.name_of(batch) == "reviews.jsonl"
    assert names.given(batch) is None
    names.learn_submissions([Named("s1", "batch_1", {}, "/home/me/mine.jsonl"), Named("s2", None, {}, "two.jsonl")])
    assert names.name_of(batch) == names.given(batch) == "mine.jsonl"
    assert names.name_of(_batch("batch_2", **{SUBMISSION_KEY: "s2"})) == "two.jsonl"
    assert names.name_of(_batch(description="nightly")) == "nightly"
    assert names.nameless([batch]) == []


@pytest.mark.parametrize(
    ("metadata", "name"),
    [({}, "a b.jsonl"), ({"name": "nightly"}, "nightly"), ({"job": "x", "description": "first"}, "first")],
)
def test_a_submission_is_called_as_its_batch_will_be(metadata: dict[str, str], name: str) -> None:
    assert submission_name(metadata, "/home/me/a\tb.jsonl") == name
    names = Names()
    names.learn_submissions([Named("s", "batch_1", metadata, "/home/me/a\tb.jsonl")])
    assert names.name_of(_batch()) == names.name_of(_batch(**metadata)) == name
