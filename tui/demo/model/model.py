"""A small deterministic stand-in for OpenAI's models."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tui.demo.engine.records import Usage
from tui.demo.model import catalog, chance, prose, vectors

Body = dict[str, Any]
_MOST_DIMENSIONS = 3_072


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request gets: the HTTP status of its answer, the answer's JSON, the tokens it took."""

    status_code: int
    body: Body
    usage: Usage


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as an endpoint's handler sees it; ``created`` is in Unix seconds."""

    body: Body
    rng: random.Random
    created: int

    @property
    def model(self) -> str:
        """The dated name of the model that was asked for."""
        return catalog.dated(str(self.body.get("model", "")))

    def hex(self, prefix: str) -> str:
        """An id of 24 hexadecimal digits."""
        return f"{prefix}{self.rng.getrandbits(96):024x}"


def answer(endpoint: str, body: Body, key: str, created: int = 0) -> Answer:
    """The answer to a request's ``body``; the same endpoint, body and ``key`` always get the same one."""
    if refused := problem(endpoint, body):
        return Answer(400, refused, Usage())
    ask = Ask(body, chance.seeded_by(f"{endpoint}\n{key}"), created)
    made, usage = _ENDPOINTS[endpoint](ask)
    return Answer(200, made, usage)


def prompt_usage(endpoint: str, body: Body) -> int:
    """About how many prompt tokens a request has."""
    if endpoint == "/v1/chat/completions":
        return _chat_tokens(body)
    if endpoint == "/v1/embeddings":
        return sum(map(_item_tokens, vectors.items(body.get("input"))))
    return prose.tokens(_prompt(endpoint, body)) + prose.tokens(_text(body.get("instructions")))


def problem(endpoint: str, body: Body) -> Body | None:
    """The error body for a request that the model itself refuses with a 400, though the batch took its line."""
    for name, low, high in (("temperature", 0, 2), ("top_p", 0, 1)):
        value = body.get(name)
        if isinstance(value, (int, float)) and not low <= value <= high:
            side = "above maximum" if value > high else "below minimum"
            bound = f"<= {high}" if value > high else f">= {low}"
            message = f"Invalid '{name}': decimal {side} value. Expected a value {bound}, but got {value} instead."
            return error_body(message, name, f"decimal_{side.replace('imum', '').replace(' ', '_')}_value")
    for name in ("max_tokens", "max_completion_tokens", "max_output_tokens"):
        value = body.get(name)
        if isinstance(value, int) and value < 1:
            message = f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {value} instead."
            return error_body(message, name, "integer_below_min_value")
    size = body.get("dimensions")
    if endpoint == "/v1/embeddings" and isinstance(size, int) and not 1 <= size <= _MOST_DIMENSIONS:
        message = f"Invalid value for 'dimensions' = {size}. Must be between 1 and {_MOST_DIMENSIONS}."
        return error_body(message, "dimensions", "invalid_value")
    return None


def error_body(message: str, param: str | None, code: str | None, kind: str = "invalid_request_error") -> Body:
    """An error in the shape in which it stands inside ``response.body``."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _text(content: object) -> str:
    """The text of a message's content: a string, or a list of parts of which those with text count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_text(part.get("text", "")) if isinstance(part, dict) else _text(part) for part in content)
    return ""


def _prompt(endpoint: str, body: Body) -> str:
    """What the user says: the last user message, or the input or prompt itself."""
    asked = body.get({"/v1/chat/completions": "messages", "/v1/completions": "prompt"}.get(endpoint, "input"))
    if endpoint.startswith(("/v1/images", "/v1/videos")):
        asked = body.get("prompt")
    if isinstance(asked, list) and asked and isinstance(asked[0], dict) and "role" in asked[0]:
        said = [m for m in asked if isinstance(m, dict)]
        users = [m for m in said if m.get("role") == "user"]
        return _text((users or said)[-1].get("content"))
    return _text(asked)


def _chat_tokens(body: Body) -> int:
    messages = body.get("messages")
    if not isinstance(messages, list):
        return 0
    return 3 + sum(3 + prose.tokens(_text(m.get("content"))) for m in messages if isinstance(m, dict))


def _item_tokens(item: object) -> int:
    return prose.tokens(item) if isinstance(item, str) else len(item) if isinstance(item, list) else 1


