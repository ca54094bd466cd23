"""What a folder has to choose from, and what a path that is typed there stands for."""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tui.errors import LazybatchError
from tui.format.text import clean_line

_SUFFIX = ".jsonl"
# What is typed or pasted behind a folder that stands there already: only from here on is it meant.
_ANEW = re.compile(r".*/(?=/|~)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder; `size` in bytes, `modified` in Unix seconds."""

    path: Path
    folder: bool
    size: int
    modified: float


async def listing(folder: Path) -> tuple[Entry, ...]:
    """The folders of `folder` by name, then its input files, the newest first; hidden ones are left out.

    Raises `LazybatchError` where it cannot be read.
    """
    return await asyncio.to_thread(_scan, folder)


async def look_at(paths: list[str]) -> tuple[Entry, ...]:
    """The files among `paths` that are still there, in their order."""
    return await asyncio.to_thread(_present, paths)


async def complete(text: str, folder: Path) -> str:
    """`text`, seen from `folder`, as far as the names there leave no choice: the beginning that all fitting ones share.

    Of a path that begins anew behind another, at `//` or `/~`, that path alone is left.
    """
    return await asyncio.to_thread(_complete, _meant(text), folder)


async def find(text: str, folder: Path) -> Entry:
    """The file or folder that `text` stands for, seen from `folder`; read as `complete` reads it.

    Raises `LazybatchError` where there is nothing.
    """
    return await asyncio.to_thread(_found, text, folder)


def _meant(text: str) -> str:
    return _ANEW.sub("", text)


def _found(text: str, folder: Path) -> Entry:
    try:
        path = folder / Path(_meant(text)).expanduser()
        status = path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or (
            "there is no such home folder" if isinstance(error, RuntimeError) else "no file can have this name"
        )
        raise LazybatchError(f"Cannot read {clean_line(_meant(text))[:80]!r}: {why}.") from None
    return Entry(path, path.is_dir(), status.st_size, status.st_mtime)


def _scan(folder: Path) -> tuple[Entry, ...]:
    folders: list[Entry] = []
    files: list[Entry] = []
    try:
        with os.scandir(folder) as found:
            for item in found:
                if item.name.startswith("."):
                    continue
                try:
                    is_folder = item.is_dir()
                    if not is_folder and not (item.name.endswith(_SUFFIX) and item.is_file()):
                        continue
                    status = item.stat()
                except OSError:
                    # A dangling link, or gone between two calls: nothing to choose.
                    continue
                entry = Entry(Path(item.path), is_folder, status.st_size, status.st_mtime)
                (folders if is_folder else files).append(entry)
    except OSError as error:
        raise LazybatchError(f"Cannot look into {folder}: {error.strerror}.") from None
    folders.sort(key=lambda entry: entry.path.name)
    files.sort(key=lambda entry: -entry.modified)
    return (*folders, *files)


def _present(paths: list[str]) -> tuple[Entry, ...]:
    found = []
    for text in paths:
        path = Path(text)
        try:
            status = path.stat()
        except OSError:
            continue
        found.append(Entry(path, False, status.st_size, status.st_mtime))
    return tuple(found)


def _complete(text: str, folder: Path) -> str:
    # Split by hand: Path drops a final slash, which is what tells "in this folder" from "this folder".
    stem, slash, beginning = text.rpartition("/")
    try:
        entries = _scan(folder / Path(stem + slash).expanduser())
    except (LazybatchError, RuntimeError):
        # It cannot be read, or it begins with "~" and no user's name.
        return text
    names = [entry.path.name + ("/" if entry.folder else "") for entry in entries]
    fitting = [name for name in names if name.startswith(beginning)]
    # Character by character is what completing means.
    return stem + slash + os.path.commonprefix(fitting) if fitting else text  # noqa: RUF071
