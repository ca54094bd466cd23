"""What the verdict needs of a result line, as fast as it can be had."""

from typing import Final

import msgspec

from tui.results.answer import finish_reason_in
from tui.results.outcome import Outcome, outcome_of
from tui.results.parse import parse, text_of

# msgspec would hold the interpreter for too long on a longer line; `parse` does not.
DIRECT: Final = 4 << 20
GOOD: Final = Outcome(True, 200, None)


# Whatever does not fit these types is left to `outcome_of`: any error that is not null is no `None`.
class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    reason: str | None = None


class _Body(msgspec.Struct):
    error: None = None
    status: str | None = None
    incomplete_details: _Details | None = None
    choices: list[_Choice] = []
    data: list[msgspec.Raw] = []
    output: list[msgspec.Raw] = []
    results: list[msgspec.Raw] = []


class _Response(msgspec.Struct):
    status_code: int
    body: _Body


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response
    error: None = None


_decode: Final = msgspec.json.Decoder(_Line).decode


def read_result(content: bytes, whole: bool = True) -> tuple[str | None, Outcome | None, str]:
    """The custom_id, the outcome and, of a good answer, the finish reason that result line `content` tells.

    The outcome is `GOOD`, without a body, for the usual good line, and None for what is no JSON object or ends too
    early; with `whole` false the line is known to go on, and its head is taken for it.
    """
    if len(content) <= DIRECT:
        try:
            line = _decode(content)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
        else:
            response = line.response
            if 200 <= response.status_code < 300 and _answers(response.body):
                return line.custom_id, GOOD, _finish(response.body)
    parsed = parse(content)
    value = parsed.value
    if not isinstance(value, dict):
        return None, None, ""
    if not parsed.valid and whole:
        return text_of(value.get("custom_id")), None, ""
    outcome = outcome_of(value)
    return text_of(value.get("custom_id")), outcome, finish_reason_in(outcome.body) if outcome.ok else ""


def _finish(body: _Body) -> str:
    if body.incomplete_details is not None and body.incomplete_details.reason:
        return body.incomplete_details.reason
    return (body.choices[0].finish_reason if body.choices else body.status) or ""


def _answers(body: _Body) -> bool:
    answer = body.choices or body.data or body.output or body.results
    return bool(answer) and len(body.choices) < 2 and body.status not in ("failed", "cancelled")
