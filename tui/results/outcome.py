"""Whether a result line is a good result, with the reason where it is not.

The rules come from what providers really send: a failure may stand in `error`, or in `response.body.error` with
`error: null`, or only in the status, which may be 0 with an empty body; the body may be a JSON string.
"""

from dataclasses import dataclass
from typing import Any, Final

from tui.results.parse import parse, text_of, whole_of

_BAD_STATES: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`body` is the response's body, decoded if it came as a JSON string; `code` and `message` as sent, not cleaned."""

    ok: bool
    status_code: int | None
    body: Any
    code: str | None = None
    message: str | None = None


def outcome_of(line: dict[str, Any]) -> Outcome:
    """What became of the request that `line`, a decoded result line, answers."""
    response = line.get("response")
    status = whole_of(response.get("status_code")) if isinstance(response, dict) else None
    body = _body(response)
    code, message = _first_failure(line.get("error"), body.get("error") if isinstance(body, dict) else None)
    if code or message:
        return Outcome(False, status, body, code, message)
    if status is not None and not 200 <= status < 300:
        code, message = _failure(body)
        return Outcome(False, status, body, code, message or _status_sentence(status))
    if not body:
        return Outcome(False, status, body, None, _nothing(response))
    if isinstance(body, dict) and body.get("object") == "response" and body.get("status") in _BAD_STATES:
        return Outcome(False, status, body, None, f"The response ended as {body['status']}.")
    return Outcome(True, status, body)


def _body(response: object) -> Any:
    body = response.get("body") if isinstance(response, dict) else None
    if isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        parsed = parse(body.encode("utf-8", "surrogatepass"))
        return parsed.value if parsed.valid else body
    return body


def _first_failure(*errors: object) -> tuple[str | None, str | None]:
    for error in errors:
        # `{"code": null, "message": null}` on a good line has the same meaning as null.
        if any(error.values()) if isinstance(error, dict) else error:
            code, message = _failure(error)
            return code, message or (None if code else "The error does not say what went wrong.")
    return None, None


def _failure(error: object) -> tuple[str | None, str | None]:
    """Code and message of an error in any of the shapes in use: object, list, string, FastAPI's `detail`."""
    if isinstance(error, list):
        error = error[0] if error else None
    if not isinstance(error, dict):
        return None, text_of(error)
    code = text_of(error.get("code")) or text_of(error.get("type"))
    for key in ("message", "detail", "msg", "error"):
        inner = error.get(key)
        if isinstance(inner, dict | list) and inner:
            inner_code, message = _failure(inner)
            return code or inner_code, message
        if message := text_of(inner):
            return code, message
    return code, None


def _status_sentence(status: int) -> str:
    return "The request was not answered (status 0)." if status == 0 else f"Status {status}, with no reason given."


def _nothing(response: object) -> str:
    return "The line has neither a response nor an error." if response is None else "The response has no body."
