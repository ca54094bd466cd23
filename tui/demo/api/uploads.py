"""The routes under ``/v1/uploads``: a large file that comes in parts."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.demo.api import errors, files, multipart
from tui.demo.api.answers import Json, expiry_seconds, json_object, text_field, world
from tui.demo.api.errors import ApiError
from tui.demo.engine import parts
from tui.demo.engine.ids import hex_id
from tui.demo.engine.records import FileRecord, PartRecord, UploadRecord
from tui.demo.engine.world import World

_LIFETIME = 3_600
_PART_BYTES = 64 << 20


def _shown(here: World, upload: UploadRecord, file: FileRecord | None = None) -> dict[str, Any]:
    expired = upload.status == "pending" and upload.expires_at <= here.clock.now()
    return {
        "id": upload.id,
        "object": "upload",
        "bytes": upload.bytes,
        "created_at": int(upload.created_at),
        "filename": upload.filename,
        "purpose": upload.purpose,
        "status": "expired" if expired else upload.status,
        "expires_at": int(upload.expires_at),
        "file": files.shown(file) if file else None,
    }


async def create(request: Request) -> Response:
    """``POST /v1/uploads``"""
    here, asked = world(request), await json_object(request)
    filename, purpose = text_field(asked, "filename"), text_field(asked, "purpose")
    size, mime = asked.get("bytes"), text_field(asked, "mime_type")
    if size is None:
        raise errors.missing("bytes")
    if not isinstance(size, int) or isinstance(size, bool):
        raise errors.wrong_type("bytes", "an integer", size)
    name = files.base_name(filename)
    if size > files.check_purpose(purpose, name, here.knobs):
        raise ApiError(400, "File is too large.")
    now, expires_s = here.clock.now(), expiry_seconds(asked.get("expires_after"), "expires_after")
    upload = UploadRecord(hex_id("upload_"), name, purpose, size, mime, now, now + _LIFETIME, file_expires_s=expires_s)
    here.store.save_upload(upload)
    return Json(_shown(here, upload))


def _open(here: World, upload_id: str) -> UploadRecord:
    upload = here.store.upload(upload_id)
    if upload is None:
        raise errors.no_upload(upload_id)
    status = _shown(here, upload)["status"]
    if status != "pending":
        raise ApiError(400, f"Upload {upload_id} has the status '{status}'; only a pending one can be changed.")
    return upload


async def add_part(request: Request) -> Response:
    """``POST /v1/uploads/{upload_id}/parts``"""
    here, upload_id = world(request), request.path_params["upload_id"]
    with parts.place(here, here.store.upload(upload_id)) as place:
        form = await multipart.receive(request, "data", place.path, _PART_BYTES, start=place.start, sync=False)
        # Only now, so that a client that is refused has sent all it had and gets to read why.
        try:
            upload = _open(here, upload_id)
            if form.filename is None:
                raise errors.missing("data")
            if form.size > _PART_BYTES:
                raise ApiError(400, "The part is too large: at most 64 MB.", param="data")
        except ApiError:
            multipart.cut_back(place.path, place.start)
            raise
        part_id, created = hex_id("part_"), here.clock.now()
        blob = place.path if place.shared else place.path.rename(here.store.path(part_id))
        here.store.save_part(PartRecord(part_id, upload.id, created, form.size, blob.name, place.start))
    return Json({"id": part_id, "object": "upload.part", "created_at": int(created), "upload_id": upload.id})


async def complete(request: Request) -> Response:
    """``POST /v1/uploads/{upload_id}/complete``"""
    here, asked = world(request), await json_object(request)
    async with here.completing:
        upload = _open(here, request.path_params["upload_id"])
        chosen = _chosen(here, upload, asked)
        joined = here.store.path(f"incoming-{os.urandom(8).hex()}")
        try:
            with parts.place(here, upload) as place:
                whole = await asyncio.to_thread(parts.together, here, place, chosen, joined)
                if asked.get("md5") not in (None, asked.get("md5") and await asyncio.to_thread(_md5, whole)):
                    raise ApiError(400, "The parts have another MD5 checksum.", param="md5", code="invalid_value")
                file = files.add(here, whole, upload.filename, upload.purpose, upload.file_expires_s)
                upload = _close(here, upload, "completed", file.id)
        finally:
            joined.unlink(missing_ok=True)
    return Json(_shown(here, upload, file))


def _chosen(here: World, upload: UploadRecord, asked: dict[str, Any]) -> list[PartRecord]:
    """The parts that make up the file, in their order."""
    wanted = asked.get("part_ids")
    if wanted is None:
        raise errors.missing("part_ids")
    if not isinstance(wanted, list):
        raise errors.wrong_type("part_ids", "an array", wanted)
    known = here.store.parts(upload.id)
    for part_id in wanted:
        if part_id not in known:
            raise ApiError(400, f"No such part: {part_id}.", param="part_ids", code="invalid_value")
    chosen = [known[part_id] for part_id in wanted]
    came = sum(part.bytes for part in chosen)
    if came != upload.bytes:
        message = f"Expected {upload.bytes} bytes, but the parts have {came}."
        raise ApiError(400, message, param="part_ids", code="invalid_value")
    return chosen


async def cancel(request: Request) -> Response:
    """``POST /v1/uploads/{upload_id}/cancel``"""
    here = world(request)
    async with here.completing:
        upload = _open(here, request.path_params["upload_id"])
        return Json(_shown(here, _close(here, upload, "cancelled", None)))


def _close(here: World, upload: UploadRecord, status: str, file_id: str | None) -> UploadRecord:
    upload = replace(upload, status=status, file_id=file_id)
    here.store.save_upload(upload)
    here.store.drop_parts(upload.id)
    return upload


def _md5(path: Path) -> str:
    """In hexadecimal digits."""
    with path.open("rb") as written:
        return hashlib.file_digest(written, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
