"""What can go wrong between us and a server, as sentences of ours."""

import contextlib
import json
import math
import os
import re
import ssl
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tui.client.address import Address
from tui.client.error_words import words
from tui.errors import LazybatchError
from tui.format.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    import openai

_ABOUT_A_THING = r"(?i)\b(batch|file|upload)([_-]|\b)"


class Kind(StrEnum):
    """Why a call failed, as far as it decides what happens next."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    REFUSED = "refused"
    NOT_AN_API = "not_an_api"


_KINDS = {
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    405: Kind.NOT_FOUND,
    409: Kind.CONFLICT,
    410: Kind.NOT_FOUND,
    429: Kind.RATE_LIMITED,
    501: Kind.NOT_FOUND,
}
# What a proxy answers that refuses a host or does not reach it, and servers do too.
_OF_PROXIES_TOO = {403, 502, 503, 504}
_REFUSALS = {Kind.NOT_FOUND, Kind.CONFLICT, Kind.REFUSED}


class WireError(LazybatchError):
    """A call that did not succeed.

    `unclear` tells that the server may have done the work all the same: such a call is never repeated blindly.
    `message` is the server's own wording, cleaned, and `code` its word for it; `retry_after` is in seconds.
    """

    def __init__(
        self,
        kind: Kind,
        sentence: str,
        *,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        retry_after: float | None = None,
        unclear: bool = False,
    ) -> None:
        super().__init__(sentence, exit_code=1 if kind in _REFUSALS else 3)
        self.kind = kind
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.unclear = unclear

    @property
    def word(self) -> str:
        """The server's own word, else why the call failed."""
        return self.code or self.kind.value


@contextmanager
def translated(address: Address) -> "Iterator[None]":
    """Raises a `WireError` in place of whatever `openai` and its transport raise inside the block."""
    import httpx2
    import openai

    host = address.host
    try:
        yield
    except openai.APIStatusError as error:
        raise _from_status(error, address) from None
    except openai.APIConnectionError as error:
        raise from_transport(error.__cause__ or error, address) from None
    except httpx2.HTTPError as error:
        raise from_transport(error, address) from None
    except ValueError:
        # The client refuses an id that would change the address, which a server's answer may hold: empty, "..".
        raise WireError(Kind.NOT_FOUND, f"There is nothing with such an id: {host} was not asked.") from None
    except openai.APIError as error:
        raise WireError(Kind.NOT_AN_API, f"{host} answered with something else than JSON.", unclear=True) from error


def from_transport(error: BaseException, address: Address) -> WireError:
    """A connection's failure: `unclear` unless it failed before a byte of the request was sent."""
    import httpx2

    from tui.client.environment import certificates_told, proxy_for

    host, proxy = address.host, proxy_for(address.base_url)
    through = f" through {proxy}" if proxy else ""
    if isinstance(error, httpx2.ProxyError):
        return _denied_by_proxy(clean_line(str(error)) or "no reason given", address)
    unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    if isinstance(error, httpx2.TimeoutException):
        doing = "connecting to" if unsent else "waiting for"
        return WireError(Kind.TIMEOUT, f"Time ran out {doing} {host}{through}.", unclear=not unsent)
    if not unsent:
        return WireError(Kind.UNREACHABLE, f"The connection to {host}{through} broke off.", unclear=True)
    certificate = _untrusted(error)
    if certificate is None and proxy:
        return WireError(Kind.UNREACHABLE, f"Cannot reach {proxy}, the way to {host}: {_reason(error)}.")
    more = f" {told}" if certificate and (told := certificates_told()) else ""
    return WireError(Kind.UNREACHABLE, f"Cannot reach {host}{through}: {_reason(error)}.{more}")


def _denied_by_proxy(said: str, address: Address) -> WireError:
    """The error for a proxy's refusal: nothing has gone to the server itself."""
    from tui.client.environment import proxy_for

    proxy = proxy_for(address.base_url)
    named = f"The proxy {proxy.place} ({proxy.variable})" if proxy else "The proxy"
    more = f" Put a name and a password into {proxy.variable}." if proxy and said.startswith("407") else ""
    sentence = f"{named} does not let us through to {address.host}: {ended(clean_line(said))}{more}"
    return WireError(Kind.UNREACHABLE, sentence)


