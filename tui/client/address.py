"""Where an account is."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tui.format.text import clean_line, key_hint


@dataclass(frozen=True, slots=True)
class Address:
    """Where an account is and how to get in; `key` never appears in a repr.

    `key_env` is the variable of the environment that the key came from.
    """

    base_url: str
    key: str
    organization: str | None = None
    project: str | None = None
    key_env: str = "OPENAI_API_KEY"

    def __repr__(self) -> str:
        return f"Address({self.host})"

    @property
    def host(self) -> str:
        """Host and, where it is not the scheme's own, port."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def key_told(self) -> str:
        """Which key it is and where it came from, as a sentence."""
        known = key_hint(self.key)
        return f"The key{f' {known}' if known else ''} came from {self.key_env}: check that variable."

    @property
    def versioned(self) -> bool:
        """Whether the base URL names a version, as `/v1`, which most servers have nothing without."""
        return re.search(r"/v\d\w*(/|$)", urlsplit(self.base_url).path) is not None

    @property
    def hint(self) -> str:
        """What to check where the server does not answer as a Batch API does, as a sentence."""
        parts = urlsplit(self.base_url)
        # A name and a password before the host are no business of a sentence.
        shown = clean_line(urlunsplit((parts.scheme, self.host, parts.path.rstrip("/"), "", "")))
        if self.versioned:
            return f"Check that {shown} is the base URL of a Batch API."
        return f"The base URL {shown} does not end in /v1: is {shown}/v1 meant?"
