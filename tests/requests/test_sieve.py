"""The fast way through: what it lets pass, and what it must not."""

import json
from typing import Any

import pytest

from tui.requests import sieve

CHAT = "/v1/chat/completions"
ONE = json.dumps({"custom_id": "a", "method": "POST", "url": CHAT, "body": {"messages": [{}], "model": "m"}}).encode()
HEAD, TAIL = ONE[:-1], ONE[-1:]


@pytest.mark.parametrize("lines", [ONE, ONE + b"\n", ONE + b"\n" + ONE, ONE + b"\n" + ONE + b"\n"])
def test_good_lines_pass(lines: bytes) -> None:
    passed = sieve.good(lines, CHAT)
    assert passed is not None and len(passed) == lines.count(b"{}")


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
        ONE.replace(b'"a"', b'"\xff"'),
        ONE.replace(b"{}", b'{"":"\xff"}'),
        ONE.replace(b"{}", b"{}" * 2),
        ONE.replace(b"{}", b'{"":NaN}'),
    ],
)
def test_whatever_is_not_one_request_a_line_is_left_to_the_rules(lines: bytes) -> None:
    assert sieve.good(lines, CHAT) is None


@pytest.mark.parametrize("stream", [True, "no", 0])
def test_streaming_does_not_pass(stream: Any) -> None:
    value = json.loads(ONE)
    value["body"]["stream"] = stream
    assert sieve.good(ONE + b"\n" + json.dumps(value).encode(), CHAT) is None


def test_at_an_endpoint_that_it_does_not_know_nothing_passes() -> None:
    assert sieve.good(ONE.replace(CHAT.encode(), b"/v1/other"), "/v1/other") is None


@pytest.mark.parametrize(
    ("value", "number"), [("a", 1), (["a", "b", "c"], 3), ([1, 2, 3], 1), ([[1], [2, 3]], 2), (["a", 1], 2)]
)
def test_embeddings_inputs(value: Any, number: int) -> None:
    request = json.loads(ONE) | {"url": "/v1/embeddings", "body": {"model": "m", "input": value}}
    passed = sieve.good(json.dumps(request).encode(), "/v1/embeddings")
    assert passed is not None and sieve.inputs(passed) == number
