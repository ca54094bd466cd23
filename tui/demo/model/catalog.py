"""The models that the stand-in pretends to be."""

from __future__ import annotations

import re

MODELS: dict[str, tuple[str, int]] = {
    "gpt-4o-mini": ("gpt-4o-mini-2024-07-18", 1_721_172_741),
    "gpt-4o": ("gpt-4o-2024-08-06", 1_722_814_719),
    "gpt-4.1": ("gpt-4.1-2025-04-14", 1_744_316_542),
    "gpt-4.1-mini": ("gpt-4.1-mini-2025-04-14", 1_744_318_173),
    "gpt-4.1-nano": ("gpt-4.1-nano-2025-04-14", 1_744_321_707),
    "gpt-5": ("gpt-5-2025-08-07", 1_754_425_777),
    "gpt-5-mini": ("gpt-5-mini-2025-08-07", 1_754_425_928),
    "gpt-5-nano": ("gpt-5-nano-2025-08-07", 1_754_426_384),
    "o3": ("o3-2025-04-16", 1_744_225_308),
    "o4-mini": ("o4-mini-2025-04-16", 1_744_225_351),
    "gpt-3.5-turbo-instruct": ("gpt-3.5-turbo-instruct", 1_692_901_427),
    "text-embedding-3-small": ("text-embedding-3-small", 1_705_948_997),
    "text-embedding-3-large": ("text-embedding-3-large", 1_705_953_180),
    "text-embedding-ada-002": ("text-embedding-ada-002-v2", 1_671_217_299),
    "omni-moderation-latest": ("omni-moderation-2024-09-26", 1_731_689_265),
    "gpt-image-1": ("gpt-image-1", 1_745_517_030),
    "sora-2": ("sora-2", 1_759_708_615),
}
"""Name → the dated name that answers carry, and the Unix second of its making."""

# New names come faster than any list can follow, so a family's name is enough to be known.
_FAMILIES = re.compile(
    r"(?:gpt-|chatgpt-|o\d|ft:|text-embedding-|omni-moderation|text-moderation|davinci-|babbage-|dall-e|gpt-image|sora)"
)


def known(name: str) -> bool:
    """Whether the Batch API would take this model."""
    return _FAMILIES.match(name) is not None


def dated(name: str) -> str:
    """The name that answers and batches carry for a model that was asked for by ``name``."""
    return MODELS[name][0] if name in MODELS else name


def reasons(name: str) -> bool:
    """Whether the model spends reasoning tokens."""
    return re.match(r"o\d|gpt-5", name) is not None
