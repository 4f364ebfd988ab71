"""`python -m benchmarks field`: is the simulated field like a real one, and how fast is it made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.options import AsJson, SimulationSettings
from mail_ros.cli.train import expand

if TYPE_CHECKING:  # these bring numpy along
    from mail_ros.core.types import FloatArray
    from mail_ros.data.simulator.building import Building
    from mail_ros.data.simulator.simulation_config import DriveConfig
    from mail_ros.data.simulator.simulation_settings import SimulationConfig

DRIVE_M = 200.0  # that is timed


def field(
    bags: Annotated[list[Path] | None, typer.Argument(help="Recorded walks to compare with, by landmarks.")] = None,
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 3,
    walks: Annotated[int, typer.Option(min=1, max=20, help="Surveys of each, by a robot and by a person.")] = 2,
    settings: SimulationSettings = None,
    out: Annotated[Path, typer.Option(help="The picture to draw.")] = Path("runs/simulator.png"),
    as_json: AsJson = False,
) -> None:
    """Compare how simulated and recorded fields change with the way: semivariance by distance.

    Example, some minutes: `python -m benchmarks field bags/* --out docs/simulator.png`
    """
    from benchmarks.field.structure import DISTANCES_M, semivariance_ut2
    from benchmarks.field.structure_picture import draw_structure
    from mail_ros.data.bag import read_track
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.simulation_settings import simulation_config

    recorded = [semivariance_ut2([read_track(path)]) for path in expand(bags or [])]
    configs = [simulation_config(settings or [], who) for who in ("robot", "person")]
    places = [make_building(number, configs[0].building) for number in range(buildings)]
    robot, person = (_simulated(places, config.drive, walks) for config in configs)
    _print(robot, person, recorded)
    for config in configs:
        _print_speed(config)
    draw_structure(out, robot, person, recorded)
    console.print(f"picture: {out}")
    if as_json:
        of = {"robot_ut2": robot, "person_ut2": person, "recorded_ut2": recorded}
        rows = {name: [each.tolist() for each in found] for name, found in of.items()}
        print_json({"distance_m": DISTANCES_M.tolist(), **rows})


def _simulated(places: Sequence[Building], config: DriveConfig, walks: int) -> list[FloatArray]:
    from benchmarks.field.structure import simulated

    with progress(f"simulating {config.platform}s") as bar:
        return [simulated([place], config, walks)[0] for place in bar.track(places, description="")]


def _print(robot: Sequence[FloatArray], person: Sequence[FloatArray], recorded: Sequence[FloatArray]) -> None:
    import numpy as np

    from benchmarks.field.structure import DISTANCES_M, MEASURED, shares

    share = np.mean([shares(each) for each in robot], axis=0)
    columns = [np.mean(robot, axis=0), np.mean(person, axis=0)]
    columns += list(np.nanpercentile(np.array(recorded), [10, 50, 90], axis=0)) if recorded else []
    heads = ["distance, m", "robot, of all", "reported", "robot, µT²", "person, µT²"]
    heads += ["recorded p10", "median", "p90"] if recorded else []
    lines = []
    for number, distance_m in enumerate(DISTANCES_M.tolist()):
        said = [
            f"{least:.0%}" if least == most else f"{least:.0%} to {most:.0%}"
            for near_m, far_m, least, most in MEASURED
            if near_m <= distance_m <= far_m
        ]
        values = [f"{column[number]:.1f}" for column in columns]
        lines.append([f"{distance_m:g}", f"{share[number]:.0%}", *(said or [""]), *values])
    print_table(f"semivariance, mean of {len(robot)} simulated buildings", heads, lines, ())


def _print_speed(config: SimulationConfig) -> None:
    """Of a drive, and of the field at its height, which is worked out before."""
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.drive import drive

    place = make_building(0, config.building)
    started_s = time.perf_counter()
    drive(place, config.drive, 0, length_m=20.0)
    field_s = time.perf_counter() - started_s
    started_s = time.perf_counter()
    walk = drive(place, config.drive, 0, length_m=DRIVE_M)
    took_s = time.perf_counter() - started_s
    times = f"{walk.duration_s / took_s:,.0f} times real time"
    console.print(
        f"{config.drive.platform}: {walk.duration_s:.0f} s of a drive in {took_s:.3f} s, {times}; "
        f"before, once, the field of a floor at its height in {field_s:.1f} s"
    )
