"""How a command ends when it cannot do what was asked: it says what is wrong and what to do, and exits with 1, or with
a code of its own."""


class CannotGoOn(Exception):
    """The command ends with the exit code `code`; `what` went wrong, `remedy` is what to do."""

    def __init__(self, what: str, remedy: str, code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.code = code
