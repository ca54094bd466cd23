"""Untrusted text made safe to show, with units and durations for people.

Every string that a server, a file or a user's metadata brought passes through `clean` or `clean_line` once, where it
enters the program: a terminal obeys what it is sent, and neither Textual nor Rich takes escape sequences out.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size

# The widths by which these measure.
import tui.format.widths  # noqa: F401

# Patterns are compiled when a text first needs them, which none of the first frame may.
# C0 and DEL have pictures of their own in Unicode; C1 and the invisible controls have none and share one stand-in.
_UNSAFE: Final = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# What terminals and width tables disagree about: joiners, variation selectors, skin tones, tag characters.
_JOINERS: Final = "[\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]"
_FLAGS: Final = "[\U0001f1e6-\U0001f1ff]"
_BREAKS: Final = str.maketrans({"\n": "␊", "\t": " "})


def _stand_in(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def clean(text: str) -> str:
    """`text` with newlines and tabs kept and every other control made visible.

    C0 controls and DEL become their pictures (ESC is ␛); C1, bidirectional and line-separator controls and lone
    surrogates become U+FFFD.
    """
    # Nothing that can be printed is a control: most texts are not searched.
    return text if text.isprintable() else re.sub(_UNSAFE, _stand_in, text)


def key_hint(key: str | None) -> str:
    """A key as far as it may be shown: its last four characters; nothing of a short one."""
    return f"…{key[-4:]}" if key and len(key) >= 12 else ""


def clean_line(text: str) -> str:
    """`text` on one line, of the same width in every terminal.

    Beyond `clean`: a newline becomes ␊, a tab a blank; joiners, variation selectors and skin tones go, flags become
    their two letters, because terminals differ in the width they give to such sequences and columns would break.
    """
    if text.isascii():
        return text if text.isprintable() else clean(text).translate(_BREAKS)
    text = re.sub(_JOINERS, "", clean(text).translate(_BREAKS))
    return re.sub(_FLAGS, lambda flag: chr(ord(flag[0]) - 0x1F1E6 + ord("A")), text)


def fit(text: str, width: int, align: Literal["left", "right"] = "left", cut: str = "…") -> str:
    """`text` cut with a sign one cell wide or padded to exactly `width` cells; wide characters count as two."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + cut if width > 0 else ""
    pad = " " * (width - length)
    return pad + text if align == "right" else text + pad


def size(count: int) -> str:
    """Bytes for people, in the decimal units that providers state limits in: `214 B`, `1.2 MB`, `180 MB`."""
    value, unit = _scaled(count, ("kB", "MB", "GB", "TB"))
    return f"{value} {unit or 'B'}"


def amount(number: int) -> str:
    """A whole number in as many digits as matter: `312`, `48k`, `2.0M`."""
    return "".join(_scaled(number, ("k", "M", "B")))


def _scaled(number: int, units: Sequence[str]) -> tuple[str, str]:
    """`number` in two digits at least, and its unit, each a thousand of the one before; no unit below a thousand."""
    if number < 1000:
        return str(number), ""
    value, place = number / 1000, 0
    while value >= 999.5 and place < len(units) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}", units[place]


def duration(seconds: float) -> str:
    """A span for people in at most two units: `14s`, `4m`, `1h52m`, `3d4h`; negative spans count as none."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, whole = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m" if minutes >= 10 or not whole else f"{minutes}m{whole:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m" if minutes else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h" if hours else f"{days}d"


def age(seconds: float) -> str:
    """A span in one unit, for a narrow column: `14s`, `4m`, `2h`, `12d`."""
    whole = max(0, int(seconds))
    for length, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= length:
            return f"{whole // length}{unit}"
    return f"{whole}s"


def count(number: int) -> str:
    """A whole number with its thousands set apart: `32,514`."""
    return f"{number:,}"


def money(dollars: Decimal | float) -> str:
    """US dollars: `$1,234`, `$12.40`, `$0.12`, `<$0.01`; never more exact than anybody needs."""
    if _under_a_cent(dollars):
        return "<$0.01"
    return f"${dollars:,.0f}" if dollars >= 100 else f"${dollars:,.2f}"


def money_about(dollars: Decimal | float) -> str:
    """What is not known to the cent: `about $0.12`, `under $0.01`."""
    return "under $0.01" if _under_a_cent(dollars) else f"about {money(dollars)}"


def money_estimate(dollars: float, written: Callable[[float], str] = money) -> str:
    """The same for a column or a sum: `~$0.12`; `<$0.01` for what is under a cent, which is rough enough by itself."""
    return money(dollars) if _under_a_cent(dollars) else f"~{written(dollars)}"


def money_range(low: Decimal | float, high: Decimal | float | None) -> str:
    """`$0.12 to $0.40`, without an upper end `at least $0.12`; of what is under a cent only the other end tells."""
    if high is None:
        return "from <$0.01" if _under_a_cent(low) else f"at least {money(low)}"
    if _under_a_cent(low):
        return "under $0.01" if _under_a_cent(high) else f"up to {money(high)}"
    return money(low) if money(low) == money(high) else f"{money(low)} to {money(high)}"


def _under_a_cent(dollars: Decimal | float) -> bool:
    return 0 < dollars < Decimal("0.01")


def money_short(dollars: float) -> str:
    """The same in at most five cells, for a narrow column: `$0`, `$0.42`, `$3.14`, `$12.4`, `$1234`, `$12k`."""
    if dollars < 9.995:
        return f"${dollars:.2f}" if dollars else "$0"
    if dollars < 9999.5:
        return f"${dollars:.1f}" if dollars < 99.95 else f"${dollars:.0f}"
    return f"${dollars / 1e3:.0f}k" if dollars < 999_500 else f"${dollars / 1e6:.1f}M"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 request`, `32,514 requests`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share of 0 to 1; small shares that are not zero never round to it: `0%`, `0.4%`, `12%`, `100%`."""
    value = share * 100
    if value in {0, 100}:
        return f"{value:.0f}%"
    if value < 0.1:
        return "<0.1%"
    # 99.97 is not 100: a share that is not whole never reads as whole.
    return f"{value:.1f}%" if value < 9.95 else f"{min(value, 99):.0f}%"
