"""What the environment puts between us and a server: a proxy, and the certificates that are trusted."""

import importlib.util
import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from tui.format.text import clean_line

_SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy and the variable that names it; `place` is its host and port, without the name and password."""

    place: str
    variable: str
    scheme: str

    def __str__(self) -> str:
        return f"the proxy {self.place} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment has for `url`."""
    scheme = urlsplit(url).scheme
    for name in (scheme, "all"):
        if value := getproxies().get(name):
            parts = urlsplit(url)
            host, place = parts.hostname or "", parts.netloc.rpartition("@")[2].lower()
            return None if _bypassed(host, place) else _proxy(name, value)
    return None


def unusable() -> str | None:
    """What of the environment keeps a client from being made, as a sentence; None where it is something else."""
    for name in ("http", "https", "all"):
        value = getproxies().get(name)
        if value and (wrong := _wrong_with(_proxy(name, value), value)):
            return wrong
    return certificates_told(missing_only=True)


def certificates_told(*, missing_only: bool = False) -> str | None:
    """What is wrong with the certificates that the environment names, or which those are, as a sentence."""
    # The client takes the folder only where no file is named.
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := os.environ.get(variable):
            shown = f"{variable} is {clean_line(path)}"
            if wrong := _wrong_with_certificates(Path(path), folder=variable == "SSL_CERT_DIR"):
                return f"{shown}, {wrong}: correct it or unset it."
            return None if missing_only else f"{shown}: the certificate of its signer has to be there."
    return None


def _wrong_with_certificates(path: Path, *, folder: bool) -> str | None:
    try:
        if not path.exists():
            return "which does not exist"
        if folder:
            # The names that the client's library looks for.
            usable = path.is_dir() and any(re.fullmatch(r"[0-9a-f]{8}\.\d+", entry.name) for entry in path.iterdir())
            return None if usable else "which is no folder of certificates with hashed names"
        if path.is_dir():
            return "which is a folder"
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        return "which holds no certificates"
    except OSError as error:
        return f"which cannot be read ({(error.strerror or 'no reason given').lower()})"
    return None


def _proxy(name: str, value: str) -> Proxy:
    value = value if "://" in value else f"http://{value}"
    scheme, _, rest = value.partition("://")
    # By hand, because an address that is none raises: host and port alone, never the name and password before them.
    place = re.split("[/?#]", rest)[0].rpartition("@")[2]
    return Proxy(clean_line(place), _variable(name), scheme.lower())


def _variable(name: str) -> str:
    """The variable that a proxy is named in; the system's own settings where there is none."""
    wanted = f"{name}_proxy"
    return next((key for key in (wanted, wanted.upper()) if os.environ.get(key)), "the system's settings")


def _wrong_with(proxy: Proxy, value: str) -> str | None:
    import httpx2

    if proxy.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        return (
            f"The proxy {proxy.place} ({proxy.variable}) is a SOCKS proxy, for which the package socksio is needed: "
            f"install it, or unset {proxy.variable}."
        )
    if proxy.scheme not in _SCHEMES:
        return f"{proxy.variable} names a proxy of a kind that is not known: {clean_line(proxy.scheme)}."
    try:
        httpx2.Proxy(value if "://" in value else f"http://{value}")
    except (httpx2.InvalidURL, ValueError):
        return f"{proxy.variable} names a proxy with an address that cannot be used."
    return None


def _bypassed(host: str, place: str) -> bool:
    """Whether NO_PROXY excepts `host` (or `place`, with its port), as the client reads it."""
    import ipaddress

    for entry in map(str.strip, getproxies().get("no", "").lower().split(",")):
        name = entry.partition("://")[2] or entry
        if entry == "*" or (name and name in {host, place, f"[{host}]"}):
            return True
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False):
                return True
        except ValueError:
            if name and host.endswith(f".{name.removeprefix('*').removeprefix('.')}"):
                return True
    return False
