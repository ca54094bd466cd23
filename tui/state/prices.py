"""What the price list has said, kept: to import it takes as long as to validate 100 MB."""

import contextlib
import json
import sqlite3


class KeptPrices:
    """Answers of one edition of the price list for the provider at one address, by model, day and size of a request.

    An answer is a list of texts, or None where the list has no price. Where the database cannot be used nothing is
    kept. Every method blocks for the disk.
    """

    def __init__(self, connection: sqlite3.Connection, edition: str, base_url: str) -> None:
        self._connection = connection
        self._edition = edition
        self._base_url = base_url

    def find(self, model: str, day: int, tokens: int) -> list[str] | None:
        """The answer as it was kept; raises `LookupError` where there is none, `ValueError` where it is unreadable."""
        row = None
        with contextlib.suppress(sqlite3.Error):
            row = self._connection.execute(
                "SELECT answer FROM prices WHERE edition = ? AND base_url = ? AND model = ? AND day = ? AND tokens = ?",
                (self._edition, self._base_url, model, day, tokens),
            ).fetchone()
        if row is None:
            raise LookupError(model)
        answer: list[str] | None = json.loads(row[0])
        return answer

    def keep(self, model: str, day: int, tokens: int, answer: list[str] | None) -> None:
        """Keep an answer; those of other editions are forgotten."""
        row = (self._edition, self._base_url, model, day, tokens, json.dumps(answer))
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("DELETE FROM prices WHERE edition <> ?", (self._edition,))
            self._connection.execute("INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?, ?)", row)
