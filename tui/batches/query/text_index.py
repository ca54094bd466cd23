"""Words, which are looked for in all that a batch is known by."""

from collections.abc import Callable, Iterable, Sequence
from unicodedata import normalize

from tui.batches.batch import Batch
from tui.batches.query.terms import WORDS

Word = tuple[str, bool]
"""A folded word, and whether it is to be there or not to be."""


class Texts:
    """What words are looked for in, of each batch: put together once, where a key asks for those of ten thousand.

    Names are believed to stay as they are until `forget`.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Batch, str]] = {}

    def forget(self) -> None:
        """Give back the memory, or take in other names."""
        self._known.clear()

    def having(self, batches: Iterable[Batch], words: Sequence[Word], name_of: Callable[[Batch], str]) -> list[Batch]:
        """Those of `batches` for which all `words` hold; without any, texts are got ready for words to come."""
        found = []
        for batch in batches:
            known = self._known.get(batch.id)
            if known is None or known[0] is not batch:
                known = self._known[batch.id] = (batch, searched(batch, name_of(batch)))
            found.append(known)
        for word, wanted in words:
            found = [known for known in found if (word in known[1]) is wanted]
        return [batch for batch, _ in found]


def searched(batch: Batch, name: str) -> str:
    """The folded text in which words are looked for: of `batch`, called `name` on the screen."""
    values = [value for _, value in batch.metadata]
    state = WORDS.get(batch.status, batch.status.value)
    # Most names are the description, which is there already.
    names = [batch.id] if name in values else [name, batch.id]
    return fold("\n".join([*names, batch.model or "", batch.endpoint or "", state, *values]))


def fold(text: str) -> str:
    """`text` for a comparison that knows neither case nor the two ways of spelling an accent."""
    return text.lower() if text.isascii() else normalize("NFC", text.casefold())
