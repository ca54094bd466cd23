"""The server as an ASGI application: its routes, its refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from tui.demo.api import batches, files, models, steering, uploads
from tui.demo.api.answers import Json
from tui.demo.api.errors import ApiError
from tui.demo.engine.world import World
from tui.demo.faults.gate import Gate

ROUTES: list[BaseRoute] = [
    Route("/v1/files", files.create, methods=["POST"], name="files.create"),
    Route("/v1/files", files.list_files, methods=["GET"], name="files.list"),
    Route("/v1/files/{file_id}", files.retrieve, methods=["GET"], name="files.retrieve"),
    Route("/v1/files/{file_id}", files.delete, methods=["DELETE"], name="files.delete"),
    Route("/v1/files/{file_id}/content", files.content, methods=["GET"], name="files.content"),
    Route("/v1/batches", batches.create, methods=["POST"], name="batches.create"),
    Route("/v1/batches", batches.list_batches, methods=["GET"], name="batches.list"),
    Route("/v1/batches/{batch_id}", batches.retrieve, methods=["GET"], name="batches.retrieve"),
    Route("/v1/batches/{batch_id}/cancel", batches.cancel, methods=["POST"], name="batches.cancel"),
    Route("/v1/uploads", uploads.create, methods=["POST"], name="uploads.create"),
    Route("/v1/uploads/{upload_id}/parts", uploads.add_part, methods=["POST"], name="uploads.parts"),
    Route("/v1/uploads/{upload_id}/complete", uploads.complete, methods=["POST"], name="uploads.complete"),
    Route("/v1/uploads/{upload_id}/cancel", uploads.cancel, methods=["POST"], name="uploads.cancel"),
    Route("/v1/models", models.list_models, methods=["GET"], name="models.list"),
    Route("/v1/models/{model}", models.retrieve, methods=["GET"], name="models.retrieve"),
    Route("/demo/knobs", steering.read, methods=["GET"], name="demo.read"),
    Route("/demo/knobs", steering.turn, methods=["PUT"], name="demo.turn"),
]


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return Json(error.body, error.status, error.headers)


async def _unknown(request: Request, error: Exception) -> Response:
    """No such route, or not with this method."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:
        message = f"Not allowed to {request.method} on {request.url.path}."
        return Json(ApiError(405, message, code="method_not_supported").body, 405)
    message = f"Invalid URL ({request.method} {request.url.path})"
    return Json(ApiError(404, message, code="unknown_url").body, 404)


async def _gone(request: Request, error: Exception) -> Response:
    """The client went away in the middle of its request; nobody will read this."""
    return Response(status_code=499)


def make_app(world: World) -> ASGIApp:
    """The application over one world; its lifespan starts and ends the work behind the batches."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        world.runner.start()
        yield
        await world.runner.close()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={ApiError: _refuse, HTTPException: _unknown, ClientDisconnect: _gone},
    )
    app.state.world = world
    return Gate(app, world, ROUTES)
