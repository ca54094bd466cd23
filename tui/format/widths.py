"""How many cells a character takes in a terminal, where Rich counts otherwise.

The marks of Indic scripts that stand beside their letter (Unicode's category Mc: क and ि are कि) have a cell of their
own in tmux and in whatever else goes by the C library's `wcwidth`; in Rich they have none. No terminal is known to give
such a letter more cells than that. One that gives it fewer leaves a gap, because `tui.ui.terminal` places what follows.
"""

from unicodedata import category

from rich._unicode_data import load
from rich.cells import get_character_cell_size

_FIRST, _LAST = 0x0900, 0x1D17F  # the marks of Devanagari; those of musical notation


def joins(character: str) -> bool:
    """Whether `character` is drawn together with the one before it."""
    return character > "\u02ff" and (not get_character_cell_size(character) or category(character) == "Mc")


def unsure(text: str) -> bool:
    """Whether terminals differ in the cells that they give to a character with its marks.

    They do where a mark has a cell of its own, for Korean letters in pieces, and for pictographs, each of which is too
    new for some of them.
    """
    return not text.isascii() and (
        text[0] >= "\U0001f000" or any(category(mark) == "Mc" or "\u1160" <= mark <= "\u11ff" for mark in text)
    )


def _with_marks(widths: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The ranges of characters and their widths, without the marks among those that have none: what is left has one."""
    found = []
    for first, last, width in widths:
        start = first
        if not width and first <= _LAST:
            for code in range(max(first, _FIRST), last + 1):
                if category(chr(code)) == "Mc":
                    if start < code:
                        found.append((start, code - 1, 0))
                    start = code + 1
        if start <= last:
            found.append((start, last, width))
    return found


# In Rich's own table, which Textual and every widget measure by.
_WIDTHS = load().widths
if isinstance(_WIDTHS, list):
    _WIDTHS[:] = _with_marks(_WIDTHS)
    get_character_cell_size.cache_clear()
