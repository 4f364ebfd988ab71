"""`mail_ros repair`: bags that were cut off into whole ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_error, print_json, progress
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import MailError

if TYPE_CHECKING:
    from mail_ros.data.bag_repair import Repaired


def repair(
    bags: Annotated[list[Path], typer.Argument(help="MCAP bags: rosbag2 folders, or .mcap files.")],
    as_json: AsJson = False,
) -> None:
    """Mend bags whose recording was cut off: index and metadata are made anew, messages stay as they are.

    `mail_recorder` does so by itself with its own bags when it starts. The original is replaced once the repaired file
    is complete; what belongs to no whole record is kept beside it, in a file that ends in .rest.

    Example: `mail_ros repair bags/*`
    """
    from mail_ros.data.bag_repair import repair as mend

    failed: list[MailError] = []
    done: list[tuple[Path, Repaired | None]] = []
    with progress("repairing") as bar:
        for bag in bar.track(bags, description=""):
            try:
                done.append((bag, mend(bag)))
            except MailError as error:
                failed.append(error)
    for bag, repaired in done:
        console.print(str(repaired) if repaired else f"{bag} is whole: nothing to do", markup=False)
    for problem in failed[:-1]:
        print_error(problem)
    if as_json:
        repaired_files = [{"bag": bag, "whole": repaired is None, **_details(repaired)} for bag, repaired in done]
        print_json({"bags": repaired_files, "failed": list(map(str, failed))})
    if failed:
        raise failed[-1]


def _details(repaired: Repaired | None) -> dict[str, object]:
    """What became of a bag that was cut off."""
    if repaired is None:
        return {}
    return {"messages": repaired.span.counts.total(), "mended": repaired.repaired_files, "rest": repaired.rest}
