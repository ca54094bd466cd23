"""What the price list has said, kept: to import it takes as long as to validate 100 MB."""

import json
import sqlite3
from typing import Final

from tui.store.base import Store, replacing

# Answers that are kept, of the newest days: some 2 MB. The price list tells again what is dropped.
_MOST: Final = 20_000


class KeptPrices(Store):
    """Answers of one edition of the price list for the provider at one address, by model, day and size of a request.

    An answer is a list of texts, or None where the list has no price. Where the database cannot be used nothing is
    kept. Every method blocks for the disk.
    """

    def __init__(self, connection: sqlite3.Connection, edition: str, base_url: str) -> None:
        super().__init__(connection)
        self._pruned = False
        self._edition = edition
        self._base_url = base_url

    def find(self, model: str, day: int, tokens: int) -> list[str] | None:
        """The answer as it was kept; raises `LookupError` where there is none, `ValueError` where it is unreadable."""
        rows = self._read(
            "SELECT answer FROM prices WHERE edition = ? AND base_url = ? AND model = ? AND day = ? AND tokens = ?",
            *(self._edition, self._base_url, model, day, tokens),
        )
        if not rows:
            raise LookupError(model)
        answer: list[str] | None = json.loads(rows[0][0])
        return answer

    def keep(self, model: str, day: int, tokens: int, answer: list[str] | None) -> None:
        """Keep an answer; those of other editions are forgotten, and the oldest days' of too many."""
        row = (self._edition, self._base_url, model, day, tokens, json.dumps(answer))
        self._write("DELETE FROM prices WHERE edition <> ?", self._edition)
        self._write(replacing("prices", "edition", "base_url", "model", "day", "tokens", "answer"), *row)
        if not self._pruned:
            # Once in a run: what one run adds is little.
            self._pruned = True
            self._write(
                "DELETE FROM prices WHERE (base_url, model, day, tokens) IN (SELECT base_url, model, day, tokens"
                " FROM prices ORDER BY day DESC LIMIT -1 OFFSET ?)",
                _MOST,
            )
