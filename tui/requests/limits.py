"""What one input file may hold."""

from typing import Final, NamedTuple

OPTIONAL: Final = ("method", "url", "model")
"""What some providers let a request be without: two keys of the line, and one of its body."""


class Limits(NamedTuple):
    """What one input file may hold; the defaults are OpenAI's, and a profile may set others.

    200 MB is 209,715,200 bytes: OpenAI's refusal reads "The batch input file is larger than the 209715200 maximum for
    the gpt-4o model."
    """

    max_requests: int = 50_000
    max_bytes: int = 200 * 1024 * 1024
    max_embedding_inputs: int = 50_000
    one_model: bool = True
    other_endpoints: bool | None = None
    """Whether requests may name endpoints that OpenAI does not have; None: by whose the profile's address is."""
    optional: frozenset[str] = frozenset()
    """What a request may be without: any of `OPTIONAL`."""
    stream: bool = False
    """Whether a request may ask for a stream, as some providers' own examples do."""
    max_tokens: int | None = None
    """Input tokens of one part of a file that is split; None where they are not counted."""
