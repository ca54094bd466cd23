"""A file opened in its user's editor, at a line."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tui.errors import LazybatchError
from tui.format.text import clean_line

_PLUS = frozenset({"vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "kak", "micro", "joe"})
_COLON = frozenset({"hx", "helix", "zed", "subl"})
_GO_TO = frozenset({"code", "codium", "code-insiders", "cursor"})


def editor_command(path: Path, line: int | None, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments that open `path` at `line` (counted from 1) in $VISUAL, else $EDITOR, else vi.

    An editor whose way of being told a line is not known gets the file alone. Raises `LazybatchError` where the
    variable cannot be read as a command.
    """
    text = environ.get("VISUAL", "").strip() or environ.get("EDITOR", "").strip() or "vi"
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LazybatchError(f"The editor {clean_line(text)!r} cannot be read as a command: {error}.") from None
    name = Path(words[0]).name
    # Whole, so that a name that begins with a dash or a plus is not taken for an option.
    file = str(path.absolute())
    if line is None:
        return [*words, file]
    if name in _PLUS:
        return [*words, f"+{line}", file]
    if name in _COLON:
        return [*words, f"{file}:{line}"]
    if name in _GO_TO:
        # Without --wait it would come back at once, before anything is changed.
        return [*words, *([] if {"-w", "--wait"} & set(words) else ["--wait"]), "--goto", f"{file}:{line}"]
    return [*words, file]


def edit(path: Path, line: int | None) -> None:
    """Let the user change `path` until the editor is left; the terminal must be free.

    Raises `LazybatchError` where there is no such editor, or it ends with an error.
    """
    command = editor_command(path, line)
    name = clean_line(command[0])
    try:
        ended = subprocess.run(command, check=False)
    except FileNotFoundError:
        raise LazybatchError(f"There is no program {name}: set VISUAL or EDITOR to an editor.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LazybatchError(f"Cannot start {name}: {reason}.") from None
    if ended.returncode:
        raise LazybatchError(f"{name} ended with an error ({ended.returncode}); the file is read again.")