def _written(ask: Ask, endpoint: str, *limits: str) -> tuple[str, Usage, bool]:
    """The text of an answer, its tokens, whether it was cut at the request's limit."""
    options = ask.body.get("text")
    wanted = ask.body.get("response_format") or (options.get("format") if isinstance(options, dict) else None)
    as_json = isinstance(wanted, dict) and str(wanted.get("type", "")).startswith("json")
    text = prose.reply(_prompt(endpoint, ask.body), ask.rng, as_json=as_json)
    reasoning = 64 * ask.rng.randint(1, 8) if catalog.reasons(ask.model) else 0
    most = next((value for name in limits if isinstance(value := ask.body.get(name), int)), None)
    cut = most is not None and prose.tokens(text) > most
    if cut and most is not None:
        text = text.encode()[: most * 4].decode(errors="ignore")
    asked = prompt_usage(endpoint, ask.body)
    usage = Usage(asked, asked // 1024 * 1024 // 2, prose.tokens(text) + reasoning, reasoning)
    return text, usage, cut


def _details(usage: Usage) -> Body:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _chat(ask: Ask) -> tuple[Body, Usage]:
    text, usage, cut = _written(ask, "/v1/chat/completions", "max_completion_tokens", "max_tokens")
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": "length" if cut else "stop",
    }
    made: Body = {
        "id": ask.hex("chatcmpl-"),
        "object": "chat.completion",
        "created": ask.created,
        "model": ask.model,
        "choices": [choice],
        "usage": _details(usage),
        "service_tier": "default",
        "system_fingerprint": "fp_demo",
    }
    return made, usage


def _completion(ask: Ask) -> tuple[Body, Usage]:
    text, usage, cut = _written(ask, "/v1/completions", "max_tokens")
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "length" if cut else "stop"}
    made: Body = {
        "id": ask.hex("cmpl-"),
        "object": "text_completion",
        "created": ask.created,
        "model": ask.model,
        "choices": [choice],
        "usage": _details(usage),
    }
    return made, usage


def _responses(ask: Ask) -> tuple[Body, Usage]:
    text, usage, cut = _written(ask, "/v1/responses", "max_output_tokens")
    most = ask.body.get("max_output_tokens")
    most = most if isinstance(most, int) and most < 1 << 31 else None
    message = {
        "id": ask.hex("msg_"),
        "type": "message",
        "status": "incomplete" if cut else "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
    }
    made: Body = {
        "id": ask.hex("resp_"),
        "object": "response",
        "created_at": ask.created,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": _text(ask.body.get("instructions")) or None,
        "max_output_tokens": most,
        "model": ask.model,
        "output": [message],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "truncation": "disabled",
        "metadata": {},
        "usage": {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        },
    }
    return made, usage


def _embeddings(ask: Ask) -> tuple[Body, Usage]:
    asked = vectors.items(ask.body.get("input"))
    size = ask.body.get("dimensions")
    size = size if isinstance(size, int) else (3072 if "large" in ask.model else 1536)
    as_text = ask.body.get("encoding_format") == "base64"
    listed = [
        {"object": "embedding", "index": index, "embedding": vectors.embed(item, size, as_text=as_text)}
        for index, item in enumerate(asked)
    ]
    used = prompt_usage("/v1/embeddings", ask.body)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": listed, "model": ask.model, "usage": usage}, Usage(input=used)


def _moderation(ask: Ask) -> tuple[Body, Usage]:
    judged = [vectors.moderate(_text(item)) for item in vectors.items(ask.body.get("input"))]
    return {"id": ask.hex("modr-"), "model": ask.model, "results": judged}, Usage()


def _image(ask: Ask) -> tuple[Body, Usage]:
    usage = Usage(prompt_usage("/v1/images/generations", ask.body), 0, 272)
    return {"created": ask.created, "data": [{"b64_json": vectors.PIXEL}], "output_format": "png"}, usage


def _video(ask: Ask) -> tuple[Body, Usage]:
    made = {
        "id": ask.hex("video_"),
        "object": "video",
        "model": ask.model,
        "status": "completed",
        "progress": 100,
        "created_at": ask.created,
        "completed_at": ask.created,
        "expires_at": ask.created + 3_600,
        "error": None,
        "prompt": _text(ask.body.get("prompt")),
        "remixed_from_video_id": None,
        "seconds": str(ask.body.get("seconds", "4")),
        "size": str(ask.body.get("size", "720x1280")),
    }
    return made, Usage()


_ENDPOINTS: dict[str, Callable[[Ask], tuple[Body, Usage]]] = {
    "/v1/responses": _responses,
    "/v1/chat/completions": _chat,
    "/v1/embeddings": _embeddings,
    "/v1/completions": _completion,
    "/v1/moderations": _moderation,
    "/v1/images/generations": _image,
    "/v1/images/edits": _image,
    "/v1/videos": _video,
}
ENDPOINTS: list[str] = list(_ENDPOINTS)
"""The endpoints that a batch can be made for, in the order in which the real server names them."""
