"""A multipart form whose file goes to disk as it comes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from tui.demo.api.errors import ApiError

_FLUSH = 1 << 20
_FIELD = 1 << 16


@dataclass(slots=True)
class Form:
    """What a form held: its text fields, the file's name and size in bytes. The file's content is on disk.

    ``filename`` is None when there was no file; ``size`` counts bytes beyond the limit too, though they are not kept.
    """

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    size: int = 0


class _Reader:
    """Sorts the parser's callbacks into fields and the one file."""

    def __init__(self, file_field: str) -> None:
        self.form = Form()
        self.pending = bytearray()
        self._file_field = file_field
        self._head: dict[str, bytearray] = {}
        self._name = self._value = bytearray()
        self._field: str | None = None
        self._text = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._header,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._head, self._text = {}, bytearray()

    def _header(self) -> None:
        self._name, self._value = bytearray(), bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._head[self._name.decode("latin-1").lower()] = self._value

    def _headers(self) -> None:
        _, options = parse_options_header(bytes(self._head.get("content-disposition", b"")))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if self._field == self._file_field and b"filename" in options:
            self.form.filename = options[b"filename"].decode("utf-8", "replace")
            self._field = None

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self.form.size += end - start
            self.pending += memoryview(data)[start:end]
        elif len(self._text) < _FIELD:
            self._text += data[start:end]

    def _end(self) -> None:
        if self._field is not None:
            self.form.fields[self._field] = self._text.decode("utf-8", "replace")


async def receive(
    request: Request, file_field: str, target: Path, limit: int, *, start: int = 0, sync: bool = True
) -> Form:
    """Reads a form, writing its file to ``target`` from byte ``start``; memory stays at a few MiB whatever the size.

    Bytes beyond ``limit`` are read, so that the client gets its answer, but not written. Raises ApiError (400) for a
    body that is no multipart form. Cuts ``target`` back on any error.
    With ``sync`` the disk has all of it at the end, without it begins to take it.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise ApiError(400, "The request must be a multipart form with a boundary.")
    reader = _Reader(file_field)
    parser = MultipartParser(options[b"boundary"], reader.callbacks())  # type: ignore[arg-type]  # a TypedDict by value
    with _kept_if_whole(target, start, sync) as out:
        try:
            async for chunk in request.stream():
                parser.write(chunk)
                if len(reader.pending) >= _FLUSH:
                    await _flush(reader, out, limit)
            await _flush(reader, out, limit)
            parser.finalize()
        except FormParserError as error:
            raise ApiError(400, "The request's multipart form could not be read.") from error
    return reader.form


def cut_back(target: Path, start: int) -> None:
    """Removes what was written to ``target`` from byte ``start``, if it is there at all."""
    with suppress(FileNotFoundError):
        if start:
            os.truncate(target, start)
        else:
            target.unlink()


@contextmanager
def _kept_if_whole(target: Path, start: int, sync: bool) -> Iterator[IO[bytes]]:
    try:
        with target.open("r+b" if start else "wb") as out:
            out.seek(start)
            out.truncate()
            yield out
            out.flush()
            if sync:
                os.fsync(out.fileno())
            elif hasattr(os, "posix_fadvise"):
                # Linux has the disk begin then, and does not wait for it.
                os.posix_fadvise(out.fileno(), start, 0, os.POSIX_FADV_DONTNEED)
    except BaseException:
        cut_back(target, start)
        raise


async def _flush(reader: _Reader, out: IO[bytes], limit: int) -> None:
    data, reader.pending = reader.pending, bytearray()
    if data and reader.form.size <= limit:
        await asyncio.to_thread(out.write, data)
