"""What a provider's refusals have told of its limits on enqueued work, kept for the next time."""

import sqlite3

from tui.batches.quota import Limit, Refusal, Unit, family
from tui.store.base import Store


class LearntLimits(Store):
    """The limits of one account's models. Where the database cannot be used nothing is known, and nothing is kept."""

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account

    def load(self, after: float = 0.0) -> dict[str, Limit]:
        """By the name of the model's family, from refusals since `after`, a time of the server's clock."""
        rows = self._read(
            "SELECT model, tokens, requests, refused_at, refusals FROM enqueued_limits"
            " WHERE account = ? AND refused_at >= ?",
            self._account,
            after,
        )
        return {model: Limit(tokens, requests, at, refusals) for model, tokens, requests, at, refusals in rows}

    def refused(self, model: str, refusal: Refusal, at: float) -> None:
        """Take in that a batch of `model` was refused `at` that time of the server's clock; the same one counts once.

        A limit that an older refusal told gives way to this one's, if it names any.
        """
        tokens = refusal.most if refusal.unit is Unit.TOKENS else None
        requests = refusal.most if refusal.unit is Unit.REQUESTS else None
        self._write(
            "INSERT INTO enqueued_limits (account, model, tokens, requests, refused_at, refusals)"
            " VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (account, model) DO UPDATE SET"
            " tokens = coalesce(excluded.tokens, tokens), requests = coalesce(excluded.requests, requests),"
            " refused_at = excluded.refused_at, refusals = refusals + 1 WHERE excluded.refused_at > refused_at",
            *(self._account, family(model), tokens, requests, at),
        )

    def taken_in(self, model: str, at: float) -> None:
        """Take in that a batch of `model` was accepted `at` that time: refusals before it are over."""
        self._write(
            "UPDATE enqueued_limits SET refusals = 0"
            " WHERE account = ? AND model = ? AND refused_at < ? AND refusals > 0",
            *(self._account, family(model), at),
        )
