"""The routes under ``/v1/models``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.demo.api.answers import Json
from tui.demo.api.errors import ApiError
from tui.demo.model.catalog import MODELS


def _shown(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": MODELS[name][1], "owned_by": "system"}


async def list_models(request: Request) -> Response:
    """``GET /v1/models``"""
    return Json({"object": "list", "data": [_shown(name) for name in MODELS]})


async def retrieve(request: Request) -> Response:
    """``GET /v1/models/{model}``"""
    name = request.path_params["model"]
    if name not in MODELS:
        message = f"The model '{name}' does not exist or you do not have access to it."
        raise ApiError(404, message, param="model", code="model_not_found")
    return Json(_shown(name))
