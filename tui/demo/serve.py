"""The server in the foreground, until a signal ends it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer


def serve(
    port: int = 0,
    state: Path | None = None,
    speed: float = 1.0,
    *,
    seed: bool = False,
    api_key: str | None = None,
    until_eof: bool = False,
) -> int:
    """Serves on 127.0.0.1 until SIGINT, SIGTERM or SIGHUP; with ``until_eof`` also until standard input ends.

    Returns the exit status.
    Prints ``base_url=http://127.0.0.1:PORT/v1`` on standard output once it listens. 2 when the port is taken, the
    state's folder cannot be used or the speed is not above 0, with a sentence on standard error.
    """
    # A parent that draws on the terminal does not want to hear; somebody who runs the server by hand does.
    logging.basicConfig(level=logging.ERROR, handlers=[logging.NullHandler()] if until_eof else None)
    try:
        clock = Clock()
        clock.set_speed(speed)
        if state is not None:
            state.mkdir(parents=True, exist_ok=True, mode=0o700)
        server = DemoServer(state=state, clock=clock, port=port, seed=seed, api_key=api_key)
        asyncio.run(_run(server, until_eof=until_eof))
    except (OSError, OverflowError, ValueError, sqlite3.Error) as error:
        os.write(2, f"The demo server could not start: {_reason(error, port)}\n".encode())
        return 2
    return 0


def _reason(error: Exception, port: int) -> str:
    """What went wrong and what to do, for people."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken. Choose another with --port, or none to be given a free one."
    if error.filename is None:
        return f"port {port} cannot be had: {error.strerror}."
    return f"{error.filename}: {error.strerror}."


async def _run(server: DemoServer, *, until_eof: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, server.finish)

    def listening(base_url: str) -> None:
        sys.stdout.write(f"base_url={base_url}\n")
        sys.stdout.flush()
        if until_eof:
            threading.Thread(target=_finish_at_eof, args=(server,), daemon=True).start()

    await server.serve(listening)


def _finish_at_eof(server: DemoServer) -> None:
    """Standard input ends when the parent goes away, whatever became of it."""
    # os.read, because a thread that blocks inside sys.stdin would keep the interpreter from closing it at exit.
    while os.read(0, 4_096):
        pass
    server.finish()
