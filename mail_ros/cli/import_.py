"""`mail_ros import`: other people's surveys into bags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, progress
from mail_ros.core.errors import ConfigError, MailError


def import_(
    kind: Annotated[str, typer.Argument(help="What wrote the files: ipin (GetSensorData logs, plain or .gz).")],
    files: Annotated[list[Path], typer.Argument(help="The files, one walk each.")],
    out: Annotated[Path, typer.Option(help="Folder for the bags, one per file.")],
    origin: Annotated[
        str, typer.Option(help="LATITUDE,LONGITUDE of the map's x = y = 0; default: the IPIN 2023 site.")
    ] = "",
) -> None:
    """Turn other people's logs into rosbag2 MCAP bags, one per walk.

    Example: `mail_ros import ipin logs/*.txt.gz --out bags`
    """
    from mail_ros.data.importers import IMPORTERS, import_file
    from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN

    if kind not in IMPORTERS:
        raise ConfigError("importer", wanted=" or ".join(IMPORTERS), found=kind, fix="name one of them")
    place = _origin(origin) if origin else IPIN_2023_ORIGIN
    failed: list[MailError] = []
    with progress("importing") as bar:
        for file in bar.track(files, description=""):
            try:
                import_file(kind, file, out, place)
            except MailError as error:
                failed.append(error)
    for problem in failed[:-1]:
        console.print(f"mail_ros: {problem}", markup=False)
    console.print(f"{len(files) - len(failed)} of {len(files)} walks are in {out}")
    if failed:
        raise failed[-1]


def _origin(text: str):  # type: ignore[no-untyped-def]
    from mail_ros.data.importers.walk import Origin

    try:
        latitude_deg, longitude_deg = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError("--origin", wanted="LATITUDE,LONGITUDE", found=text, fix="as in 49.4611,11.1109") from None
    return Origin(latitude_deg, longitude_deg)
