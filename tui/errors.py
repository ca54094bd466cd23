"""A thing that went wrong, as one sentence that its reader can act on."""


class LazybatchError(Exception):
    """Base of every error this program tells a person: screens show `sentence`, commands print it.

    `exit_code` is what a command ends with: 1 the thing looked at is bad, 2 wrong use, 3 the server could not be
    reached or refused us. `code` is a word for scripts, which stays the same while the sentence may change.
    """

    def __init__(self, sentence: str, exit_code: int = 2, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
        self.code = code

    @property
    def word(self) -> str:
        """A short word for scripts: `code`, else what `exit_code` says."""
        return self.code or {1: "refused", 3: "server"}.get(self.exit_code, "usage")
