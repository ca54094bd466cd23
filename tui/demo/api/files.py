"""The routes under ``/v1/files``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tui.demo.api import errors, multipart
from tui.demo.api.answers import Json, form_expiry, limit_of, listed, world
from tui.demo.api.errors import ApiError
from tui.demo.engine.ids import file_id
from tui.demo.engine.records import FileRecord
from tui.demo.engine.store import UnknownCursorError
from tui.demo.engine.world import World
from tui.demo.faults.knobs import Knobs

PURPOSES = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
_LISTED_PURPOSES = {*PURPOSES, "assistants_output", "batch_output", "fine-tune-results"}
_BATCH_EXPIRY = 30 * 86_400
_MOST = 10_000


class _Content(FileResponse):
    """A file, in pieces large enough that the hops to a thread do not count."""

    chunk_size = 1 << 20


def shown(file: FileRecord) -> dict[str, Any]:
    """The file as the API shows it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": int(file.created_at),
        "expires_at": None if file.expires_at is None else int(file.expires_at),
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def check_purpose(purpose: str, filename: str, knobs: Knobs) -> int:
    """The most bytes that a new file of this purpose may have. Raises ApiError (400) for what is refused at upload."""
    if purpose not in PURPOSES:
        raise errors.wrong_choice("purpose", purpose, PURPOSES)
    if purpose == "batch" and not filename.lower().endswith(".jsonl"):
        raise ApiError(400, "Invalid file format for Batch API. Must be .jsonl")
    return knobs.max_batch_bytes if purpose == "batch" else knobs.max_file_bytes


def add(here: World, path: Path, filename: str, purpose: str, expires_s: int | None) -> FileRecord:
    """Takes in the file at ``path`` under a new id."""
    now = here.clock.now()
    if expires_s is None and purpose == "batch":
        expires_s = _BATCH_EXPIRY
    expires_at = None if expires_s is None else now + expires_s
    file = FileRecord(file_id(), filename, purpose, path.stat().st_size, now, expires_at)
    path.replace(here.store.path(file.id))
    here.store.save_files([file])
    return file


async def find(here: World, wanted: str) -> FileRecord:
    """The file with this id, its content made if it was not yet. Raises ApiError (404) when it is gone or expired."""
    file = here.store.file(wanted)
    if file is None or (file.expires_at is not None and file.expires_at <= here.clock.now()):
        raise errors.no_file(wanted)
    return await here.runner.made(file)


def base_name(filename: str) -> str:
    """The last part of a file's name, whatever the client's way of writing paths."""
    return re.split(r"[\\/]", filename)[-1] or "upload"


async def create(request: Request) -> Response:
    """``POST /v1/files``"""
    here = world(request)
    part = here.store.path(f"incoming-{os.urandom(8).hex()}")
    form = await multipart.receive(request, "file", part, here.knobs.max_file_bytes)
    try:
        if form.filename is None:
            raise errors.missing("file")
        if "purpose" not in form.fields:
            raise errors.missing("purpose")
        name = base_name(form.filename)
        most = check_purpose(form.fields["purpose"], name, here.knobs)
        if form.size > most:
            raise ApiError(400, "File is too large.")
        file = add(here, part, name, form.fields["purpose"], form_expiry(form.fields))
    finally:
        part.unlink(missing_ok=True)
    return Json(shown(file))


async def list_files(request: Request) -> Response:
    """``GET /v1/files``"""
    here, query = world(request), request.query_params
    limit, order = limit_of(query, _MOST, _MOST), query.get("order", "desc")
    purpose = query.get("purpose")
    if order not in {"asc", "desc"}:
        raise errors.wrong_choice("order", order, ["asc", "desc"])
    if purpose is not None and purpose not in _LISTED_PURPOSES:
        raise errors.wrong_choice("purpose", purpose, sorted(_LISTED_PURPOSES))
    await here.runner.settle(purpose)
    try:
        page, more = here.store.list_files(
            here.clock.now(), limit, query.get("after"), purpose, ascending=order == "asc"
        )
    except UnknownCursorError:
        raise ApiError(400, "Invalid 'after': no such file.", param="after", code="invalid_value") from None
    return listed([shown(file) for file in page], has_more=more)


async def retrieve(request: Request) -> Response:
    """``GET /v1/files/{file_id}``"""
    return Json(shown(await find(world(request), request.path_params["file_id"])))


async def delete(request: Request) -> Response:
    """``DELETE /v1/files/{file_id}``"""
    here = world(request)
    file = await find(here, request.path_params["file_id"])
    here.runner.forget(file)
    return Json({"id": file.id, "object": "file", "deleted": True})


async def content(request: Request) -> Response:
    """``GET /v1/files/{file_id}/content``, whole or the bytes that a ``Range`` asks for"""
    here = world(request)
    file = await find(here, request.path_params["file_id"])
    return _Content(here.store.path(file.id), media_type="application/octet-stream", filename=file.filename)
