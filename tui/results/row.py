"""What one result line says."""

from dataclasses import dataclass
from typing import Any, Final

from tui.format.text import clean, clean_line, count
from tui.results.answer import Kind, answer_in, finish_reason_in, kind_of, whole_answer_in
from tui.results.outcome import Outcome, outcome_of
from tui.results.parse import Parsed, found_id, parse, text_of, whole_of
from tui.results.row_state import State

HEAD: Final = 240
_ID: Final = 512
_MESSAGE: Final = 1000
# The head of a cut-off line is put together in Python, for a screen full of lines between two frames.
_CUT: Final = 1 << 13
_ANSWER: Final = 4 << 20
TOO_LONG: Final = "\n\n… The rest of this line was too long to read here."
_CUT_OFF: Final = "\n\n… This line is cut off here."


@dataclass(frozen=True, slots=True)
class Row:
    """A result line, read; every string is safe to show, on one line and bounded.

    `custom_id` is for showing: look a request up by `tui.results.parse.custom_id_of`. `state` is what
    became of the request. `status_code` is HTTP's, None when the line has none. Tokens are None when unknown.
    """

    custom_id: str
    status_code: int | None
    state: State
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    answer_head: str
    error_code: str
    error_message: str
    kind: Kind
    lenient: bool = False  # whether no strict reader takes the line

    @property
    def ok(self) -> bool:
        """Whether it has an answer that is no refusal."""
        return self.state == "ok"


def read_row(line: bytes, whole: bool = True) -> Row:
    """What `line` says, never an error: what cannot be read is a row of kind `not_json` that says why.

    With `whole` false the bytes are the head of a longer line, and the row is what that head holds; otherwise a line
    that ends too early is a bad result, since what is missing from it might have been anything.
    """
    parsed = parse(line if whole else line[:_CUT])
    value = parsed.value
    if not isinstance(value, dict):
        custom_id = _line(found_id(line) or "", _ID)
        return _unreadable(line, custom_id, "This line is not a JSON object." if parsed.valid else _not_json(line))
    outcome = outcome_of(value, whole=parsed.valid and not parsed.shortened)
    custom_id = _line(text_of(value.get("custom_id")) or "", _ID)
    if not parsed.valid and whole:
        return _unreadable(line, custom_id, f"This line is cut off after {count(len(line))} bytes.")
    return _row(custom_id, outcome, parsed, whole)


def answer_text(line: bytes, limit: int = _ANSWER, whole: bool = True) -> str:
    """The whole answer of a result line as text, or its error; a single string is cut after about `limit` bytes.

    With `whole` false the bytes are the head of a longer line, of whose end somebody else tells. Newlines and tabs
    stay; everything else that a terminal would act on does not.
    """
    parsed = parse(line, longest=limit)
    if not isinstance(parsed.value, dict):
        return clean(line[:limit].decode("utf-8", "replace"))
    outcome = outcome_of(parsed.value, whole=parsed.valid and not parsed.shortened)
    if not outcome.answered:
        return clean(": ".join(part for part in (outcome.code, outcome.message) if part))
    ending = TOO_LONG if parsed.shortened else _CUT_OFF if whole and not parsed.valid else ""
    return clean(whole_answer_in(outcome.body)) + ending


def tokens_in(body: object) -> tuple[int | None, int | None]:
    """Input and output tokens as a body's `usage` has them, in the words of either API; None for what is not there."""
    usage = body.get("usage") if isinstance(body, dict) else None
    tokens: dict[str, Any] = usage if isinstance(usage, dict) else {}
    # Some write the names of both, and null under those that they do not use.
    given, made = (
        next((found for name in names if (found := whole_of(tokens.get(name))) is not None), None)
        for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    )
    return given, made


def _row(custom_id: str, outcome: Outcome, parsed: Parsed, whole: bool) -> Row:
    body = outcome.body
    input_tokens, output_tokens = tokens_in(body)
    # A head without its response yet is not a failure that is known of.
    unknown = not whole and not parsed.valid and not body and outcome.code is None and not _bad(outcome.status_code)
    return Row(
        custom_id=custom_id,
        status_code=outcome.status_code,
        state="ok" if unknown else outcome.state,
        finish_reason=_line(finish_reason_in(body), 60) if outcome.state != "failed" else "",
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        answer_head=_line(answer_in(body), HEAD) if outcome.answered else "",
        error_code=_line(outcome.code or "", 120),
        error_message="" if unknown else _line(outcome.message or "", _MESSAGE),
        kind=kind_of(body),
        lenient=parsed.lenient,
    )


def _bad(status: int | None) -> bool:
    return status is not None and not 200 <= status < 300


def _unreadable(line: bytes, custom_id: str, why: str) -> Row:
    head = _line(line[: HEAD * 4].decode("utf-8", "replace"), HEAD)
    return Row(custom_id, None, "unreadable", "", None, None, head, "", why, "not_json")


def _not_json(line: bytes) -> str:
    return "This line is empty." if not line.strip() else "This line is not JSON."


def _line(text: str, limit: int) -> str:
    """`text` on one line, its runs of blanks and newlines made one, cut with an ellipsis after `limit` characters."""
    short = clean_line(" ".join(text[: limit * 2].split()))
    return short if len(short) <= limit and len(text) <= limit * 2 else short[: limit - 1] + "…"
