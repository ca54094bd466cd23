"""Any provider's JSON made into a batch, a file, a page: one test for each thing that a provider does differently."""

import unicodedata
from dataclasses import asdict
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.batches.batch import Batch, BatchError, Counts, Status, Usage, timeline
from tui.batches.cost import Rates, cost
from tui.batches.pace import seconds_left
from tui.batches.stored_files import StoredFile
from tui.client.answers import refusal_in, thing_in
from tui.client.error_words import words
from tui.client.models import batch_from, file_from, page_from

OPENAI: dict[str, Any] = {
    "id": "batch_abc", "object": "batch", "endpoint": "/v1/chat/completions", "model": "gpt-4o-mini", "errors": None,
    "input_file_id": "file-abc", "completion_window": "24h", "status": "completed", "output_file_id": "file-out",
    "error_file_id": None, "created_at": 1_800_000_000, "in_progress_at": 1_800_000_010, "expires_at": 1_800_086_400,
    "finalizing_at": 1_800_000_090, "completed_at": 1_800_000_100, "failed_at": None, "expired_at": None,
    "cancelling_at": None, "cancelled_at": None, "request_counts": {"total": 10, "completed": 9, "failed": 1},
    "usage": {
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 150,
    },
    "metadata": {"description": "nightly"},
}  # fmt: skip


def made(**changes: Any) -> Batch:
    batch = batch_from(OPENAI | changes)
    assert batch is not None
    return batch


def without(*names: str) -> Batch:
    batch = batch_from({name: value for name, value in OPENAI.items() if name not in names})
    assert batch is not None
    return batch


def test_openai_s_own_shape() -> None:
    assert made() == Batch(
        id="batch_abc", status=Status.COMPLETED, raw_status="completed", created_at=1_800_000_000,
        endpoint="/v1/chat/completions", model="gpt-4o-mini", completion_window="24h", input_file_id="file-abc",
        output_file_id="file-out", error_file_id=None, in_progress_at=1_800_000_010, finalizing_at=1_800_000_090,
        completed_at=1_800_000_100, expires_at=1_800_086_400, counts=Counts(10, 9, 1), usage=Usage(100, 50, 10, 5),
        metadata=(("description", "nightly"),),
    )  # fmt: skip


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.UNKNOWN])
def test_openai_s_statuses(status: Status) -> None:
    batch = made(status=status.value)
    assert (batch.status, batch.raw_status, batch.oddities) == (status, status.value, ())


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("CANCELING", Status.CANCELLING), ("Canceled", Status.CANCELLED), ("COMPLETED", Status.COMPLETED),
        ("IN_PROGRESS", Status.IN_PROGRESS), ("running", Status.IN_PROGRESS), ("SUCCEEDED", Status.COMPLETED),
    ],
)  # fmt: skip
def test_statuses_in_another_spelling(word: str, status: Status) -> None:
    batch = made(status=word)
    assert (batch.status, batch.raw_status, batch.oddities) == (status, word, ())


@pytest.mark.parametrize("word", ["pre_schedule", "scheduling", "PRE\x1bSCHEDULE"])
def test_unknown_statuses(word: str) -> None:
    batch = made(status=word)
    assert (batch.status, batch.oddities) == (Status.UNKNOWN, ("status",))
    assert batch.raw_status == word.replace("\x1b", "␛")
    assert batch.status.active


@pytest.mark.parametrize("value", [None, 5, {}, ""])
def test_no_status_at_all(value: Any) -> None:
    assert made(status=value).raw_status == without("status").raw_status == "?"


@pytest.mark.parametrize(
    "value",
    [
        1_800_000_000, 1_800_000_000.25, "1800000000", 1_800_000_000_000, "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00", "2027-01-15T10:00:00.5+02:00", "1800000000.0", " 1800000000 ", 1_800_000_000_000_000,
        {"seconds": 1_800_000_000, "nanos": 0}, {"Time": "2027-01-15T08:00:00Z", "Valid": True},
        {"$date": "2027-01-15T08:00:00Z"}, "2027-01-15 08:00:00 UTC",
    ],
)  # fmt: skip
def test_times_in_other_forms(value: Any) -> None:
    batch = made(created_at=value)
    assert (batch.created_at, batch.oddities) == (1_800_000_000, ())


