"""Verdicts on batches, kept so that their files are read through once."""

import sqlite3
import time
from dataclasses import astuple, dataclass
from typing import Final

from tui.results.check import Used, Verdict
from tui.store.base import Store, replacing

# What is kept in another form than this one is worked out anew.
_FORM = "4"
# Verdicts that are kept besides the doubtful ones: what is dropped is worked out anew from the files when it is asked
# for. The doubtful ones stay, for their batches are marked by them.
_MOST: Final = 2000
# The fields of `Used`, in their order.
_USED: Final = ("requests", "input_tokens", "output_tokens", "cached_tokens")


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict, with the number of good answers that did not end by themselves, by their finish reason."""

    verdict: Verdict
    finishes: dict[str, int]

    def doubts(self, batch_id: str) -> bool:
        """Whether its files do not hold what the server reports; where it reports nothing, what they should."""
        shares = [share.agrees for share in self.verdict.joined if share.batch_id == batch_id]
        if self.verdict.agrees if not self.verdict.joined else True in shares:
            return False
        others = sum(share.agrees is False and share.batch_id != batch_id for share in self.verdict.joined)
        return len(self.verdict.notes) > others

    def used(self, batch_id: str) -> Used | None:
        """The tokens that the batch's result lines add up to; None in doubt, or where they do not tell."""
        if self.doubts(batch_id):
            return None
        shares = (share.used for share in self.verdict.joined if share.batch_id == batch_id)
        return next(shares, None) if self.verdict.joined else self.verdict.used


class Verdicts(Store):
    """The verdicts of one account's batches.

    Where the database cannot be used there are none: they are worked out anew.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account

    def load(self, batch_id: str, basis: str | None = None) -> Kept | None:
        """The verdict on a batch, if there is one, given on the same `basis` (or on any)."""
        import msgspec

        statement = "SELECT basis, answer FROM verdicts WHERE account = ? AND batch_id = ?"
        row = next(iter(self._read(statement, self._account, batch_id)), None)
        if row is None or (basis is not None and row[0] != f"{_FORM} {basis}"):
            return None
        try:
            return msgspec.json.decode(row[1], type=Kept)
        except msgspec.DecodeError:
            return None

    def save(self, batch_id: str, basis: str, kept: Kept) -> None:
        """Keep a verdict; `basis` tells of the files and counts on which it was given."""
        import msgspec

        answer = msgspec.json.encode(kept).decode()
        row = (self._account, batch_id, f"{_FORM} {basis}", int(kept.doubts(batch_id)), answer, time.time())
        used = kept.used(batch_id)
        tokens = (None,) * len(_USED) if used is None else astuple(used)
        columns = ("account", "batch_id", "basis", "doubted", "answer", "kept_at", *_USED)
        self._write_all(
            (replacing("verdicts", *columns), [(*row, *tokens)]),
            (
                "DELETE FROM verdicts WHERE account = ? AND batch_id IN (SELECT batch_id FROM verdicts"
                " WHERE account = ? AND NOT doubted ORDER BY kept_at DESC LIMIT -1 OFFSET ?)",
                [(self._account, self._account, _MOST)],
            ),
        )

    def used(self) -> dict[str, Used]:
        """What the results of each batch have used, where they were read and tell."""
        rows = self._read(
            "SELECT batch_id, requests, input_tokens, output_tokens, cached_tokens FROM verdicts"
            " WHERE account = ? AND requests IS NOT NULL",
            self._account,
        )
        return {batch_id: Used(*tokens) for batch_id, *tokens in rows}

    def doubted(self) -> frozenset[str]:
        """The batches whose files do not hold what the server reports."""
        import msgspec

        rows = self._read("SELECT batch_id, answer FROM verdicts WHERE account = ? AND doubted = 1", self._account)
        found = set()
        for batch_id, answer in rows:
            # Earlier versions doubted more; what cannot be read stays in doubt until its files are read again.
            try:
                doubted = msgspec.json.decode(answer, type=Kept).doubts(batch_id)
            except msgspec.DecodeError:
                doubted = True
            if doubted:
                found.add(batch_id)
        return frozenset(found)
