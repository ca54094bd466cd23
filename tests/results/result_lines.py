"""Lines of input and result files, as providers write them."""

import json
from pathlib import Path
from typing import Any

from tui.results.check import Reported
from tui.results.join import Judgement, Returned, judge
from tui.results.match import RequestIndex


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def never() -> bool:
    return False


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def request(custom_id: str, prompt: str = "Say something.") -> bytes:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    return dump({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body})


def chat_body(text: str = "Something.", **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, "refusal": None}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        **more,
    }


def result(custom_id: str, body: object, status: object = 200, error: object = None) -> bytes:
    response = {"status_code": status, "request_id": "req-1", "body": body}
    return dump({"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": error})


def good(custom_id: str, text: str = "Something.") -> bytes:
    return result(custom_id, chat_body(text))


def refused(custom_id: str, message: str = "Invalid value.", code: str = "invalid_value", status: int = 400) -> bytes:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return result(custom_id, {"error": error}, status)


def expired(custom_id: str) -> bytes:
    message = "This request could not be executed before the completion window expired."
    error = {"code": "batch_expired", "message": message}
    return dump({"id": "batch_req_1", "custom_id": custom_id, "response": None, "error": error})


def write(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    path.write_bytes(b"\n".join(lines) + (end if lines else b""))
    return path


def judged(requests: Path | None, output: Path | None, errors: Path | None = None, *counts: int) -> Judgement:
    index = None if requests is None else RequestIndex.build(requests, quiet, never)
    return judge(index, [Returned(output, errors, Reported(*counts))], progress=quiet, cancelled=never)