@pytest.mark.parametrize(
    "value", [{"nanos": 5}, [1], "yesterday", -5, True, 10**30, 1e300, "9" * 5000, "0001-01-01T00:00:00"]
)
def test_times_that_cannot_be_read(value: Any) -> None:
    batch = made(completed_at=value)
    assert (batch.completed_at, batch.oddities) == (None, ("completed_at",))


@pytest.mark.parametrize("value", [None, 0, ""])
def test_no_time_yet(value: Any) -> None:
    batch = made(completed_at=value)
    assert (batch.completed_at, batch.oddities) == (None, ())


def test_the_other_spelling_of_cancelling() -> None:
    batch = made(canceling_at=5, canceled_at=9, status="canceled")
    assert (batch.cancelling_at, batch.cancelled_at, batch.ended_at) == (5, 9, 9)


@pytest.mark.parametrize("window", ["48h", "1h30m", "", None])
def test_another_completion_window(window: str | None) -> None:
    assert made(completion_window=window).completion_window == (window or None)
    assert without("completion_window").completion_window is None


def test_ids_of_other_forms() -> None:
    bare = "6f1e6a3c-3f3b-4d9e-9a53-0a6f4b7c1d2e"
    assert made(id=bare).id == bare
    assert made(id="b" * 700).id == "b" * 700
    assert made(id="evil\x1b]0;x\x07").id == "evil␛]0;x␇"


@pytest.mark.parametrize("identity", [None, "", 0, -5, 5.5, True, {}, []])
def test_a_batch_without_an_id_is_none(identity: Any) -> None:
    assert batch_from(OPENAI | {"id": identity}) is None
    assert file_from({"id": identity, "filename": "x"}) is None


def test_an_empty_file_id_is_none() -> None:
    batch = made(output_file_id="", error_file_id="", input_file_id="")
    assert (batch.output_file_id, batch.error_file_id, batch.input_file_id) == (None, None, None)


def test_null_and_left_out_are_the_same() -> None:
    required = {"id", "object", "endpoint", "input_file_id", "completion_window", "status", "created_at"}
    optional = [name for name in OPENAI if name not in required]
    assert without(*optional) == made(**dict.fromkeys(optional))
    assert without(*optional).oddities == ()
    assert batch_from({"id": "b"}) == Batch("b", Status.UNKNOWN, "?", oddities=("status",))


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (None, None),
        ({"total": 10, "completed": None, "failed": None}, Counts(10)),
        ({"total": None, "completed": 4, "failed": 0}, Counts(None, 4, 0)),
        ({"total": "10", "completed": 4.0, "failed": "0"}, Counts(10, 4, 0)),
        ({"total": 10, "succeeded": 4, "errored": 1}, Counts(10, 4, 1)),
        ({"total": -1, "completed": 4}, Counts(None, 4)),
    ],
)
def test_counts_of_other_forms(value: Any, counts: Counts | None) -> None:
    batch = made(request_counts=value)
    assert (batch.counts, batch.oddities) == (counts, ())
    assert without("request_counts").counts is None


@pytest.mark.parametrize("value", [{}, 40, 0.4, "some", [1], {"total": True}, {"total": 10**400}])
def test_counts_that_cannot_be_read(value: Any) -> None:
    batch = made(request_counts=value)
    assert (batch.counts, batch.oddities) == (None, ("request_counts",))


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ({"input_tokens": 5, "output_tokens": 6}, Usage(5, 6)),
        ({"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}, Usage(5, 6)),
        (
            {"input_tokens": 5, "output_tokens": 6, "input_tokens_details": None, "output_tokens_details": 3},
            Usage(5, 6),
        ),
    ],
)
def test_usage_of_other_forms(value: Any, usage: Usage) -> None:
    assert (made(usage=value).usage, made(usage=value).oddities) == (usage, ())


