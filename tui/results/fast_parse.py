"""What the verdict needs of a result line, as fast as it can be had."""

import re
from typing import Final, NamedTuple

import msgspec

from tui.results.answer import finish_reason_in
from tui.results.outcome import Outcome, outcome_of
from tui.results.parse import found_id, parse, text_of
from tui.results.usage import Usage, usage_in

# msgspec would hold the interpreter for too long on a longer line; `parse` does not.
DIRECT: Final = 4 << 20
GOOD: Final = Outcome("ok", 200, None)
_NONE: Final = msgspec.Raw()
# A text that says something for certain: no blanks alone, and nothing that a model thought aloud.
_SAYS: Final = re.compile(rb'"(?:\\[nrt]|[ \t])*+(?:[^"\\<\s]|\\["\\/bf]|\\u(?!00[012]))')


# Whatever does not fit these types is left to `outcome_of`: any error or refusal that is not null is no `None`.
class _Message(msgspec.Struct, gc=False):
    content: msgspec.Raw = _NONE
    refusal: None = None
    tool_calls: list[msgspec.Raw] | None = None


class _Choice(msgspec.Struct, gc=False):
    message: _Message | None = None
    text: msgspec.Raw = _NONE
    finish_reason: str | None = None


class _Part(msgspec.Struct, gc=False):
    type: str
    text: msgspec.Raw = _NONE
    refusal: None = None


class _Item(msgspec.Struct, gc=False):
    type: str
    content: list[_Part] | None = None


class _Entry(msgspec.Struct, gc=False):
    embedding: msgspec.Raw = _NONE


class _Details(msgspec.Struct, gc=False):
    reason: str | None = None


class _Body(msgspec.Struct, gc=False):
    error: None = None
    status: str | None = None
    incomplete_details: _Details | None = None
    choices: list[_Choice] = []
    data: list[_Entry] = []
    output: list[_Item] = []
    results: list[msgspec.Raw] = []
    role: None = None
    type: None = None


class _Response(msgspec.Struct, gc=False):
    status_code: int
    body: _Body


class _Line(msgspec.Struct, gc=False):
    custom_id: str
    response: _Response
    error: None = None


# Apart, because most servers count what was used, and a check that need not look for it is faster by a tenth.
class _TellingBody(_Body, gc=False):
    usage: Usage | None = None


class _TellingResponse(msgspec.Struct, gc=False):
    status_code: int
    body: _TellingBody


class _TellingLine(msgspec.Struct, gc=False):
    custom_id: str
    response: _TellingResponse
    error: None = None


_decode: Final = msgspec.json.Decoder(_Line).decode
_decode_telling: Final = msgspec.json.Decoder(_TellingLine).decode


class Result(NamedTuple):
    """What a result line tells: `outcome` is None for one that cannot be read, `lenient` when no strict reader takes
    it; `finish` is why the answer ended, `usage` what it used, None where that is not told or not asked for."""

    custom_id: str | None
    outcome: Outcome | None
    finish: str = ""
    lenient: bool = False
    usage: Usage | None = None


def read_result(content: bytes, whole: bool = True, counting: bool = False) -> Result:
    """What result line `content` tells.

    The outcome is `GOOD`, without a body, for the usual good line, and None for what is no JSON object or ends too
    early; with `whole` false the line is known to go on, and its head is taken for it. The usage is looked for when
    `counting`. Bytes that are not UTF-8 in an otherwise usual line do not make it lenient here: to look for them costs
    more than all the rest.
    """
    if len(content) <= DIRECT:
        try:
            line = _decode_telling(content) if counting else _decode(content)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
        else:
            response = line.response
            if 200 <= response.status_code < 300 and _answers(response.body):
                body = response.body
                told = body.usage if isinstance(body, _TellingBody) else None
                return Result(line.custom_id, GOOD, _finish(body), False, told)
    parsed = parse(content)
    value = parsed.value
    if not isinstance(value, dict):
        return Result(found_id(content), None)
    if not parsed.valid and whole:
        return Result(text_of(value.get("custom_id")), None)
    outcome = outcome_of(value, whole=parsed.valid and not parsed.shortened)
    finish = finish_reason_in(outcome.body) if outcome.ok else ""
    usage = usage_in(outcome.body) if counting else None
    return Result(text_of(value.get("custom_id")), outcome, finish, parsed.lenient, usage)


def _finish(body: _Body) -> str:
    if body.incomplete_details is not None and body.incomplete_details.reason:
        return body.incomplete_details.reason
    return (body.choices[0].finish_reason if body.choices else body.status) or ""


def _answers(body: _Body) -> bool:
    """Whether a body has an answer for certain."""
    if body.choices:
        return len(body.choices) == 1 and _chosen(body.choices[0]) and body.status not in ("failed", "cancelled")
    if body.output:
        return body.status not in ("failed", "cancelled") and _told(body.output)
    if body.data:
        vector = bytes(memoryview(body.data[0].embedding)[:2])
        return vector[:1] in {b"[", b'"'} and vector[1:] not in {b"]", b'"', b" "}
    return bool(body.results)


def _chosen(choice: _Choice) -> bool:
    if choice.message is None:
        return len(memoryview(choice.text)) > 2 and bytes(memoryview(choice.text)[:1]) == b'"'
    return bool(choice.message.tool_calls) or _SAYS.match(choice.message.content) is not None


def _told(output: list[_Item]) -> bool:
    return any(
        item.type == "message"
        and any(part.type == "output_text" and _SAYS.match(part.text) is not None for part in item.content or ())
        for item in output
    )
