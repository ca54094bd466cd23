"""The routes under ``/demo``, by which a test in another process turns the server's knobs."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tui.demo.api.answers import Json, json_object, world
from tui.demo.api.errors import ApiError
from tui.demo.engine.clock import Clock
from tui.demo.engine.world import World


def _shown(here: World) -> dict[str, Any]:
    clock = here.clock
    return {
        "knobs": msgspec.to_builtins(here.knobs),
        "clock": {"now": clock.now(), "speed": clock.speed, "frozen": clock.frozen},
        "calls": here.faults.calls(),
    }


async def read(request: Request) -> Response:
    """``GET /demo/knobs``: the knobs, the clock, how many calls each route has had."""
    return Json(_shown(world(request)))


async def turn(request: Request) -> Response:
    """``PUT /demo/knobs``: knobs by name, and ``clock`` (``{"freeze"|"run": true, "speed": x, "jump": seconds}``),
    ``clear_faults`` (true), ``faults`` (a list to add). Answers as ``GET`` does."""
    here, asked = world(request), await json_object(request)
    clock, clear, faults = asked.pop("clock", {}), asked.pop("clear_faults", False), asked.pop("faults", [])
    try:
        here.knobs.update(asked)
        _set_clock(here.clock, clock)
        if clear:
            here.faults.clear()
        for fault in faults:
            here.faults.add_from(fault)
    except (ValueError, TypeError, AttributeError) as error:
        raise ApiError(400, str(error)) from error
    return Json(_shown(here))


def _set_clock(clock: Clock, asked: dict[str, Any]) -> None:
    if asked.get("freeze"):
        clock.freeze()
    if asked.get("run"):
        clock.run()
    if "speed" in asked:
        clock.set_speed(float(asked["speed"]))
    if "jump" in asked:
        clock.jump(float(asked["jump"]))
