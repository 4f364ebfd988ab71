"""`mail_ros evaluate`: a model over whole walks, through the same `push` as on the robot."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, cast

import typer

from mail_ros.cli.console import console, print_json, print_metrics, progress
from mail_ros.cli.options import AsJson, RobotFile, Topic, Tracker, Truth
from mail_ros.core.config import STRIDE_S, TrackerChoice, check_choice
from mail_ros.core.errors import TrackError


def evaluate(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    bags: Annotated[list[Path], typer.Argument(help="Bags that say where they were.")],
    stride_s: Annotated[float, typer.Option(help="Time between two estimates.")] = STRIDE_S,
    tracker: Tracker = "none",
    from_s: Annotated[float, typer.Option(help="Estimates count from so many seconds after the first landmark.")] = 0.0,
    estimates: Annotated[
        Path | None, typer.Option(help="Write every estimate and its reference to this CSV file.")
    ] = None,
    as_json: AsJson = False,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
) -> None:
    """Print the errors of a model over whole walks, moving and paused apart, and what its doubt is worth.

    Each walk starts at its first landmark, with an empty window.

    Example: `mail_ros evaluate models/site.safetensors bags/tuesday_* --estimates estimates.csv`
    """
    from mail_ros.core.localizer.compose import compose
    from mail_ros.core.models.model_file import load_model
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.bag import read_track
    from mail_ros.evaluation.estimates import Scored, follow, table, write_csv
    from mail_ros.evaluation.uncertainty import doubt, doubt_words

    network = load_model(model).model
    check_choice("--tracker", tracker, TrackerChoice)
    localizer = compose(network, cast(TrackerChoice, tracker), stride_s)
    carrier = None if robot is None else read_robot(robot)
    scored: list[Scored] = []
    with progress("evaluating") as bar:
        for bag in bar.track(bags, description=""):
            track = read_track(bag, topic, truth, carrier)
            counts_ns = int(track.labelled_span().stamp_ns[0]) + round(from_s * 1e9) if track.valid.any() else 0
            scored += [one for one in follow(localizer, track) if one.estimate.stamp_ns >= counts_ns]
    if not scored:
        sampling = network.config.sampling
        raise TrackError(
            ", ".join(bag.name for bag in bags),
            wanted=f"a labelled walk longer than the window of {sampling.length:g} {sampling.unit}",
            found="none",
            fix="give bags that say where they were, or name the topic that says it with --truth",
        )
    rows = table(scored)
    if estimates is not None:
        write_csv(estimates, scored)
    moving = doubt([one for one in scored if not one.paused] or scored)
    print_metrics(f"{model.name} over {len(bags)} walks", rows)
    console.print(f"moving, {doubt_words(moving)}")
    if estimates is not None:
        console.print(f"estimates: {estimates}")
    if as_json:
        print_json(
            {name: dataclasses.asdict(row) for name, row in rows.items()} | {"doubt": dataclasses.asdict(moving)}
        )
