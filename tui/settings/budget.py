"""What batches may cost, from the settings file.

[profiles.prod.budget]       # US dollars; what is left out has no limit
day = 20
month = 300
batch = 25.50
"""

from collections.abc import Mapping
from typing import Any, Final

from tui.batches.spending import Budget
from tui.errors import LazybatchError
from tui.format.text import clean_line

_SPANS: Final = ("day", "month", "batch")
_MOST: Final = 1e12


def budget(entry: Mapping[str, Any], where: str) -> Budget:
    """The budget of a profile's table; raises `LazybatchError` in a sentence that begins with `where`."""
    for name, dollars in entry.items():
        if name not in _SPANS:
            raise LazybatchError(f"{where}: unknown budget {clean_line(name)!r}. There is: {', '.join(_SPANS)}.")
        # A bool is an int to Python, and TOML knows nan, inf, and integers that no float can hold.
        if type(dollars) not in {int, float} or not 0 < dollars < _MOST:
            raise LazybatchError(f"{where}: the budget of a {name} must be a number of US dollars above 0.")
    return Budget(**{name: float(dollars) for name, dollars in entry.items()})
