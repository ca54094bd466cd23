"""What the parts of a running server share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.demo.engine.clock import Clock
from tui.demo.engine.runner import Runner
from tui.demo.engine.store import Store
from tui.demo.faults.faults import Faults
from tui.demo.faults.knobs import Knobs


def _no_connection(client: tuple[str, int]) -> None:
    raise RuntimeError(f"No server holds the connection of {client}.")


@dataclass(slots=True)
class World:
    """One server's state, clock, knobs, faults; ``reset`` cuts a client's connection, given its address."""

    clock: Clock
    knobs: Knobs
    faults: Faults
    store: Store
    runner: Runner
    api_key: str | None = None
    completing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One upload is completed or cancelled at a time: its parts go away with that."""
    receiving: set[str] = field(default_factory=set)
    """The uploads whose file a part is being written to."""
    reset: Callable[[tuple[str, int]], None] = field(default=_no_connection)
