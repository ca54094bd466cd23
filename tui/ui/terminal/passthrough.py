"""Sequences for the terminal outside, handed on by tmux and GNU screen."""

from collections.abc import Mapping
from typing import Final, Literal

# GNU screen hands a string of its own sequences on only up to 256 bytes at a time.
_SCREEN_PIECE: Final = 240


def inside(environment: Mapping[str, str]) -> Literal["tmux", "screen", ""]:
    """What the terminal of `environment` (`TMUX`, `STY`, else `TERM`) is a window of; empty for a terminal itself."""
    term = environment.get("TERM", "")
    # One within the other leaves both variables set, and the inner one's `TERM`; both may call that `screen`.
    if term.startswith("tmux") or (environment.get("TMUX") and not environment.get("STY")):
        return "tmux"
    return "screen" if environment.get("STY") or term.startswith("screen") else ""


def handed_on(sequence: str, environment: Mapping[str, str]) -> str:
    """`sequence` so that it reaches the terminal; tmux hands it on with `allow-passthrough`."""
    match inside(environment):
        case "tmux":
            doubled = sequence.replace("\x1b", "\x1b\x1b")
            return f"\x1bPtmux;{doubled}\x1b\\"
        case "screen":
            pieces = (sequence[start : start + _SCREEN_PIECE] for start in range(0, len(sequence), _SCREEN_PIECE))
            return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
        case _:
            return sequence
