"""`python -m benchmarks field`: whether the simulated field resembles a real one, and how fast it is made."""

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
    from mail_ros.data.simulator.simulation_config import DriveConfig, SimulationConfig

DRIVE_M = 200.0  # length of the timed drive


def field(
    bags: Annotated[list[Path] | None, typer.Argument(help="Recorded walks to compare with, by landmarks.")] = None,
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 3,
    walks: Annotated[int, typer.Option(min=1, max=20, help="Surveys of each, by a robot and by a person.")] = 2,
    settings: SimulationSettings = None,
    out: Annotated[Path, typer.Option(help="The picture to draw.")] = Path("runs/simulator.png"),
    as_json: AsJson = False,
) -> None:
    """Compare how simulated and recorded fields change with distance travelled, by their semivariance.

    Example, some minutes: `python -m benchmarks field bags/* --out docs/simulator.png`
    """
    from benchmarks.field.structure import DISTANCES_M, semivariance_ut2
    from benchmarks.field.structure_picture import draw_structure
    from mail_ros.data.bag import read_track
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.simulation_config import simulation_config

    recorded = [semivariance_ut2([read_track(path)]) for path in expand(bags or [])]
    configs = [simulation_config(settings or [], who) for who in ("robot", "person")]
    sites = [make_building(number, configs[0].building) for number in range(buildings)]
    robot, person = (_simulated(sites, config.drive, walks) for config in configs)
    _print(robot, person, recorded)
    for config in configs:
        _print_speed(config)
    draw_structure(out, robot, person, recorded)
    console.print(f"picture: {out}")
    if as_json:
        of = {"robot_ut2": robot, "person_ut2": person, "recorded_ut2": recorded}
        rows = {name: [each.tolist() for each in found] for name, found in of.items()}
        print_json({"distance_m": DISTANCES_M.tolist(), **rows})


def _simulated(sites: Sequence[Building], config: DriveConfig, walks: int) -> list[FloatArray]:
    from benchmarks.field.structure import simulated

    with progress(f"simulating {config.platform}s") as bar:
        return [simulated([site], config, walks)[0] for site in bar.track(sites, description="")]


def _print(robot: Sequence[FloatArray], person: Sequence[FloatArray], recorded: Sequence[FloatArray]) -> None:
    import numpy as np

    from benchmarks.field.structure import DISTANCES_M, MEASURED, variance_fractions

    fraction = np.mean([variance_fractions(each) for each in robot], axis=0)
    columns = [np.mean(robot, axis=0), np.mean(person, axis=0)]
    columns += list(np.nanpercentile(np.array(recorded), [10, 50, 90], axis=0)) if recorded else []
    heads = ["distance, m", "robot, of all", "reported", "robot, µT²", "person, µT²"]
    heads += ["recorded p10", "median", "p90"] if recorded else []
    lines = []
    for number, distance_m in enumerate(DISTANCES_M.tolist()):
        reported = [
            f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
            for near_m, far_m, low, high in MEASURED
            if near_m <= distance_m <= far_m
        ]
        values = [f"{column[number]:.1f}" for column in columns]
        lines.append([f"{distance_m:g}", f"{fraction[number]:.0%}", *(reported or [""]), *values])
    print_table(f"semivariance, mean of {len(robot)} simulated buildings", heads, lines, ())


def _print_speed(config: SimulationConfig) -> None:
    """Print the time of a drive, and of the field at its height, which is computed before it."""
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.drive import drive

    building = make_building(0, config.building)
    started_s = time.perf_counter()
    drive(building, config.drive, 0, length_m=20.0)
    field_s = time.perf_counter() - started_s
    started_s = time.perf_counter()
    walk = drive(building, config.drive, 0, length_m=DRIVE_M)
    took_s = time.perf_counter() - started_s
    times = f"{walk.duration_s / took_s:,.0f} times real time"
    console.print(
        f"{config.drive.platform}: {walk.duration_s:.0f} s of a drive in {took_s:.3f} s, {times}; "
        f"before it, once, the field of a floor at its height in {field_s:.1f} s"
    )
