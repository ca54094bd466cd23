"""Input files, good ones and bad."""

import json
from typing import Any

from hypothesis import strategies as st

from tui.requests.endpoints import ENDPOINTS

CHAT = "/v1/chat/completions"
BODIES: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "m", "input": "Hello"},
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "Hello"}]},
    "/v1/embeddings": {"model": "m", "input": ["a", "b"]},
    "/v1/completions": {"model": "m", "prompt": "Once"},
    "/v1/moderations": {"model": "m", "input": [{"type": "text", "text": "x"}]},
    "/v1/images/generations": {"model": "m", "prompt": "A cat"},
    "/v1/images/edits": {"model": "m", "prompt": "A cat"},
    "/v1/videos": {"model": "m", "prompt": "A cat"},
}


def request(custom_id: object = "a", endpoint: str = CHAT, **body: object) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": BODIES[endpoint] | body}


def lines(*values: object) -> bytes:
    return b"".join((value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n" for value in values)


CHANGES = st.sampled_from(
    [
        lambda value: value.pop("custom_id"),
        lambda value: value.update(custom_id="same"),
        lambda value: value.update(custom_id=""),
        lambda value: value.update(custom_id=3),
        lambda value: value.update(method="PUT"),
        lambda value: value.pop("method", None),
        lambda value: value.pop("url", None),
        lambda value: value["body"].pop("model", None),
        lambda value: [value.pop("method", None), value.pop("url", None), value["body"].pop("model", None)],
        lambda value: value.update(url="/v1/videos"),
        lambda value: value.update(url="/nowhere"),
        lambda value: value.update(url=None),
        lambda value: value.update(body=[]),
        lambda value: value["body"].update(model="other"),
        lambda value: value["body"].update(model=None),
        lambda value: value["body"].update(stream=True),
        lambda value: value["body"].update(stream=False),
        lambda value: value["body"].update(stream=0.0),
        lambda value: value["body"].update(input=[], messages=[], prompt=""),
        lambda value: value["body"].update(input=[[1, 2], [3]], messages=[1], prompt=[1, 2]),
        lambda value: value["body"].update(input=[1, 2], messages={}, prompt=False),
        lambda value: value["body"].update(input=None, messages=None, prompt=None),
        lambda value: value.update(extra={"deep": [["é", "日本", "😀"]] * 3}),
    ]
)


REPEATS = st.sampled_from(
    [
        lambda raw: b'{"custom_id": 1, ' + raw[1:],
        lambda raw: b'{"method": "PUT", "body": {"model": "\\ud800"}, ' + raw[1:],
        lambda raw: raw[:-1] + b', "custom_id": ""}',
        lambda raw: raw[:-1] + b', "url": "/v1/videos"}',
        lambda raw: raw[:-1] + b', "body": {"stream": true}}',
        lambda raw: raw.replace(b'"model"', b'"stream": true, "stream": false, "model": 1, "model"', 1),
        lambda raw: raw.replace(b'"body": {', b'"body": {"input": 1, "messages": [1], "prompt": 1, ', 1),
        # The body comes last.
        lambda raw: raw[:-2] + b', "input": [], "messages": [], "prompt": 1}}',
        lambda raw: raw[:-2] + b', "model": null}}',
        lambda raw: raw[:-2] + b', "stream": true}}',
    ]
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    endpoint = draw(st.sampled_from(ENDPOINTS))
    parts = [draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\n"]))]
    for number in range(draw(st.integers(0, 12))):
        value = json.loads(json.dumps(request(f"request-{number}", endpoint)))
        if draw(st.booleans()):
            for change in draw(st.lists(CHANGES, max_size=2)):
                if isinstance(value.get("body"), dict) and "custom_id" in value:
                    change(value)
        raw = json.dumps(value, ensure_ascii=draw(st.booleans())).encode()
        if not draw(st.integers(0, 5)):
            # Of a key that is there twice the last counts.
            raw = draw(REPEATS)(raw)
        at = draw(st.integers(0, len(raw)))
        damage = draw(st.sampled_from([None] * 8 + [b"\n", b"\xff", b"NaN", b"}", b" ", b'\\ud800"', b"\n{}", b"\r"]))
        parts.append(raw if damage is None else raw[:at] + damage + raw[at:])
        parts.append(draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b" \n"])))
    content = b"".join(parts)
    return content[: -draw(st.integers(1, 20))] if draw(st.booleans()) else content
