"""The filter language as an option of a command."""

from tui.batches.query.parse import Query, parse
from tui.errors import LazybatchError


def query_of(text: str | None) -> Query | None:
    """The query that `--filter` was given, None without one.

    Raises `LazybatchError` for one that is not wholly understood or asks for nothing: a term that is left out would let
    through what it was to keep back.
    """
    if text is None:
        return None
    query = parse(text)
    if query.faults:
        fault = query.faults[0]
        raise LazybatchError(f"--filter: {fault.term}: {fault.sentence}")
    if not query:
        raise LazybatchError("--filter is empty.")
    return query
