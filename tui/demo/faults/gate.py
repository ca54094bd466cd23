"""The door of the server, where faults strike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.demo.api.errors import ApiError
from tui.demo.faults.faults import Fault

if TYPE_CHECKING:
    from tui.demo.engine.world import World

_HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"


class _CutError(Exception):
    """The answer ends here."""


class Gate:
    """Passes calls on to the routes, unless a fault strikes them or their key is wrong."""

    def __init__(self, app: ASGIApp, world: World, routes: list[BaseRoute]) -> None:
        self._app, self._world, self._routes = app, world, routes
        self._late: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._dated(send)
        route = self._name(scope)
        for due in [each for each in self._late if fnmatchcase(route, each[0])]:
            self._late.remove(due)
            await due[1]()
        fault = None if route.startswith("demo.") else self._world.faults.pick(route)
        if fault:
            await _STRIKES[fault.kind](self, fault, scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    def _dated(self, send: Send) -> Send:
        """The `Date` of each answer is on the server's clock, as its time stamps are."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                stamp = formatdate(self._world.clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", []), (b"date", stamp)]}
            await send(message)

        return dated

    def _name(self, scope: Scope) -> str:
        for route in self._routes:
            if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
                return route.name
        return "unknown"

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refusal(self._world.api_key, Headers(scope=scope).get("authorization", ""))
        if refused:
            await _drain(receive)
            await JSONResponse(refused.body, refused.status)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _reset(self, scope: Scope, receive: Receive) -> None:
        self._world.reset(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass

    # The kinds of faults

    async def drop_before(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await self._reset(scope, receive)

    async def drop_after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pass(scope, receive, _nowhere)
        await self._reset(scope, receive)

    async def late(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)

        async def work() -> None:
            await self._pass(scope, _replay(body), _nowhere)

        async def wait() -> None:
            await asyncio.sleep(fault.delay_s)
            await work()

        if fault.until is not None:
            self._late.append((fault.until, work))
        else:
            task = asyncio.create_task(wait())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._reset(scope, receive)

    async def drop_upload(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came < fault.after_bytes:
                return message
            await self._reset(scope, receive)
            return {"type": "http.disconnect"}

        await self._pass(scope, counted, send)

    async def status(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await _drain(receive)
        status, message, code, kind = _DEFAULTS.get(fault.kind, (400, "Bad request.", None, "invalid_request_error"))
        error = ApiError(fault.status or status, fault.message or message, code=fault.code or code, kind=kind)
        headers = {"Retry-After": f"{fault.retry_after:g}"} if fault.kind == "rate_limit" else None
        await JSONResponse(error.body, error.status, headers)(scope, receive, send)

    async def html(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await _drain(receive)
        await HTMLResponse(fault.message or _HTML, fault.status or 502)(scope, receive, send)

    async def slow(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        async def dribble(message: Message) -> None:
            body, rate = message.get("body", b""), fault.bytes_per_s
            if message["type"] == "http.response.start":
                await asyncio.sleep(fault.delay_s)
            if not body or rate is None:
                await send(message)
                return
            size = max(1, int(rate / 10))
            for at in range(0, len(body), size):
                piece = body[at : at + size]
                last = at + size >= len(body)
                await asyncio.sleep(len(piece) / rate)
                await send({**message, "body": piece, "more_body": not last or message.get("more_body", False)})

        await self._pass(scope, receive, dribble)

    async def truncate(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        left = fault.after_bytes

        async def cut(message: Message) -> None:
            nonlocal left
            body = message.get("body", b"")
            if message["type"] == "http.response.body" and len(body) >= left:
                if left:
                    await send({**message, "body": body[:left], "more_body": True})
                raise _CutError
            left -= len(body)
            await send(message)

        try:
            await self._pass(scope, receive, cut)
        except _CutError:
            # An answer that is left unfinished makes the server close the connection, after what was written has gone.
            return

    async def page(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "stuck_page":
            query = [(k, v) for k, v in parse_qsl(scope["query_string"].decode()) if k != "after"]
            scope = {**scope, "query_string": urlencode(query).encode()}
        status, answer = await self._buffered(scope, receive)
        if isinstance(answer, dict):
            answer["has_more"] = True
            if fault.kind == "empty_page":
                answer |= {"data": [], "first_id": None, "last_id": None}
        await JSONResponse(answer, status)(scope, receive, send)

    async def rewrite(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        status, answer = await self._buffered(scope, receive)
        if isinstance(answer, dict):
            listed = answer["data"] if answer.get("object") == "list" else [answer]
            for entry in listed:
                entry.update(fault.merge)
                for name in fault.omit:
                    entry.pop(name, None)
        await JSONResponse(answer, fault.status or status)(scope, receive, send)

    async def _buffered(self, scope: Scope, receive: Receive) -> tuple[int, Any]:
        status, body = 200, bytearray()

        async def keep(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            body.extend(message.get("body", b""))

        await self._pass(scope, receive, keep)
        return status, json.loads(body)


def _refusal(key: str | None, given: str) -> ApiError | None:
    if key is None or given == f"Bearer {key}":
        return None
    if not given.startswith("Bearer ") or not given[7:].strip():
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        return ApiError(401, message)
    # As the real server does, but for the key itself, which has no place in an answer.
    return ApiError(401, "Incorrect API key provided.", code="invalid_api_key")


async def _nowhere(message: Message) -> None:
    """Swallows an answer."""


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while (message := await receive())["type"] == "http.request":
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _drain(receive: Receive) -> None:
    """Takes the request's body off the wire, so that the client gets to read its answer."""
    async for _ in _pieces(receive):
        pass


async def _body(receive: Receive) -> bytes:
    return b"".join([piece async for piece in _pieces(receive)])


def _replay(body: bytes) -> Receive:
    """Has a request's body come once more."""
    messages: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive


_DEFAULTS: dict[str, tuple[int, str, str | None, str]] = {
    "rate_limit": (429, "Rate limit reached for requests. Please try again later.", "rate_limit_exceeded", "requests"),
    "server_error": (500, "The server had an error while processing your request.", None, "server_error"),
}
_Strike = Callable[[Gate, Fault, Scope, Receive, Send], Awaitable[None]]
_STRIKES: dict[str, _Strike] = {
    "drop_before": Gate.drop_before,
    "drop_after": Gate.drop_after,
    "late": Gate.late,
    "drop_upload": Gate.drop_upload,
    "rate_limit": Gate.status,
    "server_error": Gate.status,
    "status": Gate.status,
    "html": Gate.html,
    "slow": Gate.slow,
    "truncate": Gate.truncate,
    "empty_page": Gate.page,
    "stuck_page": Gate.page,
    "rewrite": Gate.rewrite,
}
