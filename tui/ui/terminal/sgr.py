"""What a cell looks like, and the shortest way from one look to another."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# ECMA-48 and xterm: what switches each attribute off again. 1 and 2 share one.
_OFF: Final = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29",
    "21": "24", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
# On a blank these can be seen: underlines, reverse, strike, frame, encircled, overline.
_SEEN_ON_BLANK: Final = frozenset({"4", "7", "9", "21", "51", "52", "53"})


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Attributes and colours as SGR parameters; "" is the terminal's own colour. Equal looks are one object."""

    attributes: frozenset[str]
    foreground: str
    background: str


@lru_cache(maxsize=4096)
def _look(attributes: frozenset[str], foreground: str, background: str) -> Look:
    return Look(attributes, foreground, background)


DEFAULT: Final = _look(frozenset(), "", "")


@lru_cache(maxsize=4096)
def look_of(parameters: str) -> Look | None:
    """The look that SGR `parameters` give after a reset, or None when they hold something unknown."""
    attributes, foreground, background = set(), "", ""
    codes = parameters.split(";") if parameters not in {"", "0"} else []
    while codes:
        code = codes.pop(0)
        if code in _OFF:
            attributes.add(code)
        elif code in {"38", "48"}:
            size = {"5": 2, "2": 4}.get(codes[0] if codes else "")
            if size is None or len(codes) < size:
                return None
            colour = ";".join((code, *codes[:size]))
            del codes[:size]
            foreground, background = (colour, background) if code == "38" else (foreground, colour)
        elif code.isdigit() and int(code) in {*range(30, 38), *range(90, 98)}:
            foreground = code
        elif code.isdigit() and int(code) in {*range(40, 48), *range(100, 108)}:
            background = code
        elif code == "39":
            foreground = ""
        elif code == "49":
            background = ""
        else:
            return None
    return _look(frozenset(attributes), foreground, background)


@lru_cache(maxsize=4096)
def on_blank(look: Look) -> Look:
    """The part of `look` that can be seen where there is no character."""
    if look.attributes & _SEEN_ON_BLANK:
        return look
    return _look(frozenset(), "", look.background)


@lru_cache(maxsize=8192)
def change(pen: Look, look: Look, blank: bool) -> tuple[str, Look]:
    """The sequence after which `pen` draws as `look` (only blanks if `blank`), and the pen that it leaves."""
    if blank and on_blank(pen) is on_blank(look):
        return "", pen
    fresh = _from_reset(look)
    stepwise = _stepwise(pen, look)
    codes = min((stepwise, fresh), key=lambda codes: len(";".join(codes)))
    return (f"\x1b[{';'.join(codes)}m" if codes else "", look)


def _from_reset(look: Look) -> list[str]:
    codes = ["0", *sorted(look.attributes), look.foreground, look.background]
    return [code for code in codes if code]


def _stepwise(pen: Look, look: Look) -> list[str]:
    off = {_OFF[code] for code in pen.attributes - look.attributes}
    kept = {code for code in pen.attributes & look.attributes if _OFF[code] not in off}
    codes = [*sorted(off), *sorted(look.attributes - kept)]
    if pen.foreground != look.foreground:
        codes.append(look.foreground or "39")
    if pen.background != look.background:
        codes.append(look.background or "49")
    return codes