@pytest.mark.parametrize(("given", "got"), [("input", "output"), ("prompt", "completion")])
def test_details_of_usage_in_the_names_of_either_api_count(given: str, got: str) -> None:
    usage = {
        f"{given}_tokens": 1000, f"{given}_tokens_details": {"cached_tokens": 900},
        f"{got}_tokens": 1000, f"{got}_tokens_details": {"reasoning_tokens": 800}, "total_tokens": 2000,
    }  # fmt: skip
    batch = made(usage=usage)
    assert (batch.usage, batch.oddities) == (Usage(1000, 1000, cached_tokens=900, reasoning_tokens=800), ())
    spent = cost(batch, Rates(input=0.001, cached_input=0.0005, output=0.01))
    assert spent is not None and spent.measured and spent.so_far == pytest.approx(0.1 + 0.45 + 10)


@pytest.mark.parametrize("value", [5, [], {}, {"input_tokens": None, "output_tokens": 5}, "much"])
def test_usage_that_cannot_be_read(value: Any) -> None:
    assert (made(usage=value).usage, made(usage=value).oddities) == (None, ("usage",))


WRONG = {"code": "invalid_json_line", "line": 7, "message": "Not JSON.", "param": None}


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        (None, []),
        ("", []),
        ([], []),
        ({"object": "list", "data": []}, []),
        ({"object": "list", "data": [WRONG]}, [BatchError("invalid_json_line", "Not JSON.", 7)]),
        ({"object": "list", "data": None, "message": "Bad."}, [BatchError(None, "Bad.")]),
        ([WRONG], [BatchError("invalid_json_line", "Not JSON.", 7)]),
        (WRONG, [BatchError("invalid_json_line", "Not JSON.", 7)]),
        ("It is bad.", [BatchError(None, "It is bad.")]),
        (["Bad.", "On Line 12: worse."], [BatchError(None, "Bad."), BatchError(None, "On Line 12: worse.", 12)]),
        ([{"message": "Error in line 3.", "line": None}], [BatchError(None, "Error in line 3.", 3)]),
        ([{"code": "x"}], [BatchError("x", "no reason given")]),
        ([None, 5], [BatchError(None, "5")]),
        ({"data": WRONG}, [BatchError("invalid_json_line", "Not JSON.", 7)]),
        ([{"Message": "Bad.", "line": "7", "code": 5}], [BatchError("5", "Bad.", 7)]),
        ('{"data": [{"message": "Bad."}]}', [BatchError(None, "Bad.")]),
        ({"data": "It is bad."}, [BatchError(None, "It is bad.")]),
        (5, []),
    ],
)  # fmt: skip
def test_errors_of_every_form(value: Any, errors: list[BatchError]) -> None:
    assert list(made(errors=value).errors) == errors
    assert without("errors").errors == ()


def test_metadata_of_other_forms() -> None:
    assert made(metadata=None).metadata == made(metadata={}).metadata == without("metadata").metadata == ()
    assert made(metadata={"a": 5, "b\x1b": None}).metadata == (("a", "5"), ("b␛", "null"))
    assert made(metadata=["a"]).oddities == ("metadata",)


def test_files() -> None:
    assert file_from(
        {"id": "file-a", "filename": "a.jsonl", "purpose": "batch", "bytes": 5, "created_at": 6, "expires_at": 7}
    ) == StoredFile("file-a", "a.jsonl", "batch", 5, 6, 7)
    assert file_from({"id": "6f1e6a3c"}) == StoredFile("6f1e6a3c")
    assert file_from({"id": "f", "bytes": "12", "created_at": "2027-01-15T08:00:00Z", "filename": ""}) == StoredFile(
        "f", bytes=12, created_at=1_800_000_000
    )
    assert file_from({"id": "f", "bytes": -1, "filename": "x\x1b"}) == StoredFile("f", "x␛")
    nothing: list[object] = [None, [], "f", 5, {}]
    assert not any(map(file_from, nothing))


