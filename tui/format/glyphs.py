"""The signs that the screen is drawn with: one set for UTF-8, one for terminals that have ASCII alone."""

import locale
import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from tui.format.text import clean_line


class Glyphs(NamedTuple):
    """Each sign is one cell wide in every terminal that has it."""

    states: Mapping[str, str]  # by the API's word for a batch's status
    live: str
    lost: str
    doubt: str
    arrow: str
    descending: str
    ascending: str
    rule: str
    dot: str
    none: str
    ascii: bool = False
    alarm: str = "!"
    cut: str = "…"
    unknown: str = "?"
    awaited: str = "⚑"
    folded: str = "▸"
    unfolded: str = "▾"


_UNICODE: Final = Glyphs(
    states={
        "validating": "◇", "in_progress": "▶", "finalizing": "◆", "cancelling": "◌",
        "completed": "✓", "failed": "✗", "expired": "◷", "cancelled": "⊘",
    },
    live="●", lost="✗", doubt="⚠", arrow="→", descending="▾", ascending="▴", rule="─", dot="·", none="–",
)  # fmt: skip
_ASCII: Final = Glyphs(
    states={
        "validating": ".", "in_progress": ">", "finalizing": "=", "cancelling": "~",
        "completed": "+", "failed": "x", "expired": "%", "cancelled": "-",
    },
    live="*", lost="x", doubt="!", arrow=">", descending="v", ascending="^", rule="-", dot="-", none="-", ascii=True,
    cut="~", folded="+", unfolded="v", awaited="@",
)  # fmt: skip

# Signs in texts that are written out where they are used. A cut text must not look whole in ASCII either.
_PLAIN: Final = str.maketrans(
    {_UNICODE.states[status]: sign for status, sign in _ASCII.states.items()}
    | {
        _UNICODE.live: _ASCII.live, _UNICODE.doubt: _ASCII.doubt, _UNICODE.arrow: _ASCII.arrow,
        _UNICODE.descending: _ASCII.descending, _UNICODE.ascending: _ASCII.ascending, _UNICODE.rule: _ASCII.rule,
        _UNICODE.folded: _ASCII.folded, _UNICODE.awaited: _ASCII.awaited,
        _UNICODE.dot: _ASCII.dot, _UNICODE.none: _ASCII.none, "✱": "*", "›": ">", "“": '"', "”": '"', "⏎": "enter",
        "↑": "up", "↓": "down", "←": "left", _UNICODE.cut: _ASCII.cut, "×": "x",
    }
)  # fmt: skip
# What Textual draws by itself: the edges of widgets, bars to scroll with, the palette. Each stays as wide as it is.
_LINES: Final = (
    dict.fromkeys(range(0x2500, 0x2580), "+") | dict.fromkeys(range(0x2580, 0x25A0), "#")
    | dict.fromkeys(map(ord, "─━┄┅┈┉═╌╍╴╶╸╺▁▔"), "-") | dict.fromkeys(map(ord, "│┃┆┇┊┋║╎╏╵╷╹╻▏▎▍▌▐▕"), "|")
    | str.maketrans({_UNICODE.cut: _ASCII.cut, "←": "<", "→": ">", "↑": "^", "↓": "v", "⏎": "<", "🔎": "  "})
)  # fmt: skip


def chosen(environment: Mapping[str, str], encoding: str) -> Glyphs:
    """The set for a terminal of this `encoding`; `LAZYBATCH_ASCII=1` asks for ASCII in any."""
    plain = environment.get("LAZYBATCH_ASCII", "0") not in {"", "0"}
    return _ASCII if plain or encoding.lower().replace("-", "").replace("_", "") != "utf8" else _UNICODE


# What the locale itself says: Python's own answer is UTF-8 in the C locale too.
GLYPHS: Final = chosen(os.environ, locale.nl_langinfo(locale.CODESET))


def drawn(frame: str) -> str:
    """`frame` as it goes to the terminal, with the lines that nobody passed through `shown` in signs of the set."""
    return frame.translate(_LINES) if GLYPHS.ascii and not frame.isascii() else frame


def shown(text: str) -> str:
    """`text` as it goes to the terminal: nothing in it is a command, and its signs are of the chosen set."""
    text = text if text.isprintable() else clean_line(text)
    # What is under way ends in two dots then: as wide as a blank and an ellipsis.
    return text.replace(" …", "..").translate(_PLAIN) if GLYPHS.ascii and not text.isascii() else text
