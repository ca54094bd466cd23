"""Samples of the progress of batches, so that a rate is known from the first frame on."""

import json
import sqlite3
import time
from collections.abc import Collection, Iterable
from threading import Lock
from typing import Final

from tui.batches.pace import Sample, add
from tui.store.base import Store

_EVERY: Final = 30.0  # seconds between two writes


class Samples(Store):
    """The samples of one account's active batches: at most those that `tui.batches.pace` keeps of each.

    `add`, `of` and `keep_only` touch memory alone; `load` and `save` block for the disk. Where the
    database cannot be used, samples last until the end of the program.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account
        self._samples: dict[str, tuple[Sample, ...]] = {}
        self._unsaved: set[str] = set()
        self._saved_at = time.monotonic()
        # A thread that saves outlives the worker that began it, and the end of the program saves once more.
        self._lock = Lock()

    def of(self, batch_id: str) -> tuple[Sample, ...]:
        """The samples of one batch, oldest first."""
        return self._samples.get(batch_id, ())

    def add(self, batch_id: str, sample: Sample) -> None:
        """Take in a sample."""
        self._samples[batch_id] = add(self.of(batch_id), sample)
        self._unsaved.add(batch_id)

    def keep_only(self, ids: Collection[str]) -> None:
        """Forget the batches that are not among `ids`."""
        for gone in self._samples.keys() - set(ids):
            del self._samples[gone]
            self._unsaved.add(gone)

    def load(self) -> None:
        """Bring to mind what an earlier run has seen; what has been seen since then stays."""
        rows = self._read("SELECT batch_id, samples FROM samples WHERE account = ?", self._account)
        for batch_id, text in rows:
            self._samples.setdefault(batch_id, _read(text))

    @property
    def due(self) -> bool:
        """Whether there is something to write, and the last writing is long enough ago."""
        return bool(self._unsaved) and time.monotonic() - self._saved_at >= _EVERY

    def save(self) -> None:
        """Write what has changed, in one transaction."""
        with self._lock:
            ids, self._unsaved = self._unsaved, set()
            self._saved_at = time.monotonic()
            if not ids:
                return
            kept = [(self._account, key, _written(found)) for key in ids if (found := self._samples.get(key))]
            if not self._write_all(
                (
                    "DELETE FROM samples WHERE account = ? AND batch_id = ?",
                    [(self._account, key) for key in ids],
                ),
                ("INSERT INTO samples (account, batch_id, samples) VALUES (?, ?, ?)", kept),
            ):
                # The disk may have room again by the next time.
                self._unsaved |= ids


def _written(samples: Iterable[Sample]) -> str:
    return json.dumps([(sample.at, sample.ended) for sample in samples])


def _read(text: str) -> tuple[Sample, ...]:
    """The samples of a row; none where it is in another form than ours."""
    try:
        return tuple(Sample(float(at), int(ended)) for at, ended in json.loads(text))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return ()
