"""Options of several verbs: one name has one meaning and one help text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console
from mail_ros.core.errors import ConfigError


def among(*words: str) -> Callable[[str], list[str]]:
    """Completion of a fixed set of words."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def retire(app: typer.Typer, verb: str, *, found: str, fix: str) -> None:
    """Add a hidden verb that, whatever its arguments, raises a ConfigError with its replacement."""

    def refuse(context: typer.Context) -> None:
        raise ConfigError(context.command_path, wanted="a verb of the installed package", found=found, fix=fix)

    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(verb, hidden=True, add_help_option=False, context_settings=settings)(refuse)


def _for_programs(chosen: bool) -> bool:
    """Silence the console with --json: see `console.print_json`."""
    console.quiet = chosen
    return chosen


AsJson = Annotated[
    bool, typer.Option("--json", callback=_for_programs, help="Print the result as JSON, and nothing else.")
]
Namespace = Annotated[str, typer.Option(help="Namespace of the robot: of its nodes, and of its topics.")]
Odom = Annotated[
    str, typer.Option(help="Topic of wheel odometry in the bags. Default: odom, in the namespace of the field.")
]
Imu = Annotated[
    str, typer.Option(help="Topic of attitude and steps in the bags. Default: imu/data, in the namespace of the field.")
]
Joints = Annotated[
    str, typer.Option(help="Topic of joint states in the bags. Default: joint_states, in the namespace of the field.")
]
RobotFile = Annotated[
    Path | None, typer.Option("--robot", help="Robot file of `mail_ros calibrate`, for the robot of the bags.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Set kind, axes, or SECTION.NAME of sections sampling, mail, matching, augment, training."
    ),
]
SimulationSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set SECTION.NAME=VALUE of sections building and drive, as drive.stops=2."),
]
SiteOption = Annotated[
    Path | None, typer.Option(help="Site file of `mail_ros site init`: name, frame, origin, floors, plans.")
]
Topic = Annotated[str, typer.Option(help="Topic of the field in the bags.")]
Tracker = Annotated[
    str,
    typer.Option(
        help="auto: the tracker of the model card; none: each window by itself; walking, odometry: a belief over the "
        "map, moved by that.",
        autocompletion=among("auto", "none", "walking", "odometry"),
    ),
]
Truth = Annotated[
    str,
    typer.Option(
        help="Topic of reference positions: points, marks of a planned route, poses, odometry or TF. "
        "Default: the first of /landmark, /mark, /clicked_point, /reference_pose that a bag has."
    ),
]
