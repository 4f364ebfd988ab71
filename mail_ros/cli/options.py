"""The options that several verbs have: the same word means the same, with the same help, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console


def among(*words: str) -> Callable[[str], list[str]]:
    """What a shell completes: those words that begin with what was typed."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def _for_programs(chosen: bool) -> bool:
    """With --json, the console says nothing: see `console.print_json`."""
    console.quiet = chosen
    return chosen


AsJson = Annotated[
    bool, typer.Option("--json", callback=_for_programs, help="Print the result as JSON, and nothing else.")
]
Namespace = Annotated[str, typer.Option(help="Namespace of the nodes; it stands before all names of theirs.")]
RobotFile = Annotated[
    Path | None,
    typer.Option("--robot", help="Robot file of `mail_ros calibrate`: of the robot that carried the sensor."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Set kind, axes, or SECTION.NAME of sections sampling, mail, matching, augment, training, field_map.",
    ),
]
SimulationSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set SECTION.NAME=VALUE of sections building and drive, as drive.stops=2."),
]
SiteOption = Annotated[
    Path | None,
    typer.Option(help="The building's file, as `mail_ros site init` writes it: name, frame, origin, floors, plans."),
]
Topic = Annotated[str, typer.Option(help="Topic of the field in the bags.")]
Tracker = Annotated[
    str,
    typer.Option(
        help="none: each window by itself; walking, odometry: a belief over the map is carried on.",
        autocompletion=among("none", "walking", "odometry"),
    ),
]
Truth = Annotated[
    str,
    typer.Option(
        help="Topic that says where the walk was: points, marks of a planned route, poses, odometry or TF. "
        "Default: the first of /landmark, /mark, /clicked_point, /reference_pose that a bag has."
    ),
]
