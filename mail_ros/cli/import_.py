"""`mail_ros import`: logs of apps and public surveys into bags."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_error, print_json, progress
from mail_ros.cli.next_step import bag_arguments, print_next, quoted
from mail_ros.cli.options import AsJson, SiteOption, among
from mail_ros.core.errors import BagError, MailError
from mail_ros.data.remark import Remark

KINDS = (  # for --help, which does not import the importers
    "What wrote the files: ipin (GetSensorData logs of the IPIN competitions), uji (UJIIndoorLoc-Mag, "
    "continuous files), magpie (MagPIE-like CSV with a position all along, a file or a folder per walk), microsoft "
    "(traces of the Indoor Location Competition 2.0), csv (time_s, mag_x_ut, mag_y_ut, mag_z_ut, x_m, y_m, floor), "
    "ulog (PX4); exports of the apps sensor-logger (Sensor Logger), phyphox (phyphox), sensorlog (SensorLog for iOS), "
    "androsensor (AndroSensor), matlab (MATLAB Mobile, as CSV)."
)
WORDS = (
    *("ipin", "uji", "magpie", "microsoft", "csv", "ulog"),
    *("sensor-logger", "phyphox", "sensorlog", "androsensor", "matlab"),
)


def import_(
    kind: Annotated[str, typer.Argument(help=KINDS, autocompletion=among(*WORDS))],
    files: Annotated[list[Path], typer.Argument(help="Files, folders, .zip or .gz.")],
    out: Annotated[Path, typer.Option(help="Folder for the bags, one per walk.")],
    site_file: SiteOption = None,
    landmarks: Annotated[
        Path | None,
        typer.Option(help="CSV with the walks' landmarks or marks: walk, time or time_s, x_m, y_m, floor, name."),
    ] = None,
    route: Annotated[
        str, typer.Option(help="Route of the site file: the n-th mark of a walk is its n-th landmark.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Convert logs of phone apps and public surveys into rosbag2 MCAP bags, one per walk.

    Example: `mail_ros import ipin logs/*.txt.gz --out bags`
    """
    from mail_ros.data.importers import import_walks
    from mail_ros.data.importers.marks import LandmarkFile
    from mail_ros.data.site_file import read_site

    site = read_site(site_file) if site_file else None
    marks = LandmarkFile(landmarks) if landmarks else None
    bags: list[Path] = []
    failed: list[MailError] = []
    remarks: dict[tuple[str, str], list[tuple[str, Remark]]] = defaultdict(list)  # by cause
    with progress("importing") as bar:
        for file in bar.track(files, description=""):
            for walk in import_walks(kind, file, out, site, marks, route):
                if isinstance(walk, BagError):
                    failed.append(walk)
                    continue
                bags.append(walk.path)
                for remark in walk.remarks:
                    remarks[remark.name, remark.fix].append((walk.path.name, remark))
    for problem in failed[:-1]:
        print_error(problem)
    for found in remarks.values():
        which = found[0][0] if len(found) == 1 else f"{len(found)} of {len(bags)} bags, as {found[0][0]}"
        console.print(f"{which}: {found[0][1]}", markup=False)
    console.print(f"{len(bags)} of {len(bags) + len(failed)} walks are in {out}")
    if as_json:
        lacks = [f"{name}: {remark}" for found in remarks.values() for name, remark in found]
        print_json({"bags": bags, "failed": list(map(str, failed)), "remarks": lacks})
    if failed:
        raise failed[-1]
    shared = quoted("--site-file", site_file, "--coverage", "coverage") if site_file else "--coverage coverage"
    print_next(f"mail_ros check {bag_arguments(bags)} {shared}")
