"""The server as a child process, for a screen whose loop must not share its work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

_START_S = 20.0
_STOP_S = 3.0


class DemoError(Exception):
    """The demo server did not start; the text says why, in a sentence."""


def _environment() -> dict[str, str]:
    """This process's environment without what an API client reads; the package is found where it was found here."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    root = str(Path(__file__).resolve().parent.parent.parent)
    return {**env, "PYTHONPATH": os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))}


class DemoProcess:
    """A seeded demo server in a process of its own, with a folder of sample files; leaves nothing behind.

    The child ends by itself when this process goes away, however that happens. An async context manager.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.base_url = ""
        self._speed = speed
        self._folder: Path | None = None
        self._child: asyncio.subprocess.Process | None = None

    @property
    def samples(self) -> Path:
        """The folder with the sample files. Raises DemoError before ``start``."""
        if self._folder is None:
            raise DemoError("The demo server is not running.")
        return self._folder / "samples"

    async def start(self) -> Self:
        """Starts the server; returns when it listens and the samples are written. Raises DemoError."""
        self._folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="lazybatch-demo-")))
        try:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tui.demo",
                "--seed",
                "--speed",
                str(self._speed),
                "--child",
                str(self._folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
                # Ctrl+C is for the screen to read; the child ends with its standard input.
                start_new_session=True,
            )
            self.base_url = await asyncio.wait_for(self._listening(self._child), _START_S)
        except BaseException as error:
            await self.stop()
            if isinstance(error, (OSError, TimeoutError)):
                raise DemoError(f"The demo server did not start: {error or 'it took too long'}.") from error
            raise
        return self

    async def _listening(self, child: asyncio.subprocess.Process) -> str:
        out, err = child.stdout, child.stderr
        if out is None or err is None:
            raise DemoError("The demo server has no output.")
        said = (await out.readline()).decode().strip()
        if said.startswith("base_url="):
            return said.removeprefix("base_url=")
        reason = (await err.read(4_096)).decode(errors="replace").strip().splitlines()
        raise DemoError(reason[-1] if reason else "The demo server ended at once.")

    async def stop(self) -> None:
        """Ends the server and removes its folder. May be called at any time, and again."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                await asyncio.wait_for(child.wait(), _STOP_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        folder, self._folder = self._folder, None
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
