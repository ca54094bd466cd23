"""The faults that the server can be told to have."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from tui.demo.model import chance

Kind = Literal[
    "drop_before",
    "drop_after",
    "late",
    "drop_upload",
    "rate_limit",
    "server_error",
    "status",
    "html",
    "slow",
    "truncate",
    "empty_page",
    "stuck_page",
    "rewrite",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which calls go wrong whose route matches ``route``: ``batches.create``, ``files.*``, ``*``.

    How often: the first ``skip`` matching calls are spared; of the rest every ``every``-th, with ``probability``
    (seeded), at most ``times`` (None: for ever). What happens, by ``kind``:

    - ``drop_before``: the connection is reset, no work is done.
    - ``drop_after``: the work is done, then the connection is reset without an answer.
    - ``late``: the connection is reset once the request has come, and the work is done all the same: just before the
      next call whose route matches ``until``, or without one after ``delay_s``.
    - ``drop_upload``: the connection is reset once ``after_bytes`` of the request's body have come; no work is done. A
      shorter body passes.
    - ``rate_limit``: 429 with ``Retry-After: retry_after``. ``server_error``: 500. ``status``: any ``status``, ``code``
      and ``message``. ``html``: an HTML page with ``status`` (502 unless given). No work is done in any of these.
    - ``slow``: the answer starts after ``delay_s``, its body comes at ``bytes_per_s`` (real seconds).
    - ``truncate``: the connection ends after ``after_bytes`` of the answer's body, with its length announced in full.
    - ``empty_page``: a list without entries that says ``has_more``. ``stuck_page``: ``after`` is ignored, and there
      always is more.
    - ``rewrite``: the answer is as usual, but with the keys of ``merge`` set and those in ``omit`` left out; in a list,
      in each of its entries.
    """

    route: str
    kind: Kind
    times: int | None = 1
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after: float = 1.0
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    after_bytes: int = 0
    until: str | None = None
    merge: dict[str, Any] = field(default_factory=dict)
    omit: list[str] = field(default_factory=list)


class _Armed:
    """A fault with the count of the calls that it has seen."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.struck = 0
        self._rng = chance.seeded(fault.seed)

    def strikes(self) -> bool:
        fault = self.fault
        if fault.times is not None and self.struck >= fault.times:
            return False
        self.seen += 1
        turn = self.seen - fault.skip
        hit = turn > 0 and turn % fault.every == 0 and self._rng.random() < fault.probability
        self.struck += hit
        return hit


class Faults:
    """The faults in force, with a count of all calls by route. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._calls: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        """Puts a fault in force, after those that are."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def add_from(self, script: object) -> None:
        """Puts a fault in force that is given as JSON. Raises ValueError in a sentence."""
        try:
            fault = msgspec.convert(script, Fault)
        except msgspec.ValidationError as error:
            raise ValueError(f"That is no fault: {error}.") from error
        if fault.every < 1:
            raise ValueError("'every' must be at least 1.")
        self.add(fault)

    def clear(self) -> None:
        """Ends all faults; the counts of calls stay."""
        with self._lock:
            self._armed.clear()

    def calls(self) -> dict[str, int]:
        """How many calls each route has had, faulty ones among them."""
        with self._lock:
            return dict(self._calls)

    def pick(self, route: str) -> Fault | None:
        """Counts a call, and returns the first fault that strikes it."""
        with self._lock:
            self._calls[route] += 1
            return next((a.fault for a in self._armed if fnmatchcase(route, a.fault.route) and a.strikes()), None)
