"""What waits at the provider against what may wait there."""

from dataclasses import replace

import pytest

from tui.batches.batch import Batch, BatchError, Counts, Status, Usage
from tui.batches.quota import (
    Amount,
    Limit,
    Refusal,
    Room,
    Unit,
    enqueued,
    limits,
    pause_ends,
    refusal,
    refused,
    rooms,
)  # fmt: skip

OPENAI = (
    "Enqueued token limit reached for gpt-4o-mini in organization org-abc. Limit: 2,000,000 enqueued tokens. Please try"
    " again once some in_progress batches have been completed."
)
OPENAI_REQUESTS = (
    "Enqueued request limit reached for text-embedding-3-small in organization org-abc. Limit: 1,000,000 enqueued"
    " requests. Please try again once some in_progress batches have been completed."
)
AZURE = (
    "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment 'gpt-4.1-batch'. Please"
    " either increase the limit or try again once the current jobs have finished."
)
BATCH = Batch("batch_1", Status.IN_PROGRESS, "in_progress", model="gpt-4o-mini-2024-07-18")


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("token_limit_exceeded", OPENAI, Refusal(Unit.TOKENS, "gpt-4o-mini", 2_000_000)),
        (None, OPENAI, Refusal(Unit.TOKENS, "gpt-4o-mini", 2_000_000)),
        ("token_limit_exceeded", OPENAI_REQUESTS, Refusal(Unit.REQUESTS, "text-embedding-3-small", 1_000_000)),
        (None, OPENAI_REQUESTS, Refusal(Unit.REQUESTS, "text-embedding-3-small", 1_000_000)),
        ("token_limit_exceeded", AZURE, Refusal(Unit.TOKENS, "gpt-4.1-batch", 30_000)),
        ("token_limit_exceeded", AZURE.replace("30K", "1.5M"), Refusal(Unit.TOKENS, "gpt-4.1-batch", 1_500_000)),
        ("token_limit_exceeded", AZURE.replace("30K", "5B"), Refusal(Unit.TOKENS, "gpt-4.1-batch", 5_000_000_000)),
        (None, "Enqueued token limit exceeded for gpt-5.6-sol.", Refusal(Unit.TOKENS, "gpt-5.6-sol", None)),
        ("token_limit_exceeded", "Too much.", Refusal(Unit.TOKENS, None, None)),
        ("rate_limit_exceeded", "Rate limit reached for gpt-4o on tokens per min. Limit: 30,000.", None),
        ("invalid_json_line", "This line is not parseable as valid JSON.", None),
        (None, "The file was enqueued. 3 tokens.", None),
        (None, "", None),
    ],
)
def test_what_a_refusal_says(code: str | None, message: str, told: Refusal | None) -> None:
    assert refusal(code, message) == told


def test_a_refusal_in_few_words() -> None:
    assert Refusal(Unit.TOKENS, "m", 2_000_000).sentence == "Over the limit of 2.0M enqueued tokens for m."
    assert Refusal(Unit.REQUESTS).sentence == "Over the limit on enqueued requests."


def test_only_a_failed_batch_was_refused() -> None:
    error = BatchError("token_limit_exceeded", OPENAI)
    assert refused(replace(BATCH, errors=(error,))) is None
    other = BatchError("empty_file", "The input file is empty.", 1)
    failed = replace(BATCH, status=Status.FAILED, errors=(other,))
    assert refused(failed) is None
    assert refused(replace(failed, errors=(other, error))) == Refusal(Unit.TOKENS, "gpt-4o-mini", 2_000_000)


def test_what_a_batch_takes() -> None:
    mine = Amount("gpt-4o-mini", 500, 7)
    counted = replace(BATCH, counts=Counts(10, 4, 1), usage=Usage(100, 30))
    # What was counted here before it was sent goes before what can be told from its course.
    assert enqueued(counted, mine) == mine
    assert enqueued(counted) == Amount(BATCH.model, 200, 10)
    assert enqueued(counted, Amount("gpt-4o-mini", None, 10)) == Amount("gpt-4o-mini", 200, 10)
    # A server that has not counted yet, or that never does, says 0.
    assert enqueued(replace(counted, usage=Usage(0, 0))) == Amount(BATCH.model, None, 10)
    assert enqueued(replace(BATCH, counts=Counts(0, 0, 0), usage=Usage(0, 0))) == Amount(BATCH.model, None, None)


