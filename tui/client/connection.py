"""The `openai` client of one account, in its two kinds."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui.client.address import Address
from tui.client.errors import Kind, WireError
from tui.client.lazy_types import import_on_demand
from tui.format.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import AsyncOpenAI, OpenAI

CONNECT_TIMEOUT: Final = 5.0  # seconds
# Seconds without a byte.
_READ_TIMEOUT = 20.0
# The same for an upload: its answer comes after the server has stored the file, which may take it a while.
_UPLOAD_TIMEOUT = 300.0


def client_of(address: Address) -> "AsyncOpenAI":
    """Import `openai` and make its client: for a thread. Raises `WireError` where it cannot be made.

    Its organisation and project are the environment's, which is another account: whoever takes it sets them.
    """
    import_on_demand()
    import httpx2
    import openai

    with _usable(address):
        client = openai.AsyncOpenAI(
            api_key=address.key,
            base_url=address.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(_READ_TIMEOUT, connect=CONNECT_TIMEOUT),
        )
    # Touched here because the first touch imports the resource's module.
    _ = client.batches.with_raw_response, client.files.with_raw_response, client.files.with_streaming_response
    return client


def blocking_client_of(address: Address) -> "OpenAI":
    """A client for the thread of an upload."""
    import httpx2
    import openai

    with _usable(address):
        client = openai.OpenAI(
            api_key=address.key,
            base_url=address.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(_UPLOAD_TIMEOUT, connect=CONNECT_TIMEOUT),
        )
    client.organization, client.project = address.organization, address.project
    return client


@contextmanager
def _usable(address: Address) -> "Iterator[None]":
    """Raises a `WireError` where a client cannot be made: for a host that no name can be, or the environment."""
    import httpx2

    from tui.client.environment import unusable

    try:
        yield
    except (httpx2.InvalidURL, ImportError, OSError, ValueError) as error:
        reason = unusable() or clean_line(str(error))
        raise WireError(Kind.UNREACHABLE, f"Cannot reach {address.host}: {reason}") from None
