"""How a command ends when it cannot do what was asked: it says what is wrong and what to do, and exits with 1."""


class CannotGoOn(Exception):
    """The command ends; `what` went wrong, `remedy` is what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