def test_rooms_by_family_with_the_unknown_counted() -> None:
    found = rooms(
        [
            Amount("gpt-4o-mini-2024-07-18", 600_000, 5), Amount("gpt-4o-mini", 1_000_000, 6), Amount("gpt-4o-mini"),
            Amount("other", 5), Amount(None, 7),
        ],
        {"gpt-4o-mini": Limit(tokens=2_000_000), "idle": Limit(requests=3)},
    )  # fmt: skip
    assert found["gpt-4o-mini"] == Room(Limit(tokens=2_000_000), 1_600_000, 11, 1)
    assert found["gpt-4o-mini"].text == "2.0M limit · 1.6M enqueued · and 1 batch of unknown size"
    assert found["other"].text == "limit not known · 5 enqueued"
    assert found["idle"].text == "3 requests limit · 0 enqueued"
    assert set(found) == {"gpt-4o-mini", "other", "idle"}


@pytest.mark.parametrize(
    ("limit", "wanted", "fits", "too_much"),
    [
        (Limit(), Amount("m", 1, 1), None, None),
        (Limit(tokens=100), Amount("m", 60, 1), True, None),
        (Limit(tokens=100), Amount("m", 61, 1), False, None),
        (Limit(tokens=100), Amount("m", 101, 1), False, Unit.TOKENS),
        (Limit(tokens=100), Amount("m", None, 1), None, None),
        (Limit(requests=10), Amount("m", None, 6), True, None),
        (Limit(requests=10), Amount("m", None, 7), False, None),
        (Limit(tokens=100, requests=10), Amount("m", 60, 7), False, None),
        (Limit(tokens=100, requests=10), Amount("m", 60, 6), True, None),
        (Limit(tokens=100, requests=10), Amount("m", 60, None), None, None),
        (Limit(tokens=100, requests=10), Amount("m", 61, 11), False, Unit.REQUESTS),
    ],
)
def test_what_fits(limit: Limit, wanted: Amount, fits: bool | None, too_much: Unit | None) -> None:
    room = Room(limit, tokens=40, requests=4)
    assert room.fits(wanted) is fits
    assert room.too_much(wanted) is too_much


def test_a_profile_goes_before_what_was_learnt() -> None:
    learnt = {"m": Limit(tokens=5, requests=7, refused_at=9.0, refusals=2), "n": Limit(tokens=1)}
    assert limits({"m-2024-07-18": 50, "o": 3}, {"n": 4}, learnt) == {
        "m": Limit(tokens=50, requests=7, refused_at=9.0, refusals=2),
        "n": Limit(tokens=1, requests=4),
        "o": Limit(tokens=3),
    }


def test_after_a_refusal_something_has_to_end() -> None:
    limit = Limit(refused_at=1000.0, refusals=1)
    running = replace(BATCH, in_progress_at=1001)
    assert pause_ends(Limit(tokens=5), [], 1000.0) is None
    assert pause_ends(limit, [running], 1000.0) == 1060.0
    assert pause_ends(limit, [running], 1060.0) is None
    # Doubled each time, up to an hour.
    assert pause_ends(replace(limit, refusals=3), [], 1100.0) == 1240.0
    assert pause_ends(replace(limit, refusals=99), [], 1100.0) == 4600.0
    ended = replace(BATCH, status=Status.COMPLETED, completed_at=1001)
    assert pause_ends(limit, [running, ended], 1002.0) is None
    assert pause_ends(limit, [replace(ended, completed_at=1000)], 1002.0) == 1060.0
    # A refused batch has ended as well, but took no room that it could give back.
    failed = replace(BATCH, status=Status.FAILED, failed_at=1001)
    assert pause_ends(limit, [failed], 1002.0) == 1060.0
    assert pause_ends(replace(limit, refusals=0), [], 1002.0) is None
