"""Text handed to the terminal's clipboard, by the sequence OSC 52 of xterm."""

import asyncio
import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.ui.screens.base import Room
from tui.ui.terminal.passthrough import handed_on, inside

# Terminals take no longer clipboard sequence than about this, in bytes of base64.
LIMIT: Final = 74_000
# A server's id never chooses a path.
_SAFE: Final = re.compile(r"[^A-Za-z0-9_-]")


def clipboard_sequence(text: str, environment: Mapping[str, str]) -> str | None:
    """What puts `text` into the clipboard when it is written to the terminal; None where it is over `LIMIT`.

    Inside tmux and GNU screen (`TMUX`, `STY`, else `TERM`, in `environment`) it is wrapped, so that they hand it on.
    tmux takes it wrapped with `allow-passthrough`, and bare with `set-clipboard on`: it gets both. Lone surrogates,
    which no clipboard holds, become question marks.
    """
    coded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(coded) > LIMIT:
        return None
    bare = f"\x1b]52;c;{coded}\x07"
    return handed_on(bare, environment) + (bare if inside(environment) == "tmux" else "")


def copy_ids(room: Room, batches: Sequence[Batch]) -> None:
    """Copy the ids of `batches`, one a line."""
    if batches:
        what = "The id is" if len(batches) == 1 else f"The ids of {len(batches)} batches are"
        room.work(_copy(room, "\n".join(batch.id for batch in batches), what, _file_of(batches[0], "txt")), "copy")


def copy_json(room: Room, batches: Sequence[Batch]) -> None:
    """Copy the server's own JSON of `batches`: one object, or an array of several."""
    if batches:
        room.work(_copy_json(room, batches), "copy")


async def _copy_json(room: Room, batches: Sequence[Batch]) -> None:
    answers = [await asyncio.to_thread(room.session.answer, batch.id) for batch in batches]
    if None in answers:
        room.notify("The server's JSON of this batch is not kept: r asks for it again.", severity="warning")
        return
    what = "The batch is" if len(batches) == 1 else f"{len(batches)} batches are"
    text = json.dumps(answers[0] if len(batches) == 1 else answers, ensure_ascii=False, indent=2)
    await _copy(room, text, what, _file_of(batches[0], "json"))


def _file_of(batch: Batch, ending: str) -> str:
    return f"{_SAFE.sub('_', batch.id[:80])}.{ending}"


async def _copy(room: Room, text: str, what: str, name: str) -> None:
    """To the clipboard, or where it is too long for that to a file of this `name` in the state folder."""
    if clipboard_sequence(text, os.environ) is not None:
        room.app.copy_to_clipboard(text)
        room.notify(f"{what} in the clipboard, if this terminal lets programs write to it.", markup=False)
        return
    path = room.session.folder / "copied" / name
    await asyncio.to_thread(_write, path, text)
    room.notify(f"{what} too long for a clipboard, and in {path} instead.", markup=False, timeout=10)


def _write(path: Path, text: str) -> None:
    from tui.files.atomic import written

    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LazybatchError(f"Cannot make {path.parent}: {error.strerror}.") from None
    with written(path, ()) as file:
        file.write(text.encode("utf-8", "replace"))
