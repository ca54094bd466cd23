"""A message given to a command of the user's."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from tui.format.text import clean_line, duration

_PATIENCE: Final = 20.0  # seconds


async def tell(command: Sequence[str], text: str, *, without: Collection[str] = ()) -> str | None:
    """Run `command` with `text` as one more argument; what went wrong, in a sentence.

    No shell, no input, nothing of it on the screen; the variables in `without` are not handed to it. What has not ended
    after 20 seconds is ended, with all that it has started.
    """
    name = clean_line(Path(command[0]).name)
    environment = {key: value for key, value in os.environ.items() if key not in without}
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, text, stdin=nothing, stdout=nothing, stderr=nothing, env=environment, start_new_session=True
        )
    except FileNotFoundError:
        return f"there is no program {clean_line(command[0])}."
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"cannot start {name}: {reason}."
    try:
        code = await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        return f"{name} had not ended after {duration(_PATIENCE)}, and was ended."
    finally:
        if process.returncode is None:
            # Its group: what a script has started does not outlive it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"{name} ended with an error ({code})." if code else None
