"""The one way in which BrainUAD refuses bad input."""

from pathlib import Path


class InputError(Exception):
    """Input that can't be used, told in one line: the file, what is wrong with it, and the mend."""

    def __init__(self, where: Path | str, problem: str, mend: str):
        super().__init__(f"{where}: {problem}. {mend}".replace("\n", " "))
