"""`mail_ros import`: public surveys into bags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_error, print_json, progress
from mail_ros.cli.next_step import bag_arguments, print_next, quoted
from mail_ros.cli.options import AsJson, SiteOption, among
from mail_ros.core.errors import BagError, MailError

KINDS = (  # for --help, which does not import the importers
    "What wrote the files: ipin (GetSensorData logs of the IPIN competitions), uji (UJIIndoorLoc-Mag, "
    "continuous files), magpie (MagPIE-like CSV with a position all along, a file or a folder per walk), microsoft "
    "(traces of the Indoor Location Competition 2.0), csv (time_s, mag_x_ut, mag_y_ut, mag_z_ut, x_m, y_m, floor), "
    "ulog (PX4)."
)
WORDS = ("ipin", "uji", "magpie", "microsoft", "csv", "ulog")


def import_(
    kind: Annotated[str, typer.Argument(help=KINDS, autocompletion=among(*WORDS))],
    files: Annotated[list[Path], typer.Argument(help="Files, folders, .zip or .gz.")],
    out: Annotated[Path, typer.Option(help="Folder for the bags, one per walk.")],
    site_file: SiteOption = None,
    as_json: AsJson = False,
) -> None:
    """Convert logs of public surveys into rosbag2 MCAP bags, one per walk.

    Example: `mail_ros import ipin logs/*.txt.gz --out bags`
    """
    from mail_ros.data.importers import import_walks
    from mail_ros.data.site_file import read_site

    site = read_site(site_file) if site_file else None
    bags: list[Path] = []
    failed: list[MailError] = []
    with progress("importing") as bar:
        for file in bar.track(files, description=""):
            for walk in import_walks(kind, file, out, site):
                if isinstance(walk, BagError):
                    failed.append(walk)
                else:
                    bags.append(walk)
    for problem in failed[:-1]:
        print_error(problem)
    console.print(f"{len(bags)} of {len(bags) + len(failed)} walks are in {out}")
    if as_json:
        print_json({"bags": bags, "failed": list(map(str, failed))})
    if failed:
        raise failed[-1]
    shared = quoted("--site-file", site_file, "--coverage", "coverage") if site_file else "--coverage coverage"
    print_next(f"mail_ros check {bag_arguments(bags)} {shared}")