def _untrusted(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _reason(error: BaseException) -> str:
    """The operating system's reason at the bottom of a chain of transport errors."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({clean_line(cause.verify_message)})"
        if isinstance(cause, ConnectionError) and cause.errno:
            # asyncio puts words of its own, and the address again, in place of the system's.
            return os.strerror(cause.errno).lower()
        if isinstance(cause, OSError) and cause.strerror:
            return clean_line(cause.strerror).lower()
        cause = cause.__cause__ or cause.__context__
    text = clean_line(str(error)).removeprefix("[Errno ").strip(" .")
    return "no connection could be made" if not text or "attempts failed" in text else text


def _from_status(error: "openai.APIStatusError", address: Address) -> WireError:
    if error.status_code == 407:
        # To a server without TLS a proxy answers in its place, and this is what none but a proxy says.
        return _denied_by_proxy(f"407 {error.response.reason_phrase}".strip(), address)
    body: object = error.body
    # The client keeps what is under `error` alone, where the words may stand beside it.
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(error.response.text)
    message = words(body)
    refusal = refused(
        error.status_code,
        message,
        address,
        # Whatever its type says: some providers put the status here, a number.
        code=str(error.code) if error.code else None,
        retry_after=_retry_after(error.response.headers.get("retry-after")),
    )
    if message is None and error.status_code in _OF_PROXIES_TOO and (by := _maybe_by_proxy(error.status_code, address)):
        refusal.sentence = by
    return refusal


def _maybe_by_proxy(status: int, address: Address) -> str | None:
    """The sentence for a status that a proxy may have answered in the server's place; None where there is none.

    To a server with TLS a proxy cannot answer in its place.
    """
    from tui.client.environment import proxy_for

    proxy = None if address.base_url.startswith("https:") else proxy_for(address.base_url)
    if proxy is None:
        return None
    return (
        f"{status} was answered by {address.host} or by {proxy} on the way. Check the proxy, or unset {proxy.variable}."
    )


def refused(
    status: int, message: str | None, address: Address, *, code: str | None = None, retry_after: float | None = None
) -> WireError:
    """The error for a refusal with `status` and the server's words, if it has any."""
    kind = _KINDS.get(status) or (Kind.SERVER if status >= 500 else Kind.REFUSED)
    # OpenAI's words about a wrong key repeat a part of it, other providers' all of it.
    message = None if status == 401 or message is None else message.replace(address.key, "…")
    return WireError(
        kind,
        _sentence(kind, status, message, address),
        status=status,
        code=clean_line(code).replace(address.key, "…") if code else None,
        message=message,
        retry_after=retry_after,
        unclear=status >= 500 or status == 408,
    )


def not_an_api(address: Address, message: str | None = None, *, unclear: bool = False) -> WireError:
    """The error for an answer that is neither what was asked for nor a refusal; `message` is what it says."""
    sentence = f"{address.host} did not answer as a Batch API does."
    if message:
        message = message.replace(address.key, "…")
        sentence += f" It says: {ended(message)}"
    return WireError(Kind.NOT_AN_API, f"{sentence} {address.hint}", message=message, unclear=unclear)


def ended(text: str) -> str:
    """`text` with a full stop, where it has no end of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _sentence(kind: Kind, status: int, message: str | None, address: Address) -> str:
    host, said = address.host, f" It says: {ended(message)}" if message else ""
    known = {
        Kind.UNAUTHORIZED: f"{host} does not accept the API key (401). {address.key_told}",
        Kind.FORBIDDEN: f"This key may not do that at {host} (403).{said}",
        Kind.RATE_LIMITED: f"{host} asks for fewer requests (429).{said}",
        Kind.SERVER: f"{host} has a problem of its own ({status}).{said}",
    }
    if kind in known:
        return known[kind]
    if message is None:
        return f"{host} answered {status} without saying why. {address.hint}"
    # Words about a path, and not about a batch or a file, are those of a server that has nothing at this address.
    if kind is Kind.NOT_FOUND and not address.versioned and not re.search(_ABOUT_A_THING, message):
        return f"{host} answered {status}: {ended(message)} {address.hint}"
    return ended(message)


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number of them or a date."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
