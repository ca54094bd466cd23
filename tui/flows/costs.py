"""What the batches of an account cost, told from memory.

Prices and what earlier batches have used are learned in a thread, for all batches at once: a table of ten thousand
rows asks for their costs at each key.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from tui.batches.batch import Batch, Counts, Usage
from tui.batches.cost import Average, Cost, Expected, Rates, cost, told_usage
from tui.errors import LazybatchError
from tui.flows.prices import DAY, Prices, priced_size
from tui.results.check import Used
from tui.store.base import Trouble
from tui.store.checks import Verdicts
from tui.store.database import connect, memory
from tui.store.token_history import Usages


class _Key(NamedTuple):
    """What a price hangs on: the model, the day (of UTC, since 1970), and the size of one request if it is long."""

    model: str
    day: int
    tokens: int


class Costs:
    """The costs of one account's batches. `of` and `model` touch memory alone; the rest blocks, and is for a thread.

    `folder` is that of the state, None where nothing is to be remembered; `base_url` is the profile's, by which its
    provider's prices are found. Raises `LazybatchError` where the state cannot be used.
    """

    def __init__(self, folder: Path | None, account: str, base_url: str, trouble: Trouble | None = None) -> None:
        # Its own, because its transactions must not take in what others write.
        self._connection = memory() if folder is None else connect(folder, trouble)
        self._usages = Usages(self._connection, account)
        self._verdicts = Verdicts(self._connection, account)
        self._account = account
        self._folder = folder or Path()
        self.prices = Prices(self._connection, base_url)
        self._lock = Lock()
        self._rates: dict[_Key, Rates | None] = {}
        self._bases: dict[_Key, str] = {}
        self._averages: dict[str, Average | None] = {}
        self._expected: Mapping[str, Expected] = {}
        self._models: Mapping[str, str] = {}
        self._used: Mapping[str, Used] = {}
        self._learned: dict[str, Batch] = {}
        self._costs: dict[str, Cost | None] = {}
        self.learned_at = 0.0
        """When it was that costs became others than before without their batches, on the clock of `time.monotonic`."""

    def of(self, batch: Batch) -> Cost | None:
        """What `batch` costs; None while its price has not been learned, and where there is none."""
        return self._costs.get(batch.id) if self._learned.get(batch.id) is batch else self._work_out(batch)

    def spent_on(self, batch: Batch) -> float | None:
        """What `batch` has cost so far, in US dollars; None while that is not known."""
        known = self.of(batch)
        return None if known is None else known.so_far

    def model(self, batch: Batch) -> str | None:
        """The model that `batch` asks: where the server does not tell, the one that it was submitted for."""
        return batch.model or self._models.get(batch.id)

    def basis(self, batch: Batch) -> str:
        """Whose price of which kind `batch` is counted at; empty where none is."""
        model = self.model(batch)
        return "" if model is None else self._bases.get(self._key(batch, model), "")

    @property
    def bases(self) -> list[str]:
        """Whose prices of which kind the batches are counted at."""
        return list(dict.fromkeys(self._bases.values()))

    def expected(self, batch: Batch) -> Expected | None:
        """What was expected of `batch` before it was submitted from here."""
        return self._expected.get(batch.id)

    def learn(self, batches: Collection[Batch]) -> bool:
        """Find out what is needed to tell the costs of `batches`, and remember what they have used.

        Only those that have changed since the last time are looked at, and of others nothing is kept in memory any
        more. Whether costs may be others than before.
        """
        with self._lock:
            self._keep_only(batches)
            changed = [batch for batch in batches if self._learned.get(batch.id) is not batch]
            used = self._verdicts.used()
            if read := used != self._used:
                # Results were read since.
                self._used, changed = used, list(batches)
            new = any(batch.id not in self._learned for batch in changed)
            if new:
                self._read_journal()
            named = [(batch, model) for batch in changed if (model := self.model(batch))]
            counted = [(self._counted(batch), model) for batch, model in named]
            news = self._usages.keep(counted) or new or read
            if news:
                # What a model's requests use on average is told anew.
                self._averages = {}
                named = [(batch, model) for batch in batches if (model := self.model(batch))]
            news |= self._find_out(named)
            self._costs.update((batch.id, self._work_out(batch)) for batch in (batches if news else changed))
            self._learned.update((batch.id, batch) for batch in changed)
            if news:
                self.learned_at = time.monotonic()
            return news

    def output_of(self, model: str) -> float | None:
        """The tokens that `model` has written to a request on average in earlier batches."""
        found = self._usages.average(model)
        return None if found is None else found.output_tokens

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _keep_only(self, batches: Collection[Batch]) -> None:
        """Forget what was learned for batches that are no longer there, with the prices that only they have."""
        gone = self._learned.keys() - {batch.id for batch in batches}
        if not gone:
            return
        # New ones in place of the old: the screen reads these while this goes on.
        self._learned = {key: batch for key, batch in self._learned.items() if key not in gone}
        self._costs = {key: found for key, found in self._costs.items() if key not in gone}
        used = {self._key(batch, model) for batch in batches if (model := self.model(batch))}
        self._rates = {key: found for key, found in self._rates.items() if key in used}
        self._bases = {key: found for key, found in self._bases.items() if key in used}

    def _read_journal(self) -> None:
        # The estimate of a file has no use for it.
        from tui.store.journal import Journal

        try:
            journal = Journal(self._connection, self._account, self._folder)
            submissions = journal.by_batch()
            self._models = {key: found.model for key, found in submissions.items() if found.model}
            self._expected = journal.expected()
        except LazybatchError as error:
            # What the server tells is known without it.
            self._connection.trouble.tell(error.sentence)

    def _find_out(self, named: Iterable[tuple[Batch, str]]) -> bool:
        """Prices and averages for batches of these models; whether some were not known yet."""
        keys = {self._key(batch, model) for batch, model in named} - self._rates.keys()
        models = {model for _, model in named} - self._averages.keys()
        for key in keys:
            found = self.prices.of(key.model, key.tokens, key.day)
            if found is None:
                self._rates[key] = None
            else:
                self._rates[key] = Rates(float(found.input), float(found.cached_input), float(found.output))
                self._bases[key] = found.basis
        for model in models:
            self._averages[model] = self._usages.average(model)
        return bool(keys or models)

    def _counted(self, batch: Batch) -> Batch:
        """The batch with what its results have used, where its server has not counted that and they were read."""
        used = self._used.get(batch.id)
        if used is None or batch.active or told_usage(batch) is not None:
            return batch
        usage = Usage(used.input_tokens, used.output_tokens, used.cached_tokens)
        if batch.counts is not None and batch.counts.completed:
            return replace(batch, usage=usage)
        return replace(batch, usage=usage, counts=Counts(used.requests, used.requests, 0))

    def _work_out(self, batch: Batch) -> Cost | None:
        batch, model = self._counted(batch), self.model(batch)
        if model is None:
            return cost(batch, None)
        rates, average = self._rates.get(self._key(batch, model)), self._averages.get(model)
        if (expected := self._expected.get(batch.id)) is None:
            return cost(batch, rates, average)
        return cost(batch, rates, expected.average(average), expected.requests)

    def _key(self, batch: Batch, model: str) -> _Key:
        batch = self._counted(batch)
        usage, done = told_usage(batch), batch.counts.completed if batch.counts else None
        mean = usage.input_tokens // done if usage and done else 0
        # A batch of an unknown age is priced as of today.
        return _Key(model, int((batch.created_at or time.time()) / DAY), priced_size(mean))
