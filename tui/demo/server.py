"""The server on a loopback port: in a thread of this process, or in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tui.demo.api.app import make_app
from tui.demo.engine.clock import Clock
from tui.demo.engine.runner import Runner
from tui.demo.engine.store import Store
from tui.demo.engine.world import World
from tui.demo.faults.faults import Faults
from tui.demo.faults.knobs import Knobs

HOST = "127.0.0.1"
_START_S = 10.0


class _Uvicorn(uvicorn.Server):
    """Tells when it listens, and leaves the signals to us."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    """A listening loopback socket. Raises OSError when the port is taken."""
    # With its protocol named: asyncio sends at once only on sockets that say they are TCP's, and an answer in two parts
    # would wait 40 ms for the client's acknowledgement of the first.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _with_reset(world: World) -> type[H11Protocol]:
    """A protocol that lets the world cut any of its connections."""
    transports: dict[tuple[str, int], asyncio.Transport] = {}

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            super().connection_made(transport)
            if self.client:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                transports.pop(self.client, None)
            super().connection_lost(exc)

    def reset(client: tuple[str, int]) -> None:
        transport = transports[tuple(client)]  # type: ignore[index]  # ASGI may hand the pair over as a list
        sock = transport.get_extra_info("socket")
        # With no time to linger, closing sends RST, which a client sees as "connection reset by peer".
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    world.reset = reset
    return Protocol


class DemoServer:
    """A Batch API server on a loopback port, in a thread of its own.

    A context manager, plain or async. ``state`` is the folder of an earlier run to go on with; without one a temporary
    folder is used and removed again. With ``api_key`` calls need it as a bearer token. ``seed`` fills an empty state
    with batches to look at. The ``clock``, ``knobs`` and ``faults`` may be used from any thread while it runs.

    Raises OSError from ``start`` when the port is taken or the folder cannot be written.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        api_key: str | None = None,
        clock: Clock | None = None,
        knobs: Knobs | None = None,
        port: int = 0,
        seed: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self.knobs = knobs or Knobs()
        self.faults = Faults()
        self.base_url = ""
        self._state, self._temporary = state, state is None
        self._api_key, self._port, self._seed = api_key, port, seed
        self._listening = threading.Event()
        self._server: _Uvicorn | None = None
        self._thread: threading.Thread | None = None
        self._store: Store | None = None

    @property
    def calls(self) -> dict[str, int]:
        """How many calls each route has had, by name (``batches.create``)."""
        return self.faults.calls()

    @property
    def url(self) -> str:
        """The server's address without ``/v1``."""
        return self.base_url.removesuffix("/v1")

    def start(self) -> Self:
        """Starts the server; returns once it listens."""
        listener = self._prepare()
        server = self._server
        if server is None:
            raise RuntimeError("The demo server was not prepared.")
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve([listener])), name="demo-server", daemon=True
        )
        self._thread.start()
        if not self._listening.wait(_START_S):
            self.stop()
            raise RuntimeError("The demo server did not start.")
        return self

    def stop(self) -> None:
        """Stops the server, cuts what hangs, removes a temporary state."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._clean()

    async def serve(self, ready: Callable[[str], None]) -> None:
        """Runs in the present event loop until ``finish`` is called; ``ready`` gets the base URL when it listens."""
        listener = self._prepare(lambda: ready(self.base_url))
        try:
            if self._server is not None:
                await self._server.serve([listener])
        finally:
            self._clean()

    def finish(self) -> None:
        """Asks a serving server to stop. May be called from any thread."""
        if self._server is not None:
            self._server.should_exit = True

    def _prepare(self, listening: Callable[[], None] | None = None) -> socket.socket:
        listener = _listen(self._port)
        try:
            store = self._store = self._open()
        except BaseException:
            listener.close()
            self._clean()
            raise
        runner = Runner(store, self.clock, self.knobs)
        world = World(self.clock, self.knobs, self.faults, store, runner, self._api_key)
        self.base_url = f"http://{HOST}:{listener.getsockname()[1]}/v1"
        # Without a handler Python would print warnings on the terminal, where a screen may be drawn.
        for name in ("uvicorn", "tui.demo"):
            logging.getLogger(name).addHandler(logging.NullHandler())
        config = uvicorn.Config(
            make_app(world),
            http=_with_reset(world),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            loop="asyncio",
            timeout_graceful_shutdown=1,
            server_header=False,
            date_header=False,
            limit_concurrency=512,
            # Longer than clients keep theirs, or one of them writes into a connection that is just being closed.
            timeout_keep_alive=75,
        )
        self._server = _Uvicorn(config, listening or self._listening.set)
        return listener

    def _open(self) -> Store:
        self._state = self._state or Path(tempfile.mkdtemp(prefix="lazybatch-demo-"))
        store = Store(self._state)
        # An earlier run may have got ahead of the real time, and no batch may go back.
        self.clock.jump(max(0.0, store.reached(0.0) - self.clock.now()))
        if self._seed:
            from tui.demo.seed.seed import plant

            plant(store, self.clock)
        return store

    def _clean(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._temporary and self._state is not None:
            shutil.rmtree(self._state, ignore_errors=True)
            self._state = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
