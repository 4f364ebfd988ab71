"""What a reader notices in a bag that it can read: a warning in the log, and a finding of `mail_ros check`."""

from __future__ import annotations

from typing import NamedTuple


class Remark(NamedTuple):
    """A problem of a readable bag."""

    name: str  # such as `odometry`
    found: str  # the problem, with the numbers of this bag
    fix: str  # the same for all bags with the same cause

    def __str__(self) -> str:
        """The problem and its fix, as one line."""
        return f"{self.found}; {self.fix}"
