"""Exit codes of the verbs; any but 0 comes with one line on stderr."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit code of a verb, with its meaning."""

    DONE = 0, "done; a checked item is good enough"
    FAILED = 1, "not done, or a checked item is not good enough; the line on stderr has wanted, found and fix"
    USAGE = 2, "the command was called wrongly; the line on stderr names the `--help` to look at"
    BUG = 70, "an error of mail_ros itself; please report it with the traceback that was printed"
    INTERRUPTED = 130, "Ctrl-C"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        """A code with its meaning."""
        code = int.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code
