"""What is shown, given out of the program: to a file, or to the user's pager."""

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from tui.errors import LazybatchError
from tui.files.atomic import written
from tui.flows.results.reader import Reader, View
from tui.format.text import clean, clean_line

_SUFFIX: dict[View, str] = {"answer": ".txt", "json": ".result.jsonl", "request": ".request.jsonl"}
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def plain_name(text: str, view: View | None = None) -> str:
    """A file name from a name that came from anywhere: letters, digits and -_. alone, never hidden, never a path."""
    name = _UNFIT.sub("-", text).strip("-.")[:60] or "line"
    return name + (_SUFFIX[view] if view else "")


def save(reader: Reader, key: int, view: View, path: Path) -> int:
    """Write what a line shows to `path`, whole or not at all; its bytes. For a thread. Raises `LazybatchError`."""
    content = reader.raw(key, view)
    with written(path, ()) as file:
        file.write(content)
    return len(content)


def page(text: str) -> None:
    """Show `text` in $PAGER, until the user leaves it; the terminal must be free. Raises `LazybatchError`.

    What a terminal would act on is taken out: a pager may be set to let it through.
    """
    command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="replace", prefix="lazybatch-") as file:
            file.write(clean(text))
            file.flush()
            subprocess.run([*command, file.name], check=False)
    except FileNotFoundError:
        raise LazybatchError(
            f"There is no program {clean_line(command[0])}: set PAGER to one that shows files."
        ) from None
    except OSError as error:
        raise LazybatchError(f"Cannot show it in {clean_line(command[0])}: {error.strerror or error}.") from None
