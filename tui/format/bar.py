"""A share drawn as a bar of text."""

from typing import Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int, ascii: bool = False) -> str:  # noqa: A002 - what the glyph set is called everywhere
    """A bar of exactly `width` cells for a `share` of 0 to 1, in eighths of a cell (whole cells when `ascii`).

    What has begun never looks empty, what is not over never looks full; shares outside of 0 to 1 are cut to it.
    """
    if width <= 0:
        return ""
    steps = width if ascii else width * 8
    filled = round(max(0.0, min(1.0, share)) * steps)
    if 0 < share < 1:
        filled = max(1, min(steps - 1, filled)) if steps > 1 else 0
    if ascii:
        return "#" * filled + " " * (width - filled)
    whole, rest = divmod(filled, 8)
    text = "█" * whole + (_EIGHTHS[rest] if rest else "")
    return text + " " * (width - len(text))
