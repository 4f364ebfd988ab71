"""`mail_ros simulate`: surveys and drives through made-up buildings, for trying the other verbs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, progress
from mail_ros.cli.options import AsJson, SimulationSettings
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:  # these bring numpy along
    from mail_ros.data.simulator.walk import SimulatedWalk

ROUTE = "every corridor both ways"  # in another order in every walk; the same for a protocol that splits by route


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the bags walk_00, walk_01 and so on.")],
    walks: Annotated[int, typer.Option(min=1, max=100, help="How many walks, of each floor.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other walks.")] = 0,
    part: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Break each walk off after this share of its corridors.")
    ] = 1.0,
    site: Annotated[int, typer.Option(min=0, help="Another number, other magnets; 0 is the site of the demo.")] = 0,
    building: Annotated[
        int | None, typer.Option(min=0, help="Instead of a site: a building of steel, another one by each number.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Of a building: robot or person; default: person.")] = None,
    drive_m: Annotated[
        float | None, typer.Option(min=5.0, help="Instead of surveys: drives so far, whose truth is /reference_pose.")
    ] = None,
    settings: SimulationSettings = None,
    as_json: AsJson = False,
) -> None:
    """Write simulated surveys as bags: every corridor of the demo's small site, or of a building, in both directions.

    Sensors turn with who carries them in a building; in a site they stay fixed to the map.

    Example: `mail_ros simulate --out bags/simulated --walks 6`

    Example: `mail_ros simulate --out bags/robot --building 0 --who robot --walks 2 --drive-m 100 --set drive.spins=2`
    """
    from mail_ros.data.simulator.bag import write_bag

    if building is None:
        if settings or who is not None or drive_m is not None:
            raise ConfigError(
                "building", wanted="--building with what describes it", found="none", fix="add --building 0"
            )
        made = _site_walks(site, walks, seed, part)
        total = walks
    else:
        total, made = _building_walks(building, who or "person", settings or [], walks, seed, part, drive_m)
    with progress("simulating") as bar:
        for number, (walk, notes) in enumerate(bar.track(made, total, description="")):
            write_bag(out / f"walk_{number:02d}", walk, {"seed": str(seed), **notes})
    console.print(f"bags: {out}")
    if as_json:
        print_json({"bags": [out / f"walk_{number:02d}" for number in range(total)]})


Made = Iterator[tuple["SimulatedWalk", dict[str, str]]]  # with its notes


def _site_walks(site: int, walks: int, seed: int, part: float) -> Made:
    from mail_ros.data.simulator.demo import survey
    from mail_ros.data.simulator.dipoles import make_site

    for number, walk in enumerate(survey(make_site(site), walks, seed, part)):
        yield walk, {"site": str(site), "route": ROUTE, "repetition": f"{number + 1:02d}"}


def _building_walks(
    number: int, who: str, settings: list[str], walks: int, seed: int, part: float, drive_m: float | None
) -> tuple[int, Made]:
    """How many, and the walks floor by floor."""
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.drive import drive
    from mail_ros.data.simulator.settings import simulation_config
    from mail_ros.data.simulator.survey import survey

    config = simulation_config(settings, who)
    place = make_building(number, config.building)

    def surveys() -> Made:
        for at, walk in enumerate(survey(place, walks, seed, config.drive, part=part)):
            yield walk, {"route": f"{ROUTE}, floor {walk.floor}", "repetition": f"{at % walks + 1:02d}"}

    def drives(length_m: float) -> Made:
        for floor in range(len(place.floors)):
            for repetition in range(walks):
                own = 1000 * seed + 100 * floor + repetition
                walk = drive(place, config.drive, own, floor=floor, length_m=length_m, device=seed)
                yield dataclasses.replace(walk, landmarks=()), {"route": f"drive {own}"}

    made = surveys() if drive_m is None else drives(drive_m)
    common = {"building": str(number), "who": who, "settings": " ".join(settings)}
    return walks * len(place.floors), ((walk, {**common, **notes}) for walk, notes in made)
