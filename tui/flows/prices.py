"""What models cost at a profile's provider: from the state where it was asked before, else from the price list."""

import sqlite3
import time
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from threading import Lock
from typing import Final

from tui.requests.cost.prices import Rates, edition, rates
from tui.store.price_cache import KeptPrices

DAY: Final = 86_400
# Tokens of one request: no model on the price list asks more a token for shorter ones.
_LONG: Final = 32_000


class Prices:
    """The prices of the provider behind `base_url`. Blocks for the disk and for the price list: meant for threads."""

    def __init__(self, connection: sqlite3.Connection, base_url: str) -> None:
        self._kept = KeptPrices(connection, edition(), base_url)
        self._base_url = base_url
        self._lock = Lock()

    def of(self, model: str, tokens: int = 1, day: int | None = None) -> Rates | None:
        """The rates of `model` for requests of so many tokens, None where they are not known.

        `day` is counted in UTC since 1970; None is today.
        """
        day = int(time.time() / DAY) if day is None else day
        # One import of the list, whoever asks first.
        with self._lock:
            try:
                return _read(self._kept.find(model, day, size := priced_size(tokens)))
            except (LookupError, TypeError, ValueError, DecimalException):
                # It was not asked before, or what was kept is in another form than ours.
                pass
            # At noon: prices that change do so at night.
            noon = datetime.fromtimestamp((day + 0.5) * DAY, UTC)
            found = rates(model, base_url=self._base_url, when=noon, request_tokens=size)
            self._kept.keep(model, day, size, _written(found))
            return found


def priced_size(tokens: int) -> int:
    """Of the tokens of a request, as much as its price hangs on."""
    return tokens if tokens >= _LONG else 1


def _written(found: Rates | None) -> list[str] | None:
    return None if found is None else [str(found.input), str(found.cached_input), str(found.output), found.basis]


def _read(row: list[str] | None) -> Rates | None:
    if row is None:
        return None
    given, cached, made, basis = row
    return Rates(Decimal(given), Decimal(cached), Decimal(made), basis)
