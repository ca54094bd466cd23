"""What of a request is input, and how much it may write."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.requests.samples import CHAT, files
from tui.requests.cost import prompts
from tui.requests.cost.prompts import ELSEWHERE, IMAGES, Prompt
from tui.requests.endpoints import ENDPOINTS


def read(endpoint: str, **body: Any) -> Prompt:
    line = {"custom_id": "a", "method": "POST", "url": endpoint, "body": {"model": "m"} | body}
    prompt = prompts.read(json.dumps(line).encode() + b"\r\n", endpoint)
    assert prompt
    return prompt


def message(content: object, **more: object) -> dict[str, object]:
    return {"role": "user", "content": content} | more


def test_chat_messages_have_an_overhead() -> None:
    prompt = read(CHAT, messages=[message("Hello"), message("You", name="Ann"), message(None)])
    assert prompt.texts == ["user", "Hello", "user", "Ann", "You", "user"]
    assert prompt.tokens == 3 * 3 + 1 + 3


def test_images_are_told_and_never_counted_as_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    prompt = read(CHAT, messages=[message([{"type": "text", "text": "What is it?"}, image])])
    assert prompt.texts == ["user", "What is it?"]
    assert prompt.uncounted == {IMAGES}
    item = message([{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": "data:,"}])
    assert read("/v1/responses", input=[item]).uncounted == {IMAGES}
    assert read("/v1/moderations", input=[{"type": "image_url"}, "b"]).uncounted == {IMAGES}


def test_tools_schemas_and_calls_count_as_json() -> None:
    tool = {"type": "function", "function": {"name": "日"}}
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
    schema = {"type": "json_schema", "json_schema": {"name": "x"}}
    prompt = read(CHAT, messages=[message(None, tool_calls=[call])], tools=[tool], response_format=schema)
    assert [json.loads(text) for text in prompt.texts[1:]] == [[call], [tool], schema]
    assert all(" " not in text and "\\" not in text for text in prompt.texts[2:])
    assert read(CHAT, messages=[message("a")], response_format={"type": "json_object"}).texts == ["user", "a"]


def test_responses() -> None:
    assert read("/v1/responses", input="Hello", instructions="Be kind").texts == ["Be kind", "Hello"]
    call = {"type": "function_call", "arguments": '{"a":1}'}
    output = {"type": "function_call_output", "output": "done"}
    prompt = read("/v1/responses", input=[message("Hi"), call, output], max_output_tokens=9)
    assert prompt.texts == ["user", "Hi", '{"a":1}', "done"]
    assert prompt.output_most == 9
    assert read("/v1/responses", previous_response_id="r").uncounted == {ELSEWHERE}
    assert read("/v1/responses", input=[{"type": "item_reference", "id": "i"}]).uncounted == {ELSEWHERE}


@pytest.mark.parametrize(
    ("value", "texts", "tokens"),
    [("a", ["a"], 0), (["a", "b"], ["a", "b"], 0), ([1, 2, 3], [], 3), ([[1, 2], [3]], [], 3), ([], [], 0)],
)
def test_embeddings_and_completions_take_texts_or_tokens(value: object, texts: list[str], tokens: int) -> None:
    for endpoint, key in (("/v1/embeddings", "input"), ("/v1/completions", "prompt")):
        prompt = read(endpoint, **{key: value})
        assert (prompt.texts, prompt.tokens) == (texts, tokens)
    assert read("/v1/embeddings", input=value).output_most == 0


@pytest.mark.parametrize(
    ("endpoint", "body", "most"),
    [
        (CHAT, {}, None),
        (CHAT, {"max_tokens": 5}, 5),
        (CHAT, {"max_tokens": 5, "max_completion_tokens": 7, "n": 3}, 21),
        (CHAT, {"max_tokens": "many"}, None),
        (CHAT, {"max_tokens": True}, None),
        ("/v1/responses", {}, None),
        ("/v1/completions", {"prompt": "a"}, 16),
        ("/v1/completions", {"prompt": ["a", "b"], "max_tokens": 10, "n": 2, "best_of": 3}, 60),
        ("/v1/moderations", {"input": "a"}, 0),
        ("/v1/videos", {"prompt": "a"}, None),
    ],
)
def test_the_most_that_may_be_written(endpoint: str, body: dict[str, Any], most: int | None) -> None:
    given = {"messages": [message("a")]} if endpoint == CHAT else {}
    assert read(endpoint, **given, **body).output_most == most


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"{",
        b"[]",
        b"{}",
        b'{"body": 3}',
        b'{"body":{"messages":[1]}}',
        b'{"body":{"messages":"a"}}',
        b"\xff",
    ],
)
def test_what_is_no_request_is_none(raw: bytes) -> None:
    assert prompts.read(raw, CHAT) is None


def test_deep_nesting_is_no_request() -> None:
    raw = b'{"body":{"messages":[],"tools":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    assert prompts.read(raw, CHAT) is None


@settings(max_examples=100, deadline=None)
@given(content=files())
def test_nothing_in_a_file_raises(content: bytes) -> None:
    for raw in content.split(b"\n"):
        for endpoint in (*ENDPOINTS, None):
            prompt = prompts.read(raw, endpoint)
            assert prompt is None or all(isinstance(text, str) and text for text in prompt.texts)


@pytest.mark.parametrize("text", ["plain", '日本 \U0001f600 " \\ \n', "é" * 1000, "a" * 2_000_000])
@pytest.mark.parametrize("beside", ["1", "1" * 40, "1e400", "[]"])
@pytest.mark.parametrize("escaped", [False, True])
def test_both_decoders_read_the_same(text: str, beside: str, escaped: bool) -> None:
    """One does not take everything that is JSON, nor long lines; a bytearray is a long line always."""
    content = json.dumps({"role": "user", "content": text}, ensure_ascii=escaped)
    raw = f'{{"body":{{"model":"m","messages":[{content}],"seed":{beside}}}}}\n'.encode()
    prompt = prompts.read(raw, CHAT)
    assert prompt == prompts.read(bytearray(raw), CHAT)
    assert prompt
    assert prompt.texts == ["user", text]


@pytest.mark.parametrize("text", [r"\ud83d", r"\ude00\ud83d", r"\x", "\x01"])
def test_what_no_decoder_takes_is_no_request(text: str) -> None:
    raw = b'{"body":{"model":"m","messages":[{"role":"user","content":"%b"}]}}' % text.encode()
    assert prompts.read(raw, CHAT) is prompts.read(bytearray(raw), CHAT) is None
