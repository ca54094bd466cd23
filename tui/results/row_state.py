"""What became of a request."""

from typing import Final, Literal

State = Literal["ok", "refused", "empty", "failed", "unreadable", "missing"]
"""`ok` has an answer; `refused` was answered with a refusal; `empty` has a good status and no answer; `failed` has an
error; `unreadable` has a result line that cannot be read; `missing` has none."""

# A refusal is an answer: asked again, a model mostly refuses again, and is paid again.
TO_RETRY: Final[frozenset[State]] = frozenset({"empty", "failed", "unreadable", "missing"})
