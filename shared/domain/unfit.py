"""How the domain says that a value cannot be taken: what is wrong, and what to do about it."""


class Unfit(ValueError):
    """A value cannot be taken; `problem` says why, `remedy` what to do, each a sentence."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
