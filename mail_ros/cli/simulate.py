"""`mail_ros simulate`: surveys of a made-up building, for trying the other verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json, progress
from mail_ros.cli.options import AsJson

ROUTE = "every corridor both ways"  # in another order in every walk; the same for a protocol that splits by route


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the bags walk_00, walk_01 and so on.")],
    walks: Annotated[int, typer.Option(min=1, max=100, help="How many walks.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other walks.")] = 0,
    part: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Break each walk off after this share of its corridors.")
    ] = 1.0,
    site: Annotated[int, typer.Option(min=0, help="Another number, other magnets; 0 is the site of the demo.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Write simulated surveys as bags: every corridor of a small building, in both directions.

    Example: `mail_ros simulate --out bags/simulated --walks 6`
    """
    from mail_ros.data.simulator import make_site, survey

    with progress("simulating") as bar:
        for number, walk in enumerate(bar.track(survey(make_site(site), walks, seed, part), walks, description="")):
            notes = {"site": str(site), "seed": str(seed), "route": ROUTE, "repetition": f"{number + 1:02d}"}
            walk.write(out / f"walk_{number:02d}", notes)
    console.print(f"bags: {out}")
    if as_json:
        print_json({"bags": [out / f"walk_{number:02d}" for number in range(walks)]})
