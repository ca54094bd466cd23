"""What a result line says, whatever a provider or an accident made of it."""

import json
import struct
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import chat_body, dump, expired, good, refused, result
from tui.format.text import clean, clean_line
from tui.results.parse import custom_id_of
from tui.results.pretty import pretty
from tui.results.row import Row, answer_text, read_row


def test_a_chat_answer() -> None:
    assert read_row(good("a", "Hello,\n  you.")) == Row("a", 200, "ok", "stop", 9, 3, "Hello, you.", "", "", "chat")
    assert answer_text(good("a", "Hello,\n  you.")) == "Hello,\n  you."


@pytest.mark.parametrize(
    ("line", "status", "code", "message"),
    [
        (refused("a"), 400, "invalid_value", "Invalid value."),
        (expired("a"), None, "batch_expired", "This request could not be executed before"),
        (result("a", "", 0), 0, "", "not answered (status 0)"),
        (result("a", {}, 0), 0, "", "not answered (status 0)"),
        (result("a", None, 500), 500, "", "Status 500"),
        (result("a", {}), 200, "", "The response has no body."),
        (
            result("a", {"detail": [{"msg": "field required", "type": "missing"}]}, 422),
            422,
            "missing",
            "field required",
        ),
        (result("a", {"detail": "Not Found"}, 404), 404, "", "Not Found"),
        (result("a", "<html>Bad gateway</html>", 502), 502, "", "<html>Bad gateway</html>"),
        (result("a", json.dumps({"error": {"code": 17, "message": "inner"}}), 400), 400, "17", "inner"),
        (result("a", {"error": "just text"}), 200, "", "just text"),
        (result("a", chat_body(), 200, {"message": "late"}), 200, "", "late"),
        (dump({"custom_id": "a"}), None, "", "neither a response nor an error"),
        (dump({"custom_id": "a", "response": None, "error": {"code": "x"}}), None, "x", ""),
        (dump({"custom_id": "a", "error": True}), None, "", "does not say"),
        (result("a", {"object": "response", "status": "failed", "output": []}), 200, "", "ended as failed"),
    ],
)
def test_a_failure_wherever_it_stands(line: bytes, status: int | None, code: str, message: str) -> None:
    row = read_row(line)
    assert not row.ok
    assert (row.custom_id, row.status_code, row.error_code) == ("a", status, code)
    assert message in row.error_message
    assert bool(row.error_message) == bool(message)
    assert answer_text(line)


@pytest.mark.parametrize(
    "line",
    [
        result("a", chat_body(), "200"),
        result("a", json.dumps(chat_body())),
        result("a", chat_body(error=None)),
        result("a", chat_body(), 200, {"code": None, "message": None}),
        result("a", chat_body(), 200, ""),
        dump({"custom_id": "a", "response": {"body": chat_body()}}),
        b"\xef\xbb\xbf" + result("a", chat_body()),
        result("a", chat_body()).replace(b'"finish_reason"', b'"logprob": NaN, "finish_reason"'),
        result("a", chat_body()).replace(b"req-1", b"req-\xff"),
    ],
)
def test_a_good_result_in_odd_clothes(line: bytes) -> None:
    row = read_row(line)
    assert (row.ok, row.custom_id, row.answer_head, row.kind) == (True, "a", "Something.", "chat")


def response_body(**more: Any) -> dict[str, Any]:
    text = {"type": "output_text", "text": "From the Responses API.", "annotations": []}
    return {
        "object": "response",
        "status": "completed",
        "incomplete_details": None,
        "error": None,
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "role": "assistant", "content": [text]},
            {"type": "function_call", "name": "look_up", "arguments": '{"x":1}'},
        ],
        "usage": {"input_tokens": 5, "output_tokens": 6},
        **more,
    }


