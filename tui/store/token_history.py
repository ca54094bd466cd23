"""What requests to a model have used: the tokens of batches that have ended, as the server counted them."""

import re
import sqlite3
from collections.abc import Iterable
from typing import Final

from tui.batches.batch import Batch
from tui.batches.cost import Average, told_usage
from tui.store.base import Store, replacing

# What was asked of a model long ago says little of what is asked today.
_NEWEST: Final = 50
# A batch carries the dated name of a model that its requests may have asked for by the short one.
_DATE: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")


_COLUMNS: Final = ("account", "batch_id", "model", "created_at", "requests", "input_tokens", "output_tokens")


class Usages(Store):
    """One account's batches, by model. Every method blocks for the disk.

    Where the database cannot be used nothing is remembered: an estimate is then made without a history.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account
        self._kept: set[str] | None = None

    def keep(self, batches: Iterable[tuple[Batch, str]]) -> bool:
        """Remember what batches have used, each with the model that it asked; whether there was anything new."""
        if self._kept is None:
            self._kept = {row[0] for row in self._read("SELECT batch_id FROM usages WHERE account = ?", self._account)}
        new = [(batch, model) for batch, model in batches if batch.id not in self._kept]
        rows = [row for batch, model in new if (row := _row(self._account, batch, model)) is not None]
        if not rows:
            return False
        # Beyond the newest of each model nothing is ever read.
        older = (
            "DELETE FROM usages WHERE account = ? AND batch_id IN (SELECT batch_id FROM (SELECT batch_id, row_number()"
            " OVER (PARTITION BY model ORDER BY created_at DESC, batch_id) AS place FROM usages WHERE account = ?)"
            " WHERE place > ?)"
        )
        self._write_all(
            (
                replacing("usages", *_COLUMNS),
                rows,
            ),
            (older, [(self._account, self._account, _NEWEST)]),
        )
        self._kept.update(str(row[1]) for row in rows)
        return True

    def average(self, model: str) -> Average | None:
        """What a request to `model` has used on average in the newest batches; None without any."""
        rows = self._read(
            "SELECT sum(requests), sum(input_tokens), sum(output_tokens) FROM"
            " (SELECT requests, input_tokens, output_tokens FROM usages WHERE account = ? AND model = ?"
            " ORDER BY created_at DESC LIMIT ?)",
            *(self._account, _family(model), _NEWEST),
        )
        for requests, tokens_in, tokens_out in rows:
            if requests:
                return Average(tokens_in / requests, tokens_out / requests)
        return None


def _family(model: str) -> str:
    return _DATE.sub("", model)


def _row(account: str, batch: Batch, model: str) -> tuple[str | int, ...] | None:
    """Requests that failed have used nothing: the tokens are those of the others."""
    usage, done = told_usage(batch), batch.counts.completed if batch.counts else None
    if batch.active or usage is None or not done:
        return None
    return (
        account, batch.id, _family(model), batch.created_at or 0, done, usage.input_tokens, usage.output_tokens,
    )  # fmt: skip
