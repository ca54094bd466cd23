"""The endpoints that batches are made for."""

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


def usual(endpoint: str | None) -> str:
    """OpenAI's name of an endpoint that another provider may spell otherwise; of one it does not have, as it is.

    Azure's files have `/chat/completions` as well as `/v1/chat/completions`.
    """
    spelt = f"/v1{endpoint}"
    return spelt if spelt in ENDPOINTS else endpoint or ""


def possible(endpoint: str) -> bool:
    """Whether some provider may have it: it is the path of an address."""
    return endpoint.startswith("/") and len(endpoint) <= 200 and endpoint.isprintable() and " " not in endpoint
