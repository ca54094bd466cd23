"""Chance that can be repeated: the demo's answers are to be the same each time."""

from __future__ import annotations

import random
import zlib


def seeded(seed: int) -> random.Random:
    """A source of chance that ``seed`` fixes."""
    return random.Random(seed)  # noqa: S311 - it makes sample texts, no secrets


def seeded_by(text: str) -> random.Random:
    """A source of chance that ``text`` fixes, the same in every process."""
    return seeded(zlib.crc32(text.encode("utf-8", "replace")))
