"""The next line that says something, or the one of a custom_id."""

from tui.files.line_stream import Cancelled, Progress
from tui.flows.results.reader import Reader
from tui.results.search import Needle


def find_text(
    reader: Reader, text: str, key: int, *, forward: bool, told: Progress, cancelled: Cancelled
) -> tuple[int, bool] | None:
    """The next line with `text`, ahead of that of `key` or before it, and whether it was come upon past the end.

    None where no line has it. For a worker thread; raises `ResultFileError`, `StoppedError`.
    """
    needle = Needle.of(text)
    found = reader.find(needle, key, forward, told, cancelled)
    if found is not None:
        return found, False
    found = reader.find(needle, None, forward, told, cancelled)
    return None if found is None else (found, True)


def find_id(reader: Reader, custom_id: str, told: Progress, cancelled: Cancelled) -> int | None:
    """The first line with that custom_id; as `find_text`."""
    needle = Needle.value(custom_id)
    key = reader.find(needle, None, True, told, cancelled)
    # It may also stand in an answer, as a name in it.
    while key is not None and reader.custom_id(key) != custom_id:
        key = reader.find(needle, key, True, told, cancelled)
    return key
