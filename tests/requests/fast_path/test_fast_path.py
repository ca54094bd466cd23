"""The fast ways through: what each lets pass, and what it must not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tui.requests.checker import Checker
from tui.requests.fast_path import ascii_lines
from tui.requests.fast_path.blocks import Good, Sieve
from tui.requests.fast_path.unicode_lines import SimdSieve

CHAT = "/v1/chat/completions"
ONE = json.dumps({"custom_id": "a", "method": "POST", "url": CHAT, "body": {"messages": [{}], "model": "m"}}).encode()
HEAD, TAIL = ONE[:-1], ONE[-1:]

Good_ = Callable[[bytes, str], Good | None]


@pytest.fixture(params=["by the text", "msgspec", "simdjson"])
def good(request: pytest.FixtureRequest) -> Good_:
    return {"by the text": Sieve().good, "msgspec": ascii_lines.good, "simdjson": SimdSieve().good}[request.param]


@pytest.mark.parametrize("lines", [ONE, ONE + b"\n", ONE + b"\n" + ONE, ONE + b"\n" + ONE + b"\n"])
def test_good_lines_pass(good: Good_, lines: bytes) -> None:
    number = lines.count(b"{}")
    assert good(lines, CHAT) == Good(["a"] * number, ["m"] * number, 0)


@pytest.mark.parametrize(
    "lines",
    [
        HEAD + b"\n" + TAIL,
        HEAD + b"\n" + TAIL + b"\n",
        ONE + ONE + b"\n",
        ONE + b" " + ONE + b"\n",
        # As many newlines as requests, and yet not one on each line.
        ONE + ONE + b"\n" + HEAD + b"\n" + TAIL,
        ONE + ONE + b"\n" + HEAD + b"\n" + TAIL + b"\n",
        HEAD + b"\n" + TAIL + ONE,
        HEAD + b"\n" + TAIL + ONE + b"\n",
        HEAD + b"\n " + TAIL,
        ONE.replace(b"{}", b"{\n}") + ONE + b"\n",
        b"\n" + ONE,
        ONE + b"\n\n" + ONE,
        ONE + b"\n" + HEAD,
        ONE.replace(b"{}", b"{}" * 2),
        ONE.replace(b"{}", b'{"":NaN}'),
        ONE + b"\r\n" + ONE,
        ONE.replace(b'"a"', b'""'),
        ONE.replace(b'"m"', b'""'),
        ONE.replace(b'"m"', b"1"),
        ONE.replace(b"[{}]", b"[]"),
        ONE.replace(b"[{}]", b"[[]]"),
        ONE.replace(b"POST", b"GET"),
        ONE.replace(b'"method"', b'"Method"'),
        # Of a key that is there twice the last counts.
        HEAD + b', "custom_id": 1}',
        HEAD + b', "body": {}}',
        HEAD[:-1] + b', "model": 1}}',
        HEAD[:-1] + b', "messages": []}}',
        HEAD[:-1] + b', "stream": false, "stream": true}}',
        b"[" + ONE + b"]",
        b"1\n" + ONE,
        b"\xef\xbb\xbf" + ONE,
        b"[" * 2000 + b"\n" + b"]" * 2000,
    ],
)
def test_whatever_is_not_one_right_request_a_line_is_left_to_the_rules(good: Good_, lines: bytes) -> None:
    assert good(lines, CHAT) is None


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xe6\x97", b"\\ud800", b"\\udc00\\ud800"])
@pytest.mark.parametrize("place", [b'"a"', b'"m"', b'"": "x"', b'"x"'])
def test_what_is_no_text_does_not_pass(text: bytes, place: bytes) -> None:
    other = ONE.replace(b"{}", b'{"": "x"}').replace(b'"a"', b'"\xc3\xa9"')
    assert Sieve().good(other + b"\n" + ONE, CHAT) is not None
    bad = other.replace(place, place[:-1] + text + b'"') if place in other else ONE.replace(place, b'"' + text + b'"')
    assert Sieve().good(bad + b"\n" + ONE, CHAT) is None


@pytest.mark.parametrize("number", [b"9" * 40, b"1e999"])
def test_numbers_that_a_decoder_cannot_hold_are_left_to_the_rules(number: bytes) -> None:
    lines = ONE.replace(b"{}", b'{"\xc3\xa9": ' + number + b"}")
    assert Sieve().good(lines, CHAT) is None
    assert not Checker().check(lines, 1).faults


def test_nesting_that_the_rules_may_refuse_is_left_to_them() -> None:
    def nested(levels: int) -> bytes:
        return ONE.replace(b"{}", b'{"\xc3\xa9": ' + b"[" * levels + b"]" * levels + b"}")

    assert SimdSieve().good(nested(700), CHAT)
    for levels in range(800, 1050, 10):
        assert not SimdSieve().good(nested(levels), CHAT)


def test_one_long_line_is_left_to_the_rules() -> None:
    assert Sieve().good(bytearray(ONE), CHAT) is None


@pytest.mark.parametrize("stream", [True, "no", 0])
def test_streaming_does_not_pass(good: Good_, stream: Any) -> None:
    value = json.loads(ONE)
    value["body"]["stream"] = stream
    assert good(ONE + b"\n" + json.dumps(value).encode(), CHAT) is None


def test_at_an_endpoint_that_it_does_not_know_nothing_passes(good: Good_) -> None:
    assert good(ONE.replace(CHAT.encode(), b"/v1/other"), "/v1/other") is None


@pytest.mark.parametrize(
    ("value", "number"), [("a", 1), (["a", "b", "c"], 3), ([1, 2, 3], 1), ([[1], [2, 3]], 2), (["a", 1], 2)]
)
def test_embeddings_inputs(good: Good_, value: Any, number: int) -> None:
    request = json.loads(ONE) | {"url": "/v1/embeddings", "body": {"model": "m", "input": value}}
    passed = good(json.dumps(request).encode(), "/v1/embeddings")
    assert passed is not None and passed.inputs == number
