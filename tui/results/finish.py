"""Why an answer ended: one that was cut off is a good result only to a server."""

from typing import Final

# What an answer ends with that came to its own end.
USUAL: Final = frozenset({"", "stop", "completed"})
# What an answer ends with that was cut short at the limit of tokens.
CUT_SHORT: Final = frozenset({"length", "max_output_tokens"})
