"""What the handlers read from a request, what they answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tui.demo.api import errors
from tui.demo.api.errors import ApiError
from tui.demo.engine.world import World

_MOST_JSON = 1 << 20
_encode = msgspec.json.Encoder().encode


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return _encode(content)


def world(request: Request) -> World:
    """The state of the server that this request came to."""
    found: World = request.app.state.world
    return found


async def json_object(request: Request) -> dict[str, Any]:
    """The request's JSON body. Raises ApiError (400) unless it is an object of at most 1 MiB."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_JSON:
            raise ApiError(400, "The request's body is too large.")
    try:
        asked = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        message = (
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
            "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
        )
        raise ApiError(400, message) from error
    if not isinstance(asked, dict):
        raise ApiError(400, "The request's body must be a JSON object.")
    return asked


def limit_of(query: Mapping[str, str], default: int, most: int) -> int:
    """A list's ``limit``, from 0 to ``most``. Raises ApiError (400)."""
    given = query.get("limit")
    if given is None:
        return default
    try:
        limit = int(given)
    except ValueError:
        raise errors.wrong_type("limit", "an integer", given) from None
    if limit < 0:
        raise errors.below("limit", 0, limit)
    if limit > most:
        raise errors.above("limit", most, limit)
    return limit


def text_field(asked: Mapping[str, Any], name: str) -> str:
    """A required string. Raises ApiError (400)."""
    value = asked.get(name)
    if value is None:
        raise errors.missing(name)
    if not isinstance(value, str):
        raise errors.wrong_type(name, "a string", value)
    return value


def expiry_seconds(policy: object, param: str) -> int | None:
    """The seconds of an expiration policy, None when there is none. Raises ApiError (400)."""
    if policy is None:
        return None
    if not isinstance(policy, dict):
        raise errors.wrong_type(param, "an object", policy)
    for key in ("anchor", "seconds"):
        if key not in policy:
            raise errors.missing(f"{param}.{key}")
    if policy["anchor"] != "created_at":
        raise errors.wrong_choice(f"{param}.anchor", policy["anchor"], ["created_at"])
    seconds = policy["seconds"]
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise errors.wrong_type(f"{param}.seconds", "an integer", seconds)
    if seconds < 3_600:
        raise errors.below(f"{param}.seconds", 3_600, seconds)
    if seconds > 2_592_000:
        raise errors.above(f"{param}.seconds", 2_592_000, seconds)
    return seconds


def form_expiry(fields: Mapping[str, str]) -> int | None:
    """The seconds of ``expires_after[anchor]`` and ``expires_after[seconds]`` in a form. Raises ApiError (400)."""
    policy: dict[str, object] = {}
    for key in ("anchor", "seconds"):
        value = fields.get(f"expires_after[{key}]")
        if value is not None:
            policy[key] = int(value) if key == "seconds" and value.removeprefix("-").isdecimal() else value
    return expiry_seconds(policy or None, "expires_after")


def listed(entries: list[dict[str, Any]], *, has_more: bool) -> Json:
    """A page of a list."""
    first, last = (entries[0]["id"], entries[-1]["id"]) if entries else (None, None)
    return Json({"object": "list", "data": entries, "first_id": first, "last_id": last, "has_more": has_more})
