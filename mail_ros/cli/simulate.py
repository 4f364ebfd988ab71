"""`mail_ros simulate`: surveys and drives through simulated buildings, for trying the other verbs."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, progress
from mail_ros.cli.options import AsJson, SimulationSettings
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:  # these import numpy
    from mail_ros.data.simulator.building import Building
    from mail_ros.data.simulator.simulated_drive import SimulatedDrive
    from mail_ros.data.simulator.simulation_config import BuildingConfig, DriveConfig

DEMO = "demo"
ROUTE = "every corridor both ways"  # in another order in every walk; the same for a protocol that splits by route


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the bags walk_00, walk_01 and so on.")],
    walks: Annotated[int, typer.Option(min=1, max=100, help="Number of walks on each floor.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the walks.")] = 0,
    part: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Fraction of its corridors or lanes after which each walk ends.")
    ] = 1.0,
    building: Annotated[
        str, typer.Option(help="The demo's small building, or a number: another building of steel for each.")
    ] = DEMO,
    site: Annotated[int | None, typer.Option(min=0, hidden=True, help="Deprecated: --building demo.")] = None,
    platform: Annotated[str, typer.Option("--platform", "--who", help="robot or person.")] = "person",
    drive_m: Annotated[
        float | None, typer.Option(min=5.0, help="Instead of surveys: drives of this length, truth in /reference_pose.")
    ] = None,
    lanes: Annotated[
        float | None,
        typer.Option(min=0.3, max=5.0, help="Survey the hall by lanes this far apart, m."),
    ] = None,
    settings: SimulationSettings = None,
    as_json: AsJson = False,
) -> None:
    """Write simulated surveys as bags: every corridor of a building in both directions, or lanes of its hall.

    Sensors rotate with the person or robot that carries them.

    Example: `mail_ros simulate --out bags/simulated --walks 6`

    Example: `mail_ros simulate --out bags/robot --platform robot --walks 2 --drive-m 100 --set drive.spins=2`

    Example: `mail_ros simulate --out bags/hall --building 0 --set building.aisles=0 --set building.hall_length_m=8
    --lanes 2 --walks 1 --platform robot`
    """
    from mail_ros.data.simulator.drive_bag import write_bag
    from mail_ros.data.simulator.simulation_config import simulation_config

    if site is not None:
        warnings.warn("--site is deprecated: use --building demo", FutureWarning, stacklevel=2)
    config = simulation_config(settings or [], platform)
    simulated = _building(building, site or 0, config.building)
    if drive_m is None:
        made = _surveys(simulated, walks, seed, config.drive, part, lanes)
    elif lanes is not None:
        raise ConfigError("--lanes", wanted="a survey or drives", found="--drive-m as well", fix="leave one out")
    else:
        made = _drives(simulated, walks, seed, config.drive, drive_m)
    common = {"site": building, "platform": platform, "settings": " ".join(settings or []), "seed": str(seed)}
    total = walks * len(simulated.floors)
    with progress("simulating") as bar:
        for number, (walk, notes) in enumerate(bar.track(made, total, description="")):
            write_bag(out / f"walk_{number:02d}", walk, {**common, **notes})
    console.print(f"bags: {out}")
    if as_json:
        print_json({"bags": [out / f"walk_{number:02d}" for number in range(total)]})


Noted = Iterator[tuple["SimulatedDrive", dict[str, str]]]  # a drive, and the notes of its bag


def _building(name: str, seed: int, config: BuildingConfig) -> Building:
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.demo import demo_building
    from mail_ros.data.simulator.simulation_config import BuildingConfig

    if name.isdecimal():
        return make_building(int(name), config)
    if name != DEMO:
        raise ConfigError("building", wanted=f"{DEMO} or a number", found=repr(name), fix="correct --building")
    if config != BuildingConfig():
        raise ConfigError(
            "building.*", wanted="settings of a numbered building", found="--building demo", fix="add --building 0"
        )
    return demo_building(seed)


def _surveys(building: Building, walks: int, seed: int, config: DriveConfig, part: float, lanes: float | None) -> Noted:
    from mail_ros.data.simulator.drive import survey

    name = ROUTE if lanes is None else f"lanes of {lanes:g} m"
    made = survey(building, walks, seed, config, lanes_m=lanes, fraction=part)
    for number, walk in enumerate(made):
        yield walk, {"route": f"{name}, floor {walk.floor}", "repetition": f"{number % walks + 1:02d}"}


def _drives(building: Building, walks: int, seed: int, config: DriveConfig, length_m: float) -> Noted:
    from mail_ros.data.simulator.drive import drive

    for floor in range(len(building.floors)):
        for repetition in range(walks):
            own = 1000 * seed + 100 * floor + repetition
            walk = drive(building, config, own, floor=floor, length_m=length_m, device=seed)
            yield dataclasses.replace(walk, landmarks=()), {"route": f"drive {own}"}
