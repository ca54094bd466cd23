"""What is left of a mistake of our own: a sentence for its user, a file for who mends it."""

import os
import traceback
from pathlib import Path
from typing import Final

from tui.format.text import clean

_LOG: Final = "crash.log"


def told_of_crash(error: BaseException | None, folder: Path, key: str | None) -> str:
    """Write how `error` came about to a file in `folder`, without `key`; the sentence that tells of it."""
    path = folder / _LOG
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            os.fchmod(descriptor, 0o600)
            file.write(_without("".join(traceback.format_exception(error)), key))
        where = f" What happened is in {path}."
    except OSError:
        where = ""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return clean(f"lazybatch stopped because of a mistake of its own ({type(error).__name__}{at}).{where}")


def _without(text: str, key: str | None) -> str:
    """`text` without the key, which the words of an exception may hold."""
    return text.replace(key, "(the key)") if key else text
