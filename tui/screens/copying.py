"""Text handed to the terminal's clipboard, by the sequence OSC 52 of xterm."""

import base64
from collections.abc import Mapping
from typing import Final

# Terminals take no longer clipboard sequence than about this, in bytes of base64.
LIMIT: Final = 74_000
# GNU screen hands a string of its own sequences on only up to 256 bytes at a time.
_SCREEN_PIECE: Final = 240


def clipboard_sequence(text: str, environment: Mapping[str, str]) -> str | None:
    """What puts `text` into the clipboard when it is written to the terminal; None where it is over `LIMIT`.

    Inside tmux and GNU screen (`TMUX`, `STY`, else `TERM`, in `environment`) it is wrapped, so that they hand it on.
    tmux takes it wrapped with `allow-passthrough`, and bare with `set-clipboard on`: it gets both. Lone surrogates,
    which no clipboard holds, become question marks.
    """
    coded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(coded) > LIMIT:
        return None
    bare = f"\x1b]52;c;{coded}\x07"
    term = environment.get("TERM", "")
    if environment.get("TMUX") or (term.startswith("tmux") and not environment.get("STY")):
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\{bare}"
    if environment.get("STY") or term.startswith("screen"):
        pieces = (bare[start : start + _SCREEN_PIECE] for start in range(0, len(bare), _SCREEN_PIECE))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return bare
