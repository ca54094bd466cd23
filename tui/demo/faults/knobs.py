"""What can be turned while the server runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import msgspec

from tui.demo.engine.checks import Limits
from tui.demo.engine.records import Plan

MIB = 1 << 20


@dataclass(slots=True)
class Knobs:
    """Settings for the batches that are created from now on; those already created keep their plan.

    ``pace`` is in requests per second of the server's clock, times ending in ``_s`` in its seconds, ``failure_rate``
    the share (0 to 1) of requests that fail, ``ceiling`` the share after which a batch stalls until its window ends,
    ``token_limits`` the enqueued prompt tokens allowed a model. A run takes at least ``shortest_run_s``, so that a
    person sees a small batch move. The sizes are OpenAI's limits; tests lower them.
    """

    pace: float = 7.0
    shortest_run_s: float = 20.0
    validating_s: float = 4.0
    finalizing_s: float = 6.0
    cancelling_s: float = 10.0
    failure_rate: float = 0.0
    ceiling: float = 1.0
    token_limits: dict[str, int] = field(default_factory=dict)
    max_requests: int = 50_000
    max_inputs: int = 50_000
    max_batch_bytes: int = 200 * MIB
    max_file_bytes: int = 512 * MIB

    def plan(self) -> Plan:
        """The plan of a batch that is created now."""
        return Plan(
            self.validating_s,
            self.pace,
            self.shortest_run_s,
            self.finalizing_s,
            self.cancelling_s,
            self.failure_rate,
            self.ceiling,
        )

    def limits(self) -> Limits:
        """What an input file may hold."""
        return Limits(self.max_requests, self.max_batch_bytes, self.max_inputs)

    def update(self, changes: dict[str, Any]) -> None:
        """Turns several knobs at once, or none. Raises ValueError in a sentence that names the bad one."""
        unknown = changes.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"There is no knob called '{sorted(unknown)[0]}'.")
        try:
            new = msgspec.convert({**msgspec.to_builtins(self), **changes}, Knobs)
        except msgspec.ValidationError as error:
            raise ValueError(f"That knob does not turn so: {error}.") from error
        if new.pace <= 0 or not 0 <= new.failure_rate <= 1 or not 0 < new.ceiling <= 1:
            raise ValueError("pace must be above 0, failure_rate from 0 to 1, ceiling above 0 and at most 1.")
        for each in fields(self):
            setattr(self, each.name, getattr(new, each.name))
