"""What a model's tokens cost in a batch, from the price list in the package genai-prices.

The list came with the package. It is never brought up to date over the network: that takes an `UpdatePrices` which
somebody starts, and nobody here does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tui import __version__

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

_BATCH: Final = {"processing": "batch"}
# OpenAI's guide to its Batch API: "50% cost discount compared to synchronous APIs".
_DISCOUNT: Final = {"openai": Decimal("0.5")}


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars a token, as a batch is billed."""

    input: Decimal
    cached_input: Decimal
    output: Decimal
    basis: str
    """Whose price of which kind it is: "OpenAI's batch price"."""


def edition() -> str:
    """What tells this price list, and how it is read here, from others; found out without importing it."""
    found = PathFinder.find_spec("genai_prices")
    if found is None or found.origin is None:
        return ""
    try:
        status = Path(found.origin).with_name("data.py").stat()
    except OSError:
        return ""
    return f"{__version__} {status.st_size} {status.st_mtime_ns}"


def rates(
    model: str, *, base_url: str | None = None, when: datetime | None = None, request_tokens: int = 1
) -> Rates | None:
    """The rates of a model at the provider behind `base_url` (default: OpenAI), None where they are not known.

    `when` defaults to now. `request_tokens` is the input of one request: long ones cost more a token at some models.
    Where the list has no batch price of the day, half of OpenAI's list price is taken, and of others the list price.
    At an address that the list does not know, OpenAI's price, or else that of whoever is known for the model.
    """
    try:
        from genai_prices.data_snapshot import get_snapshot
        from genai_prices.types import Usage
    except ImportError:
        return None
    found = _find(model, base_url)
    if found is None:
        return None
    provider, info = found
    when = when or datetime.now(UTC)
    batch = any(
        variant.when == _BATCH and (variant.constraint is None or variant.constraint.active(when))
        for variant in info.price_variants or ()
    ) and any(info is own for own in provider.models)
    tokens = max(1, request_tokens)

    def price(**usage: int) -> Decimal:
        reported = Usage(**usage)
        calculated = get_snapshot().calc(reported, model, provider.id, None, when, _BATCH if batch else None)
        return calculated.total_price / tokens

    plain = price(input_tokens=tokens)
    factor = Decimal(1) if batch else _DISCOUNT.get(provider.id, Decimal(1))
    return Rates(
        input=plain * factor,
        cached_input=price(input_tokens=tokens, cache_read_tokens=tokens) * factor,
        output=(price(input_tokens=tokens, output_tokens=tokens) - plain) * factor,
        basis=_basis(provider, batch, base_url),
    )


def _find(model: str, base_url: str | None) -> tuple[Provider, ModelInfo] | None:
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    try:
        if base_url is not None:
            provider = snapshot.find_provider(None, None, base_url)
            return snapshot.find_provider_model(model, provider, None, None)
    except LookupError:
        if _known(base_url):
            return None
    for provider_id in ("openai", None):
        try:
            return snapshot.find_provider_model(model, None, provider_id, None)
        except LookupError:
            continue
    return None


def _known(base_url: str | None) -> bool:
    """Whether the list has prices of whoever answers there."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        get_snapshot().find_provider(None, None, base_url)
    except LookupError:
        return False
    return True


def _basis(provider: Provider, batch: bool, base_url: str | None) -> str:
    if batch:
        basis = f"{provider.name}'s batch price"
    elif provider.id in _DISCOUNT:
        basis = f"half of {provider.name}'s list price"
    else:
        basis = f"{provider.name}'s list price, for its batch price is not known"
    if base_url is None or _known(base_url):
        return basis
    return f"{basis} ({urlsplit(base_url).netloc} may ask another)"
