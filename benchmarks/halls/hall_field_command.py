"""`python -m benchmarks hall-field`: the field of simulated halls beside that of a lobby and of a room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mail_ros.cli.console import print_json, print_table
from mail_ros.cli.options import AsJson
from mail_ros.cli.train import expand

if TYPE_CHECKING:  # these bring numpy along
    from mail_ros.data.track import Track

COLUMNS = ("deviation x", "y", "z", "in regions, horizontal", "vertical", "correlation length, m")


def hall_field(
    bags: Annotated[list[Path] | None, typer.Argument(help="Bags of a lobby's survey, by a phone.")] = None,
    room: Annotated[Path | None, typer.Option(help="Folder of the room's runs 1 to 4, as N-loc.csv.")] = None,
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 5,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first building.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Compare the deviation and the correlation length of the field, as the field map's fit estimates them.

    Example, some minutes: `python -m benchmarks hall-field bags/survey_* --room aalto`
    """
    import dataclasses

    from benchmarks.area.room import read_run
    from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
    from mail_ros.training.survey_bags import labelled_track

    rows: dict[str, Any] = {}
    if bags:
        rows["lobby, phone"] = _statistics([labelled_track(bag) for bag in expand(bags)])
    for name, config in (("person", PERSON), ("robot", DriveConfig())):
        if name == "robot" and room:
            rows["room, robot"] = _statistics([read_run(room, number, 0) for number in (1, 2, 3)])
        own = dataclasses.replace(config, offset_ut=0.0)  # both real sensors are calibrated
        each = [_statistics(_lanes(seed, own)) for seed in range(first, first + buildings)]
        rows[f"{buildings} halls, {name}"] = [sum(column) / buildings for column in zip(*each, strict=True)]
    lines = [[name, *(f"{value:.1f}" for value in values)] for name, values in rows.items()]
    print_table("the field in µT", ["", *COLUMNS], lines, (0,))
    if as_json:
        print_json({name: dict(zip(COLUMNS, values, strict=True)) for name, values in rows.items()})


def _lanes(seed: int, config: Any) -> list[Track]:
    from benchmarks.halls.hall_runs import HALL
    from mail_ros.data.simulator.building import make_building
    from mail_ros.data.simulator.drive import survey

    return [walk.true_track("lanes") for walk in survey(make_building(seed, HALL), 1, seed, config, lanes_m=1.0)]


def _statistics(tracks: Sequence[Track]) -> list[float]:
    """Values of `COLUMNS`."""
    from mail_ros.training.field_map.fit import fit_field_map
    from mail_ros.training.field_map.survey_walks import survey_walks
    from mail_ros.training.run_config import run_config

    rows = survey_walks(tracks).rows
    odometry = tracks[0].odometry
    assert odometry is not None
    found = fit_field_map(run_config([], "area").model, rows, odometry).record["field"]
    return [
        *rows.field_ut.std(axis=0).tolist(),
        *(found[name] for name in ("horizontal_ut", "vertical_ut", "length_m")),
    ]
