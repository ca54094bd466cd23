"""The endpoints that batches are made for."""

from collections.abc import Collection
from typing import Final

ENDPOINTS: Final[tuple[str, ...]] = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
)
"""OpenAI's."""

# OpenAI's price list: "The moderation endpoint is free to use".
FREE: Final = frozenset({"/v1/moderations"})
# Their prices are by the image and by the second.
NOT_BY_TOKENS: Final = frozenset({"/v1/images/generations", "/v1/images/edits", "/v1/videos"})
NO_OUTPUT: Final = frozenset({"/v1/embeddings"}) | FREE


def usual(endpoint: str | None) -> str:
    """OpenAI's name of an endpoint that another provider may spell otherwise; of one it does not have, as it is.

    Azure's files have `/chat/completions` as well as `/v1/chat/completions`.
    """
    spelt = f"/v1{endpoint}"
    return spelt if spelt in ENDPOINTS else endpoint or ""


def possible(endpoint: str) -> bool:
    """Whether some provider may have it: it is the path of an address."""
    return endpoint.startswith("/") and len(endpoint) <= 200 and endpoint.isprintable() and " " not in endpoint


def is_one_of(endpoint: str | None, known: Collection[str]) -> bool:
    """Whether an endpoint is one of OpenAI's `known`, or another provider's of such a name: `/v4/embeddings`."""
    return endpoint is not None and endpoint.endswith(tuple(name.removeprefix("/v1") for name in known))
