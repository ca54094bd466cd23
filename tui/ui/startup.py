"""What a key would have to wait for, done beforehand in a thread."""

import gc
import sys
from importlib import import_module

# Each costs its first key more than a frame or two; behind the first paint and the first answer nobody waits for them.
_ROOMS = (
    "tui.ui.screens.batch.screen",
    "tui.ui.screens.results.screen",
    "tui.ui.screens.results.outcomes",
    "tui.ui.screens.submit.screen",
    "tui.ui.screens.files.screen",
    "tui.ui.tasks.downloads",
)

# Seconds that a thread may compute before another gets its turn. Python's own 5 ms are what the UI's loop waits for
# after each read from the disk while a thread goes through a large file.
_TURN = 0.002
_MANY = 2000  # batches: what a collection goes through in a few milliseconds


def warm_up() -> None:
    """Import the rooms that are opened by a key, then begin to collect garbage, of what is made from now on.

    A full collection goes through every object of the client's and the screen's modules, none of which is ever let go:
    it would hold up the keys for two or three frames, again and again, those while the client is imported too.
    """
    for room in _ROOMS:
        import_module(room)
    sys.setswitchinterval(_TURN)
    # Once: what an earlier app of this process left behind is garbage.
    if not gc.get_freeze_count():
        gc.freeze()
    gc.enable()


def let_be(batches: int, before: int) -> int:
    """Spare the garbage collector the batches of the book, once there are many more than `before`; how many it spares.

    None of them is ever garbage that it would find, and each full collection of ten thousand holds up the keys for two
    frames.
    """
    if batches - before < _MANY:
        return before
    gc.freeze()
    return batches
