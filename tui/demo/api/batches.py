"""The routes under ``/v1/batches``."""

from __future__ import annotations

import random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.demo.api import errors
from tui.demo.api.answers import Json, expiry_seconds, json_object, limit_of, listed, text_field, world
from tui.demo.api.errors import ApiError
from tui.demo.engine import life
from tui.demo.engine.ids import hex_id
from tui.demo.engine.records import BatchRecord, Usage
from tui.demo.engine.store import UnknownCursorError
from tui.demo.engine.world import World
from tui.demo.model.model import ENDPOINTS

_STAMPS = (
    "in_progress_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)
_seeds = random.SystemRandom()


def shown(batch: BatchRecord, view: life.View) -> dict[str, Any]:
    """The batch as the API shows it."""
    check = batch.check
    result = batch.result if view.status in life.ENDED else None
    problems = check.problems if check and view.status == "failed" else ()
    errors_list = [{"code": p.code, "line": p.line, "message": p.message, "param": p.param} for p in problems]
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "model": check.model if check and view.total else None,
        "errors": {"object": "list", "data": errors_list} if errors_list else None,
        "input_file_id": batch.input_file_id,
        "completion_window": batch.completion_window,
        "status": view.status,
        "output_file_id": result.output_file_id if result else None,
        "error_file_id": result.error_file_id if result else None,
        "created_at": int(batch.created_at),
        "expires_at": int(batch.created_at + batch.plan.window_s),
        **{name: view.stamps.get(name) for name in _STAMPS},
        "request_counts": {"total": view.total, "completed": view.completed, "failed": view.failed},
        "usage": _usage(view.usage),
        "metadata": batch.metadata,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _metadata(asked: object) -> dict[str, str] | None:
    if asked is None:
        return None
    if not isinstance(asked, dict):
        raise errors.wrong_type("metadata", "an object", asked)
    if len(asked) > 16:
        message = f"Invalid 'metadata': too many properties. Expected an object with at most 16, but got {len(asked)}."
        raise ApiError(400, message, param="metadata", code="object_above_max_properties")
    for key, value in asked.items():
        if not isinstance(value, str):
            raise errors.wrong_type(f"metadata.{key}", "a string", value)
        for what, text, most in (("key", key, 64), ("value", value, 512)):
            if len(text) > most:
                message = (
                    f"Invalid 'metadata.{key}': string too long. Expected a {what} with maximum length {most}, but got "
                    f"a string with length {len(text)} instead."
                )
                raise ApiError(400, message, param="metadata", code="string_above_max_length")
    return asked


def _input_file(here: World, wanted: str) -> str:
    file = here.store.file(wanted)
    if file is None or (file.expires_at is not None and file.expires_at <= here.clock.now()):
        raise ApiError(400, errors.no_input(wanted), param="file_id")
    if file.purpose != "batch":
        message = f"File {wanted} has the purpose '{file.purpose}'; a batch needs a file with the purpose 'batch'."
        raise ApiError(400, message, param="file_id", code="invalid_value")
    return file.id


async def create(request: Request) -> Response:
    """``POST /v1/batches``"""
    here, asked = world(request), await json_object(request)
    wanted = text_field(asked, "input_file_id")
    endpoint = text_field(asked, "endpoint")
    if endpoint not in ENDPOINTS:
        raise errors.wrong_choice("endpoint", endpoint, ENDPOINTS)
    window = text_field(asked, "completion_window")
    if window != "24h":
        raise errors.wrong_choice("completion_window", window, ["24h"])
    metadata = _metadata(asked.get("metadata"))
    expires_s = expiry_seconds(asked.get("output_expires_after"), "output_expires_after")
    batch = BatchRecord(
        hex_id("batch_"),
        endpoint,
        _input_file(here, wanted),
        window,
        here.clock.now(),
        here.knobs.plan(),
        _seeds.getrandbits(31),
        metadata,
        expires_s,
    )
    here.runner.submit(batch)
    return await _answer(here, batch)


async def _answer(here: World, batch: BatchRecord) -> Response:
    (seen,) = await here.runner.views([batch])
    return Json(shown(*seen))


def _find(here: World, batch_id: str) -> BatchRecord:
    batch = here.store.batch(batch_id)
    if batch is None:
        raise errors.no_batch(batch_id)
    return batch


async def retrieve(request: Request) -> Response:
    """``GET /v1/batches/{batch_id}``"""
    here = world(request)
    return await _answer(here, _find(here, request.path_params["batch_id"]))


async def list_batches(request: Request) -> Response:
    """``GET /v1/batches``"""
    here, query = world(request), request.query_params
    limit = limit_of(query, 20, 100)
    try:
        page, more = here.store.list_batches(limit, query.get("after"))
    except UnknownCursorError:
        raise ApiError(400, "Invalid 'after': no such batch.", param="after", code="invalid_value") from None
    return listed([shown(*seen) for seen in await here.runner.views(page)], has_more=more)


async def cancel(request: Request) -> Response:
    """``POST /v1/batches/{batch_id}/cancel``"""
    here = world(request)
    ((batch, view),) = await here.runner.views([_find(here, request.path_params["batch_id"])])
    if view.status in {"cancelling", "cancelled"}:
        return Json(shown(batch, view))
    if view.status in life.ENDED or life.timeline(batch).end <= here.clock.now():
        raise ApiError(409, f"Cannot cancel a batch with status '{view.status}'.")
    return await _answer(here, here.runner.cancel(batch))
