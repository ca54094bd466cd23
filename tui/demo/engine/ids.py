"""Ids that look like the real server's."""

from __future__ import annotations

import random
import string

_ALNUM = string.ascii_letters + string.digits
_system = random.SystemRandom()


def hex_id(prefix: str, rng: random.Random = _system) -> str:
    """``prefix`` with 32 hexadecimal digits, as in ``batch_…``, ``upload_…``, ``part_…``, ``batch_req_…``."""
    return f"{prefix}{rng.getrandbits(128):032x}"


def file_id(rng: random.Random = _system) -> str:
    """``file-`` with 24 letters or digits."""
    return "file-" + "".join(rng.choices(_ALNUM, k=24))
