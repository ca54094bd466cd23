"""Where an account is."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """Where an account is and how to get in; `key` never appears in a repr."""

    base_url: str
    key: str
    organization: str | None = None
    project: str | None = None

    def __repr__(self) -> str:
        return f"Address({self.host})"

    @property
    def host(self) -> str:
        """Host and, where it is not the scheme's own, port."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]
