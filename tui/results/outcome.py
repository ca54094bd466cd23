"""Whether a result line has an answer, with the reason where it has none.

The rules come from what providers really send: a failure may stand in `error`, or in `response.body.error` with
`error: null`, or only in the status, which may be 0 with an empty body; the body may be a JSON string.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from tui.results.answer import finish_reason_in
from tui.results.answer_kind import is_echo, said_in
from tui.results.finish import USUAL
from tui.results.parse import parse, text_of, whole_of

_BAD_STATES: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`body` is the response's body, decoded if it came as a JSON string; `code` and `message` as sent, not cleaned."""

    state: Literal["ok", "refused", "empty", "failed"]
    status_code: int | None
    body: Any
    code: str | None = None
    message: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it has an answer that is no refusal."""
        return self.state == "ok"

    @property
    def answered(self) -> bool:
        """Whether it has an answer, or a refusal."""
        return self.state in {"ok", "refused"}


def outcome_of(line: dict[str, Any], *, whole: bool = True) -> Outcome:
    """What became of the request that `line`, a decoded result line, answers.

    With `whole` false parts of the line were left out, and an answer that is not found may be among them.
    """
    response = line.get("response")
    status = whole_of(response.get("status_code")) if isinstance(response, dict) else None
    body = _body(response)
    code, message = _first_failure(line.get("error"), body.get("error") if isinstance(body, dict) else None)
    if code or message:
        return Outcome("failed", status, body, code, message)
    if status is not None and not 200 <= status < 300:
        code, message = _failure(body)
        return Outcome("failed", status, body, code, message or _status_sentence(status))
    if not body:
        return Outcome("failed" if status is None else "empty", status, body, None, _nothing(response))
    if isinstance(body, dict) and body.get("object") == "response" and body.get("status") in _BAD_STATES:
        return Outcome("failed", status, body, None, f"The response ended as {body['status']}.")
    said = said_in(body)
    if said == "nothing" and whole:
        return Outcome("empty", status, body, None, _why_empty(body))
    return Outcome("refused" if said == "refusal" else "ok", status, body)


def _why_empty(body: object) -> str:
    if isinstance(body, str):
        return "The body is a text that is not JSON."
    if is_echo(body):
        return "The body is the request, not a result."
    reason = finish_reason_in(body)
    return "The response has no answer." if reason in USUAL else f"The response has no answer: it ended for “{reason}”."


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