def test_the_responses_api() -> None:
    row = read_row(result("a", response_body()))
    assert (row.kind, row.ok, row.finish_reason) == ("response", True, "completed")
    assert (row.input_tokens, row.output_tokens) == (5, 6)
    assert answer_text(result("a", response_body())) == 'From the Responses API.\nlook_up({"x":1})'
    cut = response_body(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert read_row(result("a", cut)).finish_reason == "max_output_tokens"


def test_usage_in_the_names_of_both_apis() -> None:
    usage = {"prompt_tokens": None, "completion_tokens": None, "input_tokens": 5, "output_tokens": 6}
    row = read_row(result("a", chat_body() | {"usage": usage}))
    assert (row.input_tokens, row.output_tokens) == (5, 6)


def test_chat_that_calls_refuses_or_gives_choices() -> None:
    body = chat_body()
    message = body["choices"][0]["message"]
    message.update(content=None, tool_calls=[{"function": {"name": "f", "arguments": "{}"}}])
    assert answer_text(result("a", body)) == "f({})"
    message.update(tool_calls=None, refusal="I will not.")
    assert answer_text(result("a", body)) == "refused: I will not."
    message.update(content=[{"type": "text", "text": "in parts"}], refusal=None)
    body["choices"].append({"message": {"content": "other"}})
    assert answer_text(result("a", body)) == "— choice 1 of 2 —\nin parts\n\n— choice 2 of 2 —\nother"


def test_embeddings_are_summed_up() -> None:
    packed = b64encode(struct.pack("<4f", 0.5, 0.5, 0.5, 0.5)).decode()
    data = [{"object": "embedding", "embedding": vector} for vector in ([0.6, 0.8], packed, "???", [10**400])]
    line = result("a", {"object": "list", "data": data, "usage": {"prompt_tokens": 8}})
    assert answer_text(line).splitlines() == [
        "embedding 1 of 4: 2 dimensions, norm 1.000",
        "embedding 2 of 4: 4 dimensions, norm 1.000",
        "embedding 3 of 4: unreadable",
        "embedding 4 of 4: unreadable",
    ]
    row = read_row(line)
    assert (row.kind, row.input_tokens, row.output_tokens) == ("embedding", 8, None)


def test_moderations_name_what_was_flagged() -> None:
    flagged = {"flagged": True, "categories": {"violence": True, "hate": False}, "category_scores": {"violence": 0.984}}
    clear = {"flagged": False, "categories": {"violence": False}}
    line = result("a", {"id": "modr-1", "results": [flagged, clear]})
    assert read_row(line).kind == "moderation"
    assert answer_text(line) == "flagged: violence 0.98\nnot flagged"


def test_completions_and_what_no_rule_knows() -> None:
    old = {"object": "text_completion", "choices": [{"text": "Once", "finish_reason": "length"}]}
    row = read_row(result("a", old))
    assert (row.kind, row.answer_head, row.finish_reason) == ("completion", "Once", "length")
    row = read_row(result("a", {"created": 1, "data": [{"url": "https://example.org/i.png"}]}))
    assert (row.kind, row.ok) == ("other", True)
    assert "https://example.org/i.png" in row.answer_head


@pytest.mark.parametrize(
    "line", [b"", b"   ", b"oops", b"[1]", b"null", b"\0" * 50, b"\xff\xfe", b'{"a":1}}', b"[" * 99999]
)
def test_what_is_no_result_line_says_so(line: bytes) -> None:
    row = read_row(line)
    assert (row.ok, row.kind, row.custom_id) == (False, "not_json", "")
    assert row.error_message.startswith("This line is ")
    assert len(row.answer_head) <= 240
    answer_text(line)
    pretty(line)


def test_a_cut_off_line_is_bad_but_the_head_of_a_line_is_what_it_holds() -> None:
    line = good("a", "word " * 1000)
    for stop in range(1, len(line)):
        row = read_row(line[:stop])
        assert (row.ok, row.kind) == (False, "not_json")
        head = read_row(line[:stop], whole=False)
        assert head.ok or head.kind == "not_json"
    assert read_row(line[:900]).custom_id == "a"
    assert "cut off after 900 bytes" in read_row(line[:900]).error_message
    assert head.kind == "chat"
    assert head.answer_head.startswith("word word")
    assert answer_text(line[:900]).endswith("This line is cut off here.")
    assert answer_text(line[:900], whole=False).endswith("wo")
    assert not read_row(refused("a")[:200], whole=False).ok


def test_a_number_as_custom_id_counts_as_its_text() -> None:
    line = good("a").replace(b'"custom_id": "a"', b'"custom_id": 12')
    assert read_row(line).custom_id == custom_id_of(line) == "12"
    huge = good("a").replace(b'"custom_id": "a"', b'"custom_id": ' + b"9" * 4999)
    assert custom_id_of(huge) is None
    assert read_row(huge).custom_id == ""


def test_nothing_that_a_terminal_obeys_comes_out() -> None:
    evil = "\x1b]52;c;eA==\x07\x9b31m\u202e[/red]SURROGATE\r"
    line = result("\x1b[2J", chat_body(evil)).replace(b"SURROGATE", rb"\ud800")
    broken = refused("\x1b[2J", evil, "\x1b[0m").replace(b"SURROGATE", rb"\ud800")
    for text in (*_strings(read_row(line)), *_strings(read_row(broken))):
        assert clean_line(text) == text
    for source in (line, broken, b"\x1b[2J not json", evil.encode("utf-8", "replace")):
        for text in (answer_text(source), pretty(source)):
            assert clean(text) == text


def _strings(row: Row) -> list[str]:
    return [value for name in row.__slots__ if isinstance(value := getattr(row, name), str)]


WORDS = """custom_id response error status_code body choices message content output data embedding results flagged
categories usage prompt_tokens object code status finish_reason incomplete_details tool_calls"""
FIELDS = WORDS.split()
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=40,
)


@settings(max_examples=300, deadline=None)
@given(_json, st.integers(0, 400))
def test_no_json_at_all_makes_it_stumble(value: object, cut: int) -> None:
    line = json.dumps(value).encode()
    for piece in (line, line[:cut]):
        for row in (read_row(piece), read_row(piece, whole=False)):
            assert all(clean_line(text) == text for text in _strings(row))
        assert clean(answer_text(piece)) == answer_text(piece)
        assert clean(pretty(piece)) == pretty(piece)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_stumble(line: bytes) -> None:
    assert isinstance(read_row(line), Row)
    assert clean(answer_text(line)) == answer_text(line)
    assert clean(pretty(line)) == pretty(line)


@settings(max_examples=200, deadline=None)
@given(_json)
def test_pretty_keeps_every_value(value: object) -> None:
    assert json.dumps(json.loads(pretty(json.dumps(value).encode(), limit=10**6))) == json.dumps(
        json.loads(clean(json.dumps(value, ensure_ascii=False)))
    )


def test_pretty_is_bounded_and_says_what_is_left() -> None:
    line = good("a", "x" * 5_000_000)
    text = pretty(line, limit=10_000)
    assert len(text) < 11_000
    assert " … 5.0 MB more of this string" in text
    assert '"completion_tokens": 3' in text
    many = result("a", {"data": list(range(1_000_000))})
    text = pretty(many, limit=10_000)
    assert len(text) < 11_000
    assert text.endswith("MB more of this line")


def test_pretty_shows_characters_rather_than_their_numbers() -> None:
    assert pretty(rb'{"a":"z\u00f3\u0142 \u001b[2J","b":[],"c":{}}') == (
        '{\n  "a": "zół \\u001b[2J",\n  "b": [],\n  "c": {}\n}'
    )
