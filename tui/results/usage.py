"""The tokens that a result line says its answer has used."""

from typing import Final

import msgspec

Tokens = tuple[int, int, int]
"""Input, output, and those of the input that were cached."""

_MOST: Final = 1 << 40  # of one answer: more is no number of tokens


class Details(msgspec.Struct, gc=False):
    """What the input is made of."""

    cached_tokens: int | None = None


class Usage(msgspec.Struct, gc=False):
    """A body's `usage` in the words of either API. Some write the names of both, and null where they use one."""

    prompt_tokens: int | None = None
    input_tokens: int | None = None
    completion_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: Details | None = None
    input_tokens_details: Details | None = None
    prompt_cache_hit_tokens: int | None = None


def tokens_of(usage: Usage | None) -> Tokens | None:
    """The tokens of one answer; None where they are not told."""
    if usage is None:
        return None
    given = usage.input_tokens if usage.prompt_tokens is None else usage.prompt_tokens
    made = usage.output_tokens if usage.completion_tokens is None else usage.completion_tokens
    if made is None or given is None:
        # With one of them and the sum the other is known too: an embedding has no output.
        total = usage.total_tokens
        if total is None or given is made is None:
            return None
        given, made = (total - (made or 0), made or 0) if given is None else (given, total - given)
    details = usage.prompt_tokens_details or usage.input_tokens_details
    cached = usage.prompt_cache_hit_tokens if details is None else details.cached_tokens
    if not (0 <= given < _MOST and 0 <= made < _MOST):
        return None
    return given, made, cached if cached and 0 < cached <= given else 0


def usage_in(body: object) -> Usage | None:
    """The `usage` of a body that is read already, whatever it holds."""
    if not isinstance(body, dict):
        return None
    try:
        return msgspec.convert(body.get("usage"), Usage | None, strict=False)
    except msgspec.ValidationError:
        return None
