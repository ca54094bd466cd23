"""What counting will need, loaded while there is something else to do.

To import this takes a millisecond: the vocabulary can be under way before anything else is.
"""

from pathlib import Path
from threading import Thread
from typing import Final

from tui.requests.cost.tokens import Counter
from tui.requests.first_line import first_model

# Where a file does not say: most models of today share its vocabulary.
_USUAL: Final = "gpt-4o"


def likely_model(path: str | Path) -> str:
    """The model that the file at `path`, which may be of any kind or none, most likely asks."""
    return first_model(path) or _USUAL


def load_vocabulary(path: str | Path) -> Thread:
    """Begin to load what the tokens of the file at `path` are counted with; the thread that does.

    It takes as long as to validate 100 MB, most of which other threads run beside it.
    """
    thread = Thread(target=lambda: Counter(likely_model(path)))
    thread.start()
    return thread
