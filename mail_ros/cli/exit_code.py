"""How a verb ends: its exit code, and one line on stderr where it is not 0."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell or a program is told."""

    DONE = 0, "done; where the command judges something, it will do"
    MEND = 1, "not done, or judged not good enough; the line on stderr says what was wanted, what was found and the fix"
    USAGE = 2, "the command was called wrongly; the line on stderr names the `--help` to look at"
    BUG = 70, "an error of mail_ros itself; please report it with the traceback that was printed"
    INTERRUPTED = 130, "Ctrl-C"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        """A code with what it means."""
        code = int.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code
