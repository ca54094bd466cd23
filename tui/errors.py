"""A thing that went wrong, as one sentence that its reader can act on."""


class LazybatchError(Exception):
    """Base of every error this program tells a person: screens show `sentence`, commands print it.

    `exit_code` is what a command ends with: 1 the thing looked at is bad, 2 wrong use, 3 the server could not be
    reached or refused us.
    """

    def __init__(self, sentence: str, exit_code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
