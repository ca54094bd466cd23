"""A way to a server that ends at a byte: the connection is cut there, or the process that called dies of SIGKILL."""

import contextlib
import os
import signal
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from urllib.parse import urlsplit

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Strike:
    """Where the next strike falls: on the `nth` call (from 1) whose first line begins with `call`.

    It ends after a `share` (0 to 1) of the bytes of its `request`, or else of its answer. A request that got through
    whole is answered, unheard, before anything ends: what the server has done is done.
    """

    call: str
    share: float
    request: bool
    kill: bool
    nth: int = 1

    def __str__(self) -> str:
        side = "request" if self.request else "answer"
        return f"{'kill' if self.kill else 'cut'} at {self.share:.3f} of the {side} of {self.call} number {self.nth}"


class Way:
    """A TCP proxy on a loopback port, which strikes where it is told to, once each; a context manager."""

    def __init__(self, base_url: str, pid_file: Path) -> None:
        target = urlsplit(base_url)
        self._target = target.hostname or "", target.port or 0
        self._pid_file = pid_file
        self._lock = threading.Lock()
        self._armed: list[Strike] = []
        self._seen: Counter[Strike] = Counter()
        self.struck = 0
        way = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    way._carry(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="way", daemon=True
        )

    def __enter__(self) -> "Way":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arm(self, strikes: Iterable[Strike] = ()) -> None:
        """Strike like this from now on, and as before no more."""
        with self._lock:
            self._armed, self._seen = list(strikes), Counter()

    def _due(self, head: bytes) -> Strike | None:
        with self._lock:
            meant = [strike for strike in self._armed if head.startswith(strike.call.encode())]
            self._seen.update(meant)
            strike = next((strike for strike in meant if self._seen[strike] >= strike.nth), None)
            if strike is not None:
                self._armed.remove(strike)
                self.struck += 1
            return strike

    def _carry(self, client: socketserver.StreamRequestHandler) -> None:
        with socket.create_connection(self._target) as server, server.makefile("rb") as answers:
            while head := _head(client.rfile):
                strike = self._due(head)
                if not _pass(head, client.rfile, server, strike.share if strike and strike.request else 1.0):
                    self._end(strike, client.connection, server)
                    return
                answer = _head(answers)
                share = strike.share if strike and not strike.request else 0.0 if strike else 1.0
                if not answer or not _pass(answer, answers, client.connection, share) or strike:
                    self._end(strike, client.connection, server)
                    return

    def _end(self, strike: Strike | None, *connections: socket.socket) -> None:
        if strike is not None and strike.kill:
            os.kill(int(self._pid_file.read_text()), signal.SIGKILL)
        for connection in connections:
            # With no time to linger the other side gets a reset, not an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


def _head(stream: BufferedIOBase) -> bytes:
    """First line and fields of a message; empty at the stream's end."""
    return b"".join(_lines(stream))


def _lines(stream: BufferedIOBase) -> Iterator[bytes]:
    while line := stream.readline():
        yield line
        if line == b"\r\n":
            return


def _pass(head: bytes, source: BufferedIOBase, target: socket.socket, share: float) -> bool:
    """Pass a message on, or only a share of it; whether it was all of it."""
    fields = dict(line.lower().partition(b":")[::2] for line in head.split(b"\r\n")[1:])
    length = len(head) + int(fields.get(b"content-length", b"0"))
    room = int(share * length)
    target.sendall(head[:room])
    left, room = length - len(head), room - len(head)
    while left > 0 and room > 0:
        chunk = source.read(min(left, room, _CHUNK))
        if not chunk:
            return False
        target.sendall(chunk)
        left, room = left - len(chunk), room - len(chunk)
    return share >= 1.0
