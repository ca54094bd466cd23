"""Huge and cut-off lines, read without a decoder's long call."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import chat_body, dump, good, request, result
from tui.results.answer import finish_reason_in
from tui.results.fast_parse import GOOD, Result, read_result
from tui.results.members import members
from tui.results.outcome import outcome_of
from tui.results.row import answer_text, read_row
from tui.results.skeleton import DEPTH, ROOM, skeleton

_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=25,
)
_objects = st.dictionaries(st.text(max_size=5), _values, max_size=5)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(inner) for inner in value.values()), default=0)
    return 1 + max((depth(inner) for inner in value), default=0) if isinstance(value, list) else 0


@settings(max_examples=300, deadline=None)
@given(_objects.filter(lambda value: depth(value) <= DEPTH), st.booleans())
def test_a_small_text_stays_as_it_is(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    short = skeleton(text)
    assert (short.json, short.shortened, short.cut_off) == (text, False, False)


@settings(max_examples=200, deadline=None)
@given(_objects, st.booleans(), st.data())
def test_every_beginning_of_an_object_can_be_closed(value: object, ascii_only: bool, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1]))).encode()
    stop = data.draw(st.integers(1, len(text)))
    short = skeleton(text[:stop])
    assert isinstance(json.loads(short.json.decode("utf-8", "replace")), dict)
    assert short.cut_off == (stop < len(text))


@settings(max_examples=200, deadline=None)
@given(st.text(), st.integers(0, 60))
def test_a_string_is_cut_between_characters(text: str, longest: int) -> None:
    for token in (json.dumps({"a": text}), json.dumps({"a": text}, ensure_ascii=False)):
        short = json.loads(skeleton(token.encode("utf-8"), longest=longest + 2).json)
        # Only the first half of a character that takes two escapes may be left over.
        assert text.startswith(short["a"].rstrip("".join(map(chr, range(0xD800, 0xDC00)))))


@settings(max_examples=200, deadline=None)
@given(_objects, st.booleans(), st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", " : ")]))
def test_members_are_the_values_byte_for_byte(
    value: dict[str, object], ascii_only: bool, marks: tuple[str, str]
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, separators=marks).encode()
    found = {json.loads(b'"%b"' % key): json.loads(part) for key, part in members(text).items()}
    assert found == value
    assert all(part in text and part == part.strip() for part in members(text).values())


def test_members_of_a_cut_off_object_are_the_complete_ones() -> None:
    assert members(b'{"a":1,"b":{"c":[') == {b"a": b"1"}
    assert members(b'{"a":1,"b":"') == {b"a": b"1"}
    assert members(b"") == {}


def embeddings(bytes_wanted: int) -> bytes:
    vector = [0.0123456789] * 1536
    count = bytes_wanted // (len(json.dumps(vector)))
    return result("a", {"object": "list", "data": [{"embedding": vector}] * count, "usage": {"prompt_tokens": 7}})


def logprobs(bytes_wanted: int) -> bytes:
    token = {"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": [{"token": "x", "logprob": -0.1}]}
    body = chat_body()
    body["choices"][0]["logprobs"] = {"content": [token] * (bytes_wanted // len(json.dumps(token)))}
    return result("a", body)


HUGE = {
    "one long answer": lambda: good("a", 'The "word" zażółć\n' * 400_000),
    "base64": lambda: result("a", {"data": [{"b64_json": "QUJD" * 1_000_000}] * 3, "usage": {"input_tokens": 7}}),
    "embeddings": lambda: embeddings(12_000_000),
    "small objects, deep": lambda: logprobs(10_000_000),
    "small strings, flat": lambda: result("a", {"data": ["abc"] * 2_000_000, "usage": {"input_tokens": 7}}),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_line_gives_its_outcome_from_a_short_text(name: str) -> None:
    line = HUGE[name]()
    assert len(line) > 8_000_000
    short = skeleton(line)
    assert short.shortened
    assert not short.cut_off
    assert len(short.json) < 3 * ROOM
    custom_id, outcome, *_ = read_result(line)
    assert outcome is not None
    assert (custom_id, outcome.ok, outcome.status_code) == ("a", True, 200)
    row = read_row(line)
    assert row.ok
    assert row.input_tokens in (7, 9)
    assert read_result(line[:-3])[1] is None


def test_the_whole_of_a_long_answer_is_there_up_to_the_limit() -> None:
    line = good("a", "x" * 3_000_000)
    assert answer_text(line) == "x" * 3_000_000
    cut = answer_text(line, limit=1_000_000)
    assert cut.startswith("x" * 999_000)
    assert cut.endswith("too long to read here.")


def test_many_backslashes_take_no_time() -> None:
    for count in (2_000_000, 2_000_001):
        short = skeleton(b'{"a":"' + b"\\" * count)
        assert short.cut_off
        assert msgspec.json.decode(short.json).keys() <= {"a"}


_bodies = st.one_of(
    st.none(),
    st.just(""),
    st.just("text"),
    st.dictionaries(
        st.sampled_from(["error", "status", "choices", "data", "output", "results", "object", "message"]),
        st.sampled_from(
            [None, "", "failed", "completed", "response", [], [1], {}, {"message": "m"}, {"code": None}, 1]
        ),
        max_size=4,
    ),
)
_lines = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": st.sampled_from(["a", 1, None]),
        "error": st.sampled_from([None, "", {}, {"code": "c"}, {"code": None}, False, "e"]),
        "response": st.none()
        | st.fixed_dictionaries(
            {}, optional={"status_code": st.sampled_from([200, 299, "200", 0, 400, None, 200.0]), "body": _bodies}
        ),
    },
)


@settings(max_examples=500, deadline=None)
@given(_lines)
def test_the_fast_reading_says_what_the_thorough_one_says(line: dict[str, object]) -> None:
    _, outcome, finish, *_ = read_result(dump(line))
    assert read_result(dump(line), counting=True)[1:3] == (outcome, finish)
    assert outcome is not None
    thorough = outcome_of(line)
    assert finish == (finish_reason_in(thorough.body) if thorough.ok else "")
    if outcome is GOOD:
        assert thorough.ok
    else:
        assert outcome == thorough


def test_the_usual_good_lines_are_read_the_fast_way() -> None:
    assert read_result(good("a")) == Result("a", GOOD, "stop")
    assert read_result(good("a"))[1] is GOOD
    assert read_result(request("a"))[1] is not GOOD
