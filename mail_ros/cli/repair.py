"""`mail_ros repair`: whole bags from cut-off ones."""

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
    bags: Annotated[list[Path], typer.Argument(help="Bags: rosbag2 folders, or their files.")],
    as_json: AsJson = False,
) -> None:
    """Repair bags that were cut off or damaged: index and metadata are written again, messages stay unchanged.

    `mail_recorder` repairs its own bags when it starts. The original is replaced once the repaired file is complete;
    bytes outside whole records are kept next to it, in a file that ends in .rest. Every file is read throughout: a bag
    is whole if all of it is readable. Damaged SQLite bags, and those that rosbag2 compressed, become MCAP bags of what
    is readable, and their files are kept with .rest after their names; where only the metadata is missing, they stay.

    Example: `mail_ros repair bags/*`
    """
    from mail_ros.data.bag_repair import repair as repair_bag

    failed: list[MailError] = []
    done: list[tuple[Path, Repaired | None]] = []
    with progress("repairing") as bar:
        for bag in bar.track(bags, description=""):
            try:
                done.append((bag, repair_bag(bag)))
            except MailError as error:
                failed.append(error)
    for bag, repaired in done:
        console.print(str(repaired) if repaired else f"{bag} is whole: nothing to do", markup=False)
    for problem in failed[:-1]:
        print_error(problem)
    if as_json:
        entries: list[dict[str, object]] = [{"bag": bag, "whole": repaired is None} for bag, repaired in done]
        for entry, (_, new) in zip(entries, done, strict=True):
            if new is not None:
                entry |= {
                    "messages": new.span.counts.total(),
                    "mended": new.repaired_files,
                    "rest": new.rest,
                    "originals": new.originals,
                }
        print_json({"bags": entries, "failed": list(map(str, failed))})
    if failed:
        raise failed[-1]
