"""`mail_ros import`: other people's surveys into bags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_error, print_json, progress
from mail_ros.cli.options import AsJson, among
from mail_ros.core.errors import BagError, ConfigError, MailError

if TYPE_CHECKING:
    from mail_ros.data.importers.walk import Origin

KINDS = (  # for --help, which is not to wait for the importers
    "What wrote the files: ipin (GetSensorData logs of the IPIN competitions, plain or .gz), uji (UJIIndoorLoc-Mag, "
    "continuous files), magpie (MagPIE-like CSV with a position all along, a file or a folder per walk), microsoft "
    "(traces of the Indoor Location Competition 2.0), csv (time_s, mag_x_ut, mag_y_ut, mag_z_ut, x_m, y_m, floor)."
)


def import_(
    kind: Annotated[str, typer.Argument(help=KINDS, autocompletion=among("ipin", "uji", "magpie", "microsoft", "csv"))],
    files: Annotated[list[Path], typer.Argument(help="The files, one walk each.")],
    out: Annotated[Path, typer.Option(help="Folder for the bags, one per walk.")],
    origin: Annotated[
        str,
        typer.Option(
            help="LATITUDE,LONGITUDE of the map's x = y = 0, for ipin and uji; default: one on the data set's site."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Turn other people's logs into rosbag2 MCAP bags, one per walk.

    Example: `mail_ros import ipin logs/*.txt.gz --out bags`
    """
    from mail_ros.data.importers import import_file

    place = _origin(origin) if origin else None
    bags: list[Path] = []
    failed: list[MailError] = []
    with progress("importing") as bar:
        for file in bar.track(files, description=""):
            try:
                bags.append(import_file(kind, file, out, place))
            except BagError as error:
                failed.append(error)
    for problem in failed[:-1]:
        print_error(problem)
    console.print(f"{len(files) - len(failed)} of {len(files)} walks are in {out}")
    if as_json:
        print_json({"bags": bags, "failed": list(map(str, failed))})
    if failed:
        raise failed[-1]


def _origin(text: str) -> Origin:
    from mail_ros.data.importers.walk import Origin

    try:
        latitude_deg, longitude_deg = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError("--origin", wanted="LATITUDE,LONGITUDE", found=text, fix="as in 49.4611,11.1109") from None
    return Origin(latitude_deg, longitude_deg)
