"""The stand-in's answers that are not prose: embeddings, moderation scores, a picture."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from functools import lru_cache

from tui.demo.model import chance

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""

_CATEGORIES: dict[str, tuple[str, ...]] = {
    "harassment": ("idiot", "stupid", "loser"),
    "harassment/threatening": ("you will regret",),
    "hate": ("hate them",),
    "hate/threatening": (),
    "illicit": ("counterfeit",),
    "illicit/violent": (),
    "self-harm": (),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": (),
    "sexual/minors": (),
    "violence": ("kill", "attack", "shoot"),
    "violence/graphic": ("blood",),
}


def items(asked: object) -> list[object]:
    """The inputs of one request: a string, a list of strings, a list of tokens, or a list of those."""
    if isinstance(asked, list):
        return [asked] if asked and isinstance(asked[0], int) else asked
    return [] if asked is None else [asked]


@lru_cache(maxsize=8)
def _direction(size: int) -> tuple[float, ...]:
    rng = chance.seeded(size)
    values = [rng.gauss(0, 1) for _ in range(size)]
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return tuple(round(value / length, 8) for value in values)


def embed(item: object, size: int, *, as_text: bool = False) -> list[float] | str:
    """A unit vector of ``size`` numbers that depends on the item alone; base64 of 32-bit floats if ``as_text``."""
    values = _direction(max(1, size))
    # A turned copy of one fixed vector: as long, as mixed, and a thousand times cheaper than a fresh one.
    at = zlib.crc32(repr(item).encode("utf-8", "replace")) % len(values)
    turned = [*values[at:], *values[:at]]
    if as_text:
        return base64.b64encode(struct.pack(f"<{len(turned)}f", *turned)).decode()
    return turned


def moderate(text: str) -> dict[str, object]:
    """Scores of a text in the categories of the moderation endpoint, by a handful of telling words."""
    lowered, rng = text.lower(), chance.seeded_by(text)
    scores = {
        name: round(rng.uniform(0.62, 0.97) if any(word in lowered for word in words) else rng.uniform(1e-6, 2e-3), 7)
        for name, words in _CATEGORIES.items()
    }
    flags = {name: score > 0.5 for name, score in scores.items()}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in flags},
    }