def test_pages() -> None:
    items = [{"id": "a"}, {"id": "b"}]
    for answer in ({"data": items}, {"value": items}, {"data": None, "value": items}, items):
        page = page_from(answer)
        assert page is not None
        assert ([item["id"] for item in page.items], page.has_more, page.last_id) == (["a", "b"], False, "b")
    more = page_from({"data": items, "has_more": True, "last_id": "given"})
    assert more is not None
    assert (more.has_more, more.last_id) == (True, "given")
    odd = page_from({"data": [{"id": "a"}, None, 5, "b"], "has_more": True, "last_id": 5})
    assert odd is not None
    assert (len(odd.items), odd.last_id, odd.unread) == (1, "5", 3)
    empty = page_from({"data": [], "has_more": True, "last_id": None})
    assert empty is not None
    assert (empty.items, empty.has_more, empty.last_id) == ((), True, None)
    assert [page_from(none) for none in (None, 5, "x", {}, {"data": 5}, {"data": {"a": 1}})] == [None] * 6


# What a JSON decoder gives, and beyond: the cache's decoder lets NaN and lone surrogates through.
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**301) | st.floats() | st.text(st.characters())
    | st.sampled_from(["", "1800000000", "9" * 5000, "٣" * 9, "2027-01-15T08:00:00Z", "line 3", "\x1b[2J", "CANCELING"])
)  # fmt: skip
NAMES = st.sampled_from([*OPENAI, "data", "value", "total", "completed", "line", "message", "code", "input_tokens"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(st.characters()), inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=12)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return texts(list(value.items()))
    return [text for item in value for text in texts(item)] if isinstance(value, list | tuple) else []


def assert_safe(record: Any) -> None:
    for text in texts(asdict(record)):
        assert not [character for character in text if unicodedata.category(character) in {"Cc", "Cs"}], text


@given(OBJECTS, st.text(st.characters(), min_size=1))
@example({"metadata": {"a": 10**4000}}, "b")
@example({"errors": [10**4000]}, "b")
@example({"errors": "line 999999999999"}, "b")
@example({"request_counts": {"total": 3, "completed": 10**400}}, "b")
def test_nothing_odd_raises_and_all_text_is_safe(item: dict[str, Any], identity: str) -> None:
    for found in (batch_from(item), batch_from(item | {"id": identity})):
        if found is not None:
            assert_safe(found)
            # What the screen makes of it must not raise either.
            _ = timeline(found), seconds_left(found, 1e10), found.description
            _ = found.counts and (found.counts.progress, found.counts.failed_share)
    assert batch_from(item | {"id": identity}) is not None


@given(OBJECTS | JSON)
@example({"id": "\x1f"})
def test_odd_files(item: Any) -> None:
    found = file_from(item)
    if found is not None:
        assert_safe(found)


@given(OBJECTS | JSON)
def test_odd_pages(answer: Any) -> None:
    page = page_from(answer)
    if page is not None:
        assert all(isinstance(item, dict) for item in page.items)
        assert page.last_id is None or isinstance(page.last_id, str)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_do_not(content: bytes) -> None:
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    page_from(answer)


@pytest.mark.parametrize(
    ("item", "counts"),
    [
        ({"progress": 75}, Counts(share=0.75)),
        ({"progress": "75%"}, Counts(share=0.75)),
        ({"progress": "0.5 %"}, Counts(share=0.005)),
        ({"progress": 0}, Counts(share=0.0)),
        ({"request_counts": {"percent": 40}}, Counts(share=0.4)),
        ({"request_counts": "40%"}, Counts(share=0.4)),
        ({"request_counts": {"total": 10, "progress": 40.0}}, Counts(10, share=0.4)),
        ({"total": "10", "completed": 4, "failed": 1}, Counts(10, 4, 1)),
        ({"total_requests": 10, "completed_requests": 4, "request_counts": None}, Counts(10, 4)),
        ({"request_counts": '{"total": 10, "completed": 4}'}, Counts(10, 4)),
        ({"requestCounts": {"total": "10"}}, Counts(10)),
    ],
)
def test_counts_elsewhere(item: dict[str, Any], counts: Counts) -> None:
    batch = batch_from({"id": "b", "status": "in_progress"} | item)
    assert batch is not None
    assert (batch.counts, batch.oddities) == (counts, ())
    assert counts.progress == (counts.share if not counts.ended else 0.4 + (counts.failed or 0) / 10)


@pytest.mark.parametrize(
    "item",
    [
        {"progress": 1}, {"progress": 0.5}, {"progress": 101}, {"progress": "NaN"}, {"progress": True},
        {"total": 10}, {"completed": 4}, {"total": 3, "completed": 4}, {"total": 10, "completed": True},
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_no_count(item: dict[str, Any]) -> None:
    batch = batch_from({"id": "b", "status": "in_progress"} | item)
    assert batch is not None
    assert (batch.counts, batch.oddities) == (None, ())


def test_metadata_that_was_written_into_a_text_or_a_list() -> None:
    for value in ('{"jobName": "sums"}', [{"key": "jobName", "value": "sums"}], {"jobName": "sums"}):
        assert made(metadata=value).metadata == (("jobName", "sums"),)
    assert made(metadata={"a": [1, True]}).metadata == (("a", "[1, true]"),)
    assert made(metadata="sums").oddities == ("metadata",)


# A good answer with one field of another shape: what is shown is what it says, or unknown.
OTHERS: st.SearchStrategy[Any] = st.sampled_from([
    None, [], {}, [1], {"a": 1}, "", "text", "65", "-5", "NaN", "Infinity", "1e999", 0, -1, 65, 0.5, 10**40, 1e300,
    float("nan"), float("inf"), True, False, [None], [[]], {"data": None}, {"data": [None]}, "\x1b[2J", "{", "{}",
    '{"a": 1}',
])  # fmt: skip
INNER = [(name, inner) for name in ("request_counts", "usage", "metadata") for inner in OPENAI[name]]


@given(st.sampled_from([*((name, None) for name in OPENAI if name != "id"), *INNER]), OTHERS)
def test_one_odd_field_changes_no_other(place: tuple[str, str | None], value: Any) -> None:
    name, inner = place
    item = OPENAI | {name: value if inner is None else OPENAI[name] | {inner: value}}
    batch, good = batch_from(item), made()
    assert batch is not None
    assert_safe(batch)
    shown, wanted = asdict(batch), asdict(good)
    field = {"request_counts": "counts", "object": "id"}.get(name, name)
    # A status that is none goes with its word.
    own = {field, "oddities"} | ({"raw_status"} if name == "status" else set())
    assert {key for key in shown if shown[key] != wanted[key]} <= own
    _ = timeline(batch), seconds_left(batch, 1e10), batch.description
    for number in (batch.created_at, batch.expires_at, *(batch.counts or ())):
        assert number is None or 0 <= number < 10**18


@given(st.sampled_from(["filename", "purpose", "bytes", "created_at", "expires_at", "status"]), OTHERS)
def test_one_odd_field_of_a_file(name: str, value: Any) -> None:
    good = {"id": "f", "filename": "a", "purpose": "batch", "bytes": 5, "created_at": 6, "expires_at": 7}
    stored, wanted = file_from(good | {name: value}), StoredFile("f", "a", "batch", 5, 6, 7)
    assert stored is not None
    assert_safe(stored)
    assert {key for key, shown in asdict(stored).items() if shown != asdict(wanted)[key]} <= {name}


@given(st.sampled_from(["object", "data", "has_more", "last_id", "first_id"]), OTHERS)
def test_one_odd_field_of_a_list(name: str, value: Any) -> None:
    good = {"object": "list", "data": [OPENAI], "has_more": True, "last_id": "batch_abc", "first_id": "batch_abc"}
    page = page_from(good | {name: value})
    if name != "data":
        assert page is not None
        assert page.items == (OPENAI,)
        assert name == "has_more" or page.has_more
    else:
        assert page is None or not page.items


@given(JSON)
def test_the_words_of_anything(body: Any) -> None:
    said = words(body)
    assert said is None or (0 < len(said) <= 300 and not texts_unsafe(said))


def texts_unsafe(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character) in {"Cc", "Cs"}]


@given(JSON)
def test_anything_is_a_thing_a_refusal_or_neither(answer: Any) -> None:
    thing, refusal = thing_in(answer), refusal_in(answer)
    assert thing is None or (isinstance(thing["id"], str) and thing["id"])
    assert thing is None or refusal is None
