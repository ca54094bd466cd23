"""What a part may only have so much of, besides requests and bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tui.errors import LazybatchError
from tui.requests import body_rules, strict_json
from tui.requests.cost import prompts
from tui.requests.cost.tokens import AT_ONCE, Counters
from tui.requests.endpoints import usual
from tui.requests.limits import Limits
from tui.requests.rules import BOM


class Uncountable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """Parts cannot be held to a limit on tokens, for not all tokens of the file are counted."""

    def __init__(self, uncounted: Iterable[str]) -> None:
        what = ", ".join(sorted(uncounted))
        super().__init__(
            f"Not all input tokens can be counted ({what}): the file cannot be split by tokens. "
            "It can be by requests or bytes.",
            1,
        )


class Weight(NamedTuple):
    """One such thing, for instance tokens."""

    unit: str
    most: int
    of: Callable[[Sequence[bytes | bytearray]], Sequence[int]]
    """How much of it each of some lines has (without their newlines)."""


def weights(first: bytes | bytearray, limits: Limits, endpoint: str | None = None) -> list[Weight]:
    """The weights of a file that begins with this request: embeddings inputs at that endpoint, tokens under a limit.

    The endpoint is that of the request where it is not given.
    """
    endpoint = endpoint or _endpoint(first)
    found = list[Weight]()
    if usual(endpoint) == "/v1/embeddings":
        found.append(Weight("embeddings inputs", limits.max_embedding_inputs, lambda raws: [*map(_inputs, raws)]))
    if limits.max_tokens is not None:
        found.append(Weight("input tokens", limits.max_tokens, _Tokens(endpoint).of))
    return found


class _Tokens:
    """Counts what the requests of one file give the models to read, as an estimate of its cost does."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._counters = Counters()

    def of(self, raws: Sequence[bytes | bytearray]) -> list[int]:
        """Of a line that is no request, none. Raises `Uncountable` where something is of unknown size."""
        counts, waiting, size = list[int](), list[prompts.Prompt](), 0
        for raw in raws:
            waiting.append(prompts.read(raw, self._endpoint) or prompts.Prompt(""))
            if waiting[-1].uncounted:
                raise Uncountable(waiting[-1].uncounted)
            size += sum(map(len, waiting[-1].texts))
            if size >= AT_ONCE:
                counts += self._counted(waiting)
                waiting, size = [], 0
        return counts + self._counted(waiting)

    def _counted(self, waiting: Sequence[prompts.Prompt]) -> list[int]:
        counts = self._counters.counts([(prompt.model, prompt.texts) for prompt in waiting])
        return [texts + prompt.tokens for texts, prompt in zip(counts, waiting, strict=True)]


def _endpoint(raw: bytes | bytearray) -> str | None:
    try:
        # A long line is not copied for the mark that it does not have.
        url = strict_json.read_line(raw.removeprefix(BOM) if raw.startswith(BOM) else raw).url
    except (ValueError, TypeError):
        return None
    return strict_json.text(url) if strict_json.kind(url) == "string" else None


def _inputs(raw: bytes | bytearray) -> int:
    """Embeddings inputs of a line; of one that is no request, none."""
    try:
        line = strict_json.read_line(raw)
    except (ValueError, TypeError):
        return 0
    return (
        body_rules.embedding_inputs(strict_json.read_body(line.body)) if strict_json.kind(line.body) == "object" else 0
    )
