"""The pairs that a user gives a batch, held to the API's limits.

At most 16 pairs, keys of at most 64 and values of at most 512 characters, all text; three pairs are lazybatch's own.
"""

from collections.abc import Iterable, Mapping

from tui.batches.batch import CONTENT_KEY, GROUP_KEY, OWN_KEYS, PARENT_KEY, SUBMISSION_KEY, Batch
from tui.errors import LazybatchError
from tui.format.text import clean_line

_OWN = frozenset({SUBMISSION_KEY, CONTENT_KEY, GROUP_KEY})
_PAIRS = 16 - len(_OWN)
_KEY = 64
_VALUE = 512


def metadata(description: str, pairs: Iterable[str], inherited: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """A batch's metadata from a description, which may be empty, and texts of the form `key=value`.

    They go before what is `inherited` under the same key.

    Raises `LazybatchError` in a sentence about the first that cannot be.
    """
    found = dict(inherited or {}) | ({"description": description} if description else {})
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key, value = key.strip(), value.strip()
        if not equals or not key:
            raise LazybatchError(f"Metadata {clean_line(pair)[:80]!r} is not of the form key=value.")
        if key in _OWN:
            raise LazybatchError(f"The metadata key {key!r} is lazybatch's own.")
        found[key] = value
    for key, value in found.items():
        if len(key) > _KEY:
            raise LazybatchError(f"The metadata key {clean_line(key)[:80]!r} has over {_KEY} characters.")
        if len(value) > _VALUE:
            raise LazybatchError(f"The metadata value of {clean_line(key)!r} has over {_VALUE} characters.")
    if len(found) > _PAIRS:
        raise LazybatchError(f"A batch takes at most {_PAIRS} pairs of metadata, the description among them.")
    return found


def retry_metadata(parent: Batch) -> Mapping[str, str]:
    """The metadata of a retry: what its user gave `parent`, the description first, and which batch it is a retry of.

    What goes over the API's limits is left out.
    """
    own = {key: value for key, value in parent.metadata if key not in OWN_KEYS}
    # The name first: it goes last where there is no room for all.
    named = {key: value for key, value in own.items() if value == parent.description}
    wanted = {PARENT_KEY: parent.id} | named | own
    fitting = ((key, value) for key, value in wanted.items() if len(key) <= _KEY and len(value) <= _VALUE)
    return dict(list(fitting)[:_PAIRS])
