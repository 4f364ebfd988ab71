"""`mail_ros repair`: bags that were cut off into whole ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, progress
from mail_ros.core.errors import MailError


def repair(
    bags: Annotated[list[Path], typer.Argument(help="MCAP bags: rosbag2 folders, or .mcap files.")],
) -> None:
    """Mend bags whose recording was cut off: index and metadata are made anew, messages stay as they are.

    `mail_recorder` does so by itself with its own bags when it starts. The original is replaced once the repaired file
    is complete; what belongs to no whole record is kept beside it, in a file that ends in .rest.

    Example: `mail_ros repair bags/*`
    """
    from mail_ros.data.repair import repair as mend

    failed: list[MailError] = []
    lines: list[str] = []
    with progress("repairing") as bar:
        for bag in bar.track(bags, description=""):
            try:
                repaired = mend(bag)
                lines.append(str(repaired) if repaired else f"{bag} is whole: nothing to do")
            except MailError as error:
                failed.append(error)
    for line in lines:
        console.print(line, markup=False)
    for problem in failed[:-1]:
        console.print(f"mail_ros: {problem}", markup=False)
    if failed:
        raise failed[-1]
